"""What a program runs under ``torch.utils.checkpoint`` runs again in backward, and keeps what PyTorch keeps."""

from collections.abc import Callable
from functools import partial
from typing import Any

import pytest

torch = pytest.importorskip("torch")

from torch import nn  # noqa: E402
from torch.autograd import Function  # noqa: E402
from torch.nn import functional as F  # noqa: E402, N812
from torch.utils import checkpoint as library  # noqa: E402
from torch.utils.checkpoint import (  # noqa: E402
    CheckpointPolicy,
    checkpoint,
    checkpoint_sequential,
    create_selective_checkpoint_contexts,
)

from netweight import weigh  # noqa: E402
from netweight.ir.serial import graph_from_json, graph_to_json  # noqa: E402
from netweight.ops import REGISTRY  # noqa: E402
from netweight.sources.torch.module import capture_module  # noqa: E402
from sources.torch.real_step import check_step  # noqa: E402


class Block(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.up, self.down = nn.Linear(8, 16), nn.Linear(16, 8)

    def forward(self, x: Any, scale: Any = 1.0) -> Any:
        return x + scale * self.down(torch.tanh(self.up(x)))


class Net(nn.Module):
    def __init__(self, step: Callable[[Any, Any], Any]) -> None:
        super().__init__()
        self.stem, self.last = nn.Linear(6, 8), nn.Linear(8, 4)
        self.blocks = nn.Sequential(*(Block() for _ in range(4)))
        self.step = step

    def forward(self, x: Any) -> Any:
        return self.step(self, x)


def each(self: Any, x: Any, **how: Any) -> Any:
    x = self.stem(x)
    for block in self.blocks:
        x = checkpoint(block, x, **how)
    return self.last(x)


def in_two(self: Any, x: Any, **how: Any) -> Any:
    return self.last(checkpoint_sequential(self.blocks, 2, self.stem(x), **how))


def one_in_another(self: Any, x: Any, **how: Any) -> Any:
    def inner(x: Any) -> Any:
        return torch.tanh(checkpoint(self.blocks[0], x, **how))

    def outer(x: Any) -> Any:
        return self.blocks[1](inner(inner(x)))

    return self.last(checkpoint(outer, self.stem(x), **how))


def another_at_the_end(self: Any, x: Any, **how: Any) -> Any:
    def outer(x: Any) -> Any:
        return checkpoint(self.blocks[0], self.blocks[1](x), **how)

    return self.last(checkpoint(outer, self.stem(x), **how))


def around_more(self: Any, x: Any, **how: Any) -> Any:
    """What comes last in it saves nothing, what comes before has nothing that is read."""

    def part(x: Any, y: Any) -> Any:
        h = F.relu(self.blocks[0].up(x))
        unused = self.blocks[1].up(x).sum()
        return self.blocks[0].down(h) + y + 0.0 * unused.detach()

    x = self.stem(x)
    return self.last(checkpoint(part, x, torch.tanh(x), **how))


def unread(self: Any, x: Any, **how: Any) -> Any:
    """An argument that nobody reads is kept all the same."""
    x = self.stem(x)
    return self.last(checkpoint(lambda x, _y: self.blocks[0](x), x, torch.sigmoid(x) * 2, **how))


def switched_off(self: Any, x: Any, **how: Any) -> Any:
    with torch.no_grad():
        x = checkpoint(self.blocks[0], self.stem(x), **how)
    return self.last(self.blocks[1](x))


STEPS = [each, in_two, one_in_another, another_at_the_end, around_more, unread, switched_off]
FORMS = {
    "until the last": {"use_reentrant": False},
    "whole": {"use_reentrant": True},
    "without random numbers": {"use_reentrant": False, "preserve_rng_state": False},
}


@pytest.mark.filterwarnings("ignore:None of the inputs have requires_grad")
@pytest.mark.parametrize("how", FORMS)
@pytest.mark.parametrize("step", STEPS, ids=lambda step: step.__name__)
def test_the_step_is_pytorchs(step: Any, how: str) -> None:
    torch.manual_seed(0)
    check_step(Net(partial(step, **FORMS[how])), torch.randn(5, 6), saved=step is not unread)


def test_work_and_memory_by_hand() -> None:
    """Four blocks 8 to 16 to 8, batch 5: what runs again is all but the last product of each, 5 * 8 * 16."""
    profile = weigh(Net(partial(each, use_reentrant=False)), (5, 6), training=True)
    product = 5 * 8 * 16
    assert profile.training.backward_macs == 4 * 4 * product + 4 * product + 5 * 6 * 8 + 2 * 5 * 8 * 4
    assert profile.training.recomputed_macs == 0
    # The input of the stem and of the last layer, and of each block.
    assert profile.training.saved_activation_bytes == 4 * 5 * (6 + 8 + 3 * 8 + 8)


def test_all_of_it_runs_again_when_the_program_says_so() -> None:
    with library.set_checkpoint_early_stop(False):
        late = weigh(Net(partial(each, use_reentrant=False)), (5, 6), training=True).training.backward_macs
        check_step(Net(partial(each, use_reentrant=False)), torch.randn(5, 6))
    early = weigh(Net(partial(each, use_reentrant=False)), (5, 6), training=True).training.backward_macs
    assert late - early == 4 * 5 * 8 * 16


def test_a_checkpoint_in_a_checkpointed_module() -> None:
    """Who weighs it adds one around the program's own: three blocks run again with it, the last keeps its input."""
    net = Net(partial(each, use_reentrant=False))
    own = weigh(net, (5, 6), training=True).training
    both = weigh(net, (5, 6), training=True, checkpoint=["blocks"]).training
    assert both.backward_macs == own.backward_macs
    assert both.recomputed_macs == 3 * 2 * 5 * 8 * 16


def test_nothing_that_asks_for_a_gradient_goes_in() -> None:
    """PyTorch then gives none, whatever is inside."""
    module = Net(lambda self, x: self.last(checkpoint(self.stem, x, use_reentrant=True)))
    with pytest.warns(UserWarning, match="None of the inputs have requires_grad"):
        capture = check_step(module, torch.randn(5, 6))
    assert any("no input that asks for a gradient" in note for note in capture.notes)
    check_step(Net(lambda self, x: self.last(checkpoint(self.stem, x, use_reentrant=False))), torch.randn(5, 6))


class Square(Function):
    @staticmethod
    def forward(ctx: Any, x: Any) -> Any:
        ctx.save_for_backward(x)
        return x * x

    @staticmethod
    def backward(ctx: Any, grad: Any) -> Any:
        (x,) = ctx.saved_tensors
        return 2 * x * grad


@pytest.mark.parametrize("how", FORMS)
def test_a_function_of_the_program_in_it(how: str) -> None:
    def step(self: Any, x: Any) -> Any:
        def part(x: Any) -> Any:
            return self.blocks[1].up(Square.apply(self.blocks[0](x)))

        return checkpoint(part, self.stem(x), **FORMS[how])

    check_step(Net(step), torch.randn(5, 6))


def selective(keep: Any, x: Any, *, self: Any) -> Any:
    contexts = partial(create_selective_checkpoint_contexts, keep)
    x = self.stem(x)
    for block in self.blocks:
        x = checkpoint(block, x, use_reentrant=False, context_fn=contexts)
    return self.last(x)


def _products(_context: Any, op: Any, *_args: Any, **_kwargs: Any) -> Any:
    kept = op in (torch.ops.aten.addmm.default, torch.ops.aten.mm.default)
    return CheckpointPolicy.MUST_SAVE if kept else CheckpointPolicy.PREFER_RECOMPUTE


def test_a_policy_says_what_does_not_run_again() -> None:
    """Both products of a block are kept, so that only tanh runs again: 5 * 16 and 5 * 8 numbers a block."""
    module = Net(lambda self, x: selective(_products, x, self=self))
    check_step(module, torch.randn(5, 6), saved=False)
    plain = weigh(Net(partial(each, use_reentrant=False)), (5, 6), training=True).training
    kept = weigh(module, (5, 6), training=True).training
    assert plain.backward_macs - kept.backward_macs == 4 * 5 * 8 * 16
    assert kept.saved_activation_bytes - plain.saved_activation_bytes == 4 * 4 * 5 * (16 + 8)


def test_contexts_of_another_kind_are_said() -> None:
    from contextlib import nullcontext

    def step(self: Any, x: Any) -> Any:
        return checkpoint(self.stem, x, use_reentrant=False, context_fn=lambda: (nullcontext(), nullcontext()))

    assert any("contexts of a checkpoint" in note for note in weigh(Net(step), (5, 6)).notes)


def test_a_stored_graph_has_the_same_parts() -> None:
    graph = capture_module(Net(partial(one_in_another, use_reentrant=True)), torch.randn(5, 6)).graph
    kinds = {op: definition.attrs for op, definition in REGISTRY.items()}
    assert len(graph.checkpoints) == 3
    assert graph_from_json(graph_to_json(graph), kinds) == graph


def test_pytorchs_own_way_is_back_afterwards() -> None:
    before = library._checkpoint_without_reentrant_generator

    def fails(self: Any, x: Any) -> Any:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        weigh(Net(partial(checkpoint, fails, use_reentrant=False)), (5, 6))
    assert library._checkpoint_without_reentrant_generator is before
