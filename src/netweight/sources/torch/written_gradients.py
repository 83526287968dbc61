"""Recording of a backward that a program wrote: what it does is taken out of the network, into a list of its own."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Self

import torch
from torch import Tensor
from torch.autograd.function import _SingleLevelFunction

from netweight.errors import text_of
from netweight.sources.recording import Step
from netweight.sources.torch.rebinding import bind_gradient, take_from
from netweight.sources.torch.recorder import Recorder
from netweight.sources.torch.site import Site
from netweight.sources.torch.unintercepted import UNSEEN
from netweight.sources.torch.wanting_autograd import comes_from_autograd, stop
from netweight.sources.torch.written_function import WrittenFunction

_APPLY: Any = _SingleLevelFunction.__mro__[1].__dict__["apply"]


def applied_by_pytorch(function: Any, args: Sequence[Any]) -> Any:
    """What PyTorch itself makes of ``function.apply``."""
    return _APPLY.__get__(None, function)(*args)


@dataclass(frozen=True, slots=True, kw_only=True)
class FunctionCall:
    """A call of a function of the program, whose forward is done.

    Attributes:
        function: The class of the program.
        inputs: Value of each argument; None for one that is no tensor of the network.
        outputs: What the program got.
        names: Value of each of these that has a gradient; None for others.
        saved: Values that are kept for backward.
        materialized: Whether gradients that do not arrive are zeros.
    """

    function: Any
    inputs: Sequence[str | None]
    outputs: Sequence[Any]
    names: Sequence[str | None]
    saved: Sequence[str]
    materialized: bool


def record_backward(rec: Recorder, call: FunctionCall, context: Callable[[Backward], Any]) -> None:
    """Run the backward of a function once, with what ``context`` gives it as ``ctx``, and keep what it does apart."""
    recording, function = rec.recording, call.function
    inputs = list(call.inputs)
    with Backward(rec) as backward:
        with UNSEEN():
            pairs = zip(call.outputs, call.names, strict=True)
            arriving = [backward.gradient(leaf, name, materialized=call.materialized) for leaf, name in pairs]
            later = context(backward)
        with torch.no_grad():
            found = (function.backward if function.vjp is _SingleLevelFunction.vjp else function.vjp)(later, *arriving)
        with UNSEEN():
            inputs = backward.finish(inputs, list(found) if isinstance(found, tuple | list) else [found])
    recording.functions.append(
        WrittenFunction(
            name=function.__name__,
            inputs=tuple(inputs),
            outputs=tuple(name for name in call.names if name is not None),
            saved=tuple(dict.fromkeys(call.saved)),
            arriving=tuple(backward.arriving),
            gradients=backward.gradients,
            steps=backward.steps,
            released=backward.released,
        )
    )
    if backward.error is not None:
        error = f"{type(backward.error).__name__}: {text_of(backward.error)}"
        recording.note(f"the backward of {function.__name__} is not followed, its work is unknown: {error}", guess=True)


@dataclass(slots=True, eq=False)
class Backward:
    """A block whose operators are taken out of the recording when it ends.

    Attributes:
        rec: What records.
        arriving: Names of the gradients of the outputs.
        gradients: Names of those of the inputs.
        steps: What the block recorded; None if it failed.
        released: See ``WrittenFunction``.
        error: Why it failed.
    """

    rec: Recorder
    arriving: list[str] = field(default_factory=list)
    gradients: tuple[str | None, ...] = ()
    steps: tuple[Step[Site], ...] | None = None
    released: dict[str, int] = field(default_factory=dict)
    error: Exception | None = None
    _start: int = 0
    _before: dict[str, int] = field(default_factory=dict)
    _seen: dict[int, tuple[Tensor, Tensor]] = field(default_factory=dict)
    _parameters: list[tuple[str, Tensor]] = field(default_factory=list)
    _gradients: list[Tensor | None] = field(default_factory=list)

    def __enter__(self) -> Self:
        self._start = len(self.rec.recording.nodes)
        self._before = dict(self.rec.recording.released)
        if self.rec.under_autograd:
            with UNSEEN():
                self._parameters = [pair for pair in self.rec.recording.parameters() if pair[1].is_meta]
                self._gradients = [tensor.grad for _, tensor in self._parameters]
                self._put_back([None] * len(self._parameters))
        return self

    def _put_back(self, gradients: Sequence[Tensor | None]) -> None:
        with UNSEEN():
            for (_, tensor), grad in zip(self._parameters, gradients, strict=True):
                tensor.grad = grad

    def __exit__(self, _kind: object, error: BaseException | None, _trace: object) -> bool:
        recording = self.rec.recording
        self._put_back(self._gradients)
        if isinstance(error, Exception) and not self.rec.under_autograd and comes_from_autograd(error):
            stop(self.rec)
        taken = take_from(recording, self._start)
        released, recording.released = recording.released, self._before
        made = {name for step in taken for name in step.outputs}.union(self.arriving)
        self.released = {name: at - self._start for name, at in released.items() if name in made}
        if error is None:
            self.steps = tuple(taken)
        elif isinstance(error, Exception):
            self.error = error
        return self.steps is None and isinstance(error, Exception)

    def gradient(self, output: Any, name: str | None, *, materialized: bool) -> Tensor | None:
        """What arrives as the gradient of an output: zeros, or nothing, for one that has none."""
        if not isinstance(output, Tensor):
            return None
        if name is None:
            return torch.zeros(output.shape, dtype=output.dtype) if materialized else None
        tensor = self.rec.native(torch.empty_strided, output.shape, output.stride(), dtype=output.dtype, device="meta")
        self.arriving.append(bind_gradient(self.rec.recording, tensor))
        return tensor

    def seen(self, tensor: Tensor) -> Tensor:
        """A tensor with the same value: what is written to it reaches nobody else."""
        if not tensor.is_meta:
            return tensor
        found = self._seen.get(id(tensor))
        if found is None:
            fresh = self.rec.native(torch.ops.aten.alias, tensor)
            self.rec.recording.bind(fresh, self.rec.recording.value_of(tensor), ())
            found = self._seen[id(tensor)] = tensor, fresh
        return found[1]

    def finish(self, inputs: Sequence[str | None], gradients: Sequence[Any]) -> list[str | None]:
        """What gets gradients, once it is known what the block computed: inputs, and parameters that it added to."""
        padded = [*gradients, *[None] * len(inputs)][: len(inputs)]
        added = [(name, parameter.grad) for name, parameter in self._parameters if parameter.grad is not None]
        pairs = [*zip(inputs, padded, strict=True), *added]
        self.gradients = tuple(
            self.rec.recording.value_of(grad) if name is not None and isinstance(grad, Tensor) else None
            for name, grad in pairs
        )
        return [name for name, _ in pairs]
