"""Functions whose backward computes the forward again, by autograd: reversible layers, checkpoints written by hand."""

from collections.abc import Callable
from typing import Any

import pytest

torch = pytest.importorskip("torch")

from torch import nn  # noqa: E402
from torch.autograd import Function  # noqa: E402

from netweight.analysis.training import training_cost  # noqa: E402
from netweight.sources.torch.module import capture_module  # noqa: E402
from sources.torch.real_step import backward_macs, saved_bytes  # noqa: E402


class Reversible(Function):
    """Keeps its results, and computes its inputs from them (Gomez, Ren, Urtasun & Grosse 2017, Algorithm 1)."""

    @staticmethod
    def forward(ctx: Any, x: Any, f: Any, g: Any) -> Any:
        ctx.f, ctx.g = f, g
        x1, x2 = x.chunk(2, -1)
        y1 = x1 + f(x2)
        y2 = x2 + g(y1)
        y = torch.cat([y1, y2], -1)
        ctx.save_for_backward(y.detach())
        return y

    @staticmethod
    def backward(ctx: Any, grad: Any) -> Any:
        (y,) = ctx.saved_tensors
        y1, y2 = y.chunk(2, -1)
        d1, d2 = grad.chunk(2, -1)
        with torch.enable_grad():
            y1 = y1.detach().requires_grad_()
            made = ctx.g(y1)
            torch.autograd.backward(made, d2)
        with torch.no_grad():
            x2 = y2 - made
            d1 = d1 + y1.grad
        with torch.enable_grad():
            x2 = x2.detach().requires_grad_()
            made = ctx.f(x2)
            torch.autograd.backward(made, d1)
        return torch.cat([d1, d2 + x2.grad], -1), None, None


class Again(Function):
    """A checkpoint as diffusion models have it: parameters are arguments, gradients come from ``autograd.grad``."""

    @staticmethod
    def forward(ctx: Any, run: Any, count: int, *args: Any) -> Any:
        ctx.run, ctx.inputs, ctx.parameters = run, list(args[:count]), list(args[count:])
        with torch.no_grad():
            return ctx.run(*ctx.inputs)

    @staticmethod
    def backward(ctx: Any, grad: Any) -> Any:
        ctx.inputs = [x.detach().requires_grad_(True) for x in ctx.inputs]
        with torch.enable_grad():
            result = ctx.run(*[x.view_as(x) for x in ctx.inputs])
        grads = torch.autograd.grad(result, ctx.inputs + ctx.parameters, grad, allow_unused=True)
        return (None, None, *grads)


class Net(nn.Module):
    def __init__(self, step: Callable[[Any, Any], Any]) -> None:
        super().__init__()
        self.stem, self.last = nn.Linear(6, 16), nn.Linear(16, 4)
        self.parts = nn.ModuleList(nn.Sequential(nn.Linear(8, 8), nn.Tanh(), nn.Linear(8, 8)) for _ in range(4))
        self.whole = nn.Sequential(nn.Linear(16, 16), nn.Tanh())
        self.step = step

    def forward(self, x: Any) -> Any:
        return self.step(self, x)


def reversible(self: Any, x: Any) -> Any:
    x = self.stem(x)
    x = Reversible.apply(x, self.parts[0], self.parts[1])
    x = Reversible.apply(x, self.parts[2], self.parts[3])
    return self.last(x)


def again(self: Any, x: Any) -> Any:
    x = self.stem(x)
    return self.last(Again.apply(self.whole, 1, x, *self.whole.parameters()))


def trained(module: nn.Module, x: Any) -> int:
    module(x).sum().backward()
    return sum(p.numel() for p in module.parameters() if p.grad is not None)


@pytest.mark.parametrize("step", [reversible, again], ids=lambda step: step.__name__)
def test_work_is_that_of_the_real_step(step: Any) -> None:
    module, x = Net(step), torch.randn(5, 6)
    capture = capture_module(module, x)
    cost = training_cost(capture.graph)
    assert capture.exact, capture.notes
    assert cost.backward_macs == backward_macs(module, x)
    assert cost.trained_params == trained(module, x)


def test_reversible_layers_keep_their_results_alone() -> None:
    """The input, and what each layer gives, which its successor reads: 5 * (6 + 16 + 16) numbers."""
    module, x = Net(reversible), torch.randn(5, 6)
    cost = training_cost(capture_module(module, x).graph)
    assert cost.saved_activation_bytes == saved_bytes(module, x) == 4 * 5 * (6 + 16 + 16)


def test_what_is_computed_again_by_hand() -> None:
    """Each part forward again, and the gradients of its weights and inputs: 3 * 2 * 5 * 8 * 8 for each of four."""
    cost = training_cost(capture_module(Net(reversible), torch.randn(5, 6)).graph)
    assert cost.backward_macs == 4 * 3 * 2 * 5 * 8 * 8 + 2 * 5 * 16 * 4 + 5 * 6 * 16


def test_nothing_of_the_users_has_a_gradient_afterwards() -> None:
    module = Net(reversible)
    capture_module(module, torch.randn(5, 6))
    assert all(parameter.grad is None for parameter in module.parameters())
