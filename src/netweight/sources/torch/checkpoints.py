"""Parts of a program under ``torch.utils.checkpoint``: they run once here, and twice in a step of training."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, nullcontext
from typing import Any

import torch
from torch import Tensor
from torch.utils import checkpoint as library
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves

from netweight.sources.torch.asking import asks
from netweight.sources.torch.by_thread import ByThread
from netweight.sources.torch.recorded_checkpoint import RecordedCheckpoint
from netweight.sources.torch.recorder import Recorder
from netweight.sources.torch.unintercepted import UNSEEN

_GENERATOR = "_checkpoint_without_reentrant_generator"
_OWN_GENERATOR = getattr(library, _GENERATOR)
_SAYS_WHEN = "early_stop" in inspect.signature(_OWN_GENERATOR).parameters
CHECKPOINT = ByThread(
    lambda generator: setattr(library, _GENERATOR, generator),
    lambda: setattr(library, _GENERATOR, _OWN_GENERATOR),
    _OWN_GENERATOR,
)
"""How a part runs that is computed again for its backward."""
_PARTS = {
    "linear": ("addmm", "mm"), "matmul": ("mm", "bmm"), "einsum": ("bmm",), "conv1d": ("convolution",),
    "conv2d": ("convolution",), "conv3d": ("convolution",), "layer_norm": ("native_layer_norm",),
    "scaled_dot_product_attention": (
        "_scaled_dot_product_flash_attention_for_cpu", "_scaled_dot_product_flash_attention",
        "_scaled_dot_product_efficient_attention", "_scaled_dot_product_cudnn_attention",
    ),
}  # fmt: skip
"""What PyTorch makes of operators that arrive whole, and asks a policy about."""


_AGAIN = "training leaves out what passes through the values that a checkpoint makes again inside the forward"


class Policy(TorchDispatchMode):
    """The mode in which a policy says of each operator whether its results are kept."""

    def __init__(self, rec: Recorder, decide: Callable[..., Any]) -> None:
        super().__init__()
        self._rec = rec
        self._decide = decide
        self.stored: list[str] = []

    @classmethod
    def _should_skip_dynamo(cls) -> bool:
        return False

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        result = func(*args, **(kwargs or {}))
        context = library.SelectiveCheckpointContext(is_recompute=False)
        if any(_keeps(self._decide(context, one, *args, **(kwargs or {}))) for one in _asked_about(func)):
            with UNSEEN():
                leaves = [
                    leaf for leaf in tree_leaves(result) if isinstance(leaf, Tensor) and self._rec.is_symbolic(leaf)
                ]
                self.stored += [self._rec.recording.value_of(leaf) for leaf in leaves]
        return result


def _keeps(decision: Any) -> bool:
    policy = library.CheckpointPolicy
    return decision is True or decision in (policy.MUST_SAVE, policy.PREFER_SAVE)


def _asked_about(func: Any) -> list[Any]:
    """Operators that a policy is asked about where PyTorch really runs."""
    parts = _PARTS.get(func._schema.name.removeprefix("aten::"), ())
    packets = (getattr(torch.ops.aten, name, None) for name in parts)
    return [packet.default for packet in packets if packet is not None] or [func]


@contextmanager
def checkpoints_followed(rec: Recorder) -> Iterator[None]:
    """A block in which checkpointed parts of the program are known as such, on this thread."""

    def generator(
        function: Any, preserve: Any, context_fn: Any, check: Any, debug: Any, *args: Any, **kwargs: Any
    ) -> Any:
        early, given = (args[0], args[1:]) if _SAYS_WHEN else (True, args)
        said = library._enable_checkpoint_early_stop
        if not torch.is_grad_enabled():
            yield
            return
        policy = _policy(rec, context_fn)
        with _part(rec, given, policy, whole=not (early if said is None else said)):
            if rec.under_autograd:  # a gradient that the program itself asks for runs the part again
                rec.recording.note(_AGAIN, guess=True)
                yield from _OWN_GENERATOR(function, preserve, context_fn, check, debug, *args, **kwargs)
            else:
                yield

    with CHECKPOINT.replaced(generator):
        yield


def reentrant(rec: Recorder, _function: Any, args: Sequence[Any]) -> Any:
    """What ``checkpoint(run, *given, use_reentrant=True)`` gives: no gradient if nothing that is given asks for one."""
    run, _preserve, *given = args
    with UNSEEN():
        asked = torch.is_grad_enabled() and any(isinstance(arg, Tensor) and asks(rec, arg) for arg in given)
    if not asked:
        if torch.is_grad_enabled():
            rec.recording.note(
                "a checkpoint with use_reentrant=True gets no input that asks for a gradient: none passes"
            )
        with torch.no_grad():
            return run(*given)
    with _part(rec, given, None, whole=True):
        return run(*given)


@contextmanager
def _part(rec: Recorder, given: Sequence[Any], policy: Policy | None, *, whole: bool) -> Iterator[None]:
    recording = rec.recording
    with UNSEEN():
        tensors = [arg for arg in given if isinstance(arg, Tensor) and rec.is_symbolic(arg)]
        keeps = tuple(dict.fromkeys(recording.value_of(tensor) for tensor in tensors))
    start = len(recording.nodes)
    with policy or nullcontext():
        yield
    values = tuple(name for step in recording.nodes[start:] for name in step.outputs)
    stored = () if policy is None else tuple(dict.fromkeys(name for name in policy.stored if name in values))
    recording.checkpoints.append(RecordedCheckpoint(values=values, keeps=keeps, stored=stored, whole=whole))


def _policy(rec: Recorder, context_fn: Any) -> Policy | None:
    """The policy of a selective checkpoint; a note if there are contexts that say something else."""
    if context_fn is library.noop_context_fn:
        return None
    caching, _ = context_fn()
    decide = getattr(caching, "policy_fn", None)
    if decide is None:
        rec.recording.note("what the contexts of a checkpoint keep is not known: all of it runs again", guess=True)
        return None
    return Policy(rec, decide)
