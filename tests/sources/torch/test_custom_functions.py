"""The backward of a program's own ``autograd.Function`` is the one that the program wrote: work, memory, gradients."""

# ruff: noqa: ARG004 - PyTorch calls these with all of their arguments

from collections.abc import Callable
from typing import Any

import pytest

torch = pytest.importorskip("torch")

from torch import nn  # noqa: E402
from torch.autograd import Function  # noqa: E402
from torch.autograd.function import _SingleLevelFunction, once_differentiable  # noqa: E402

from netweight import weigh  # noqa: E402
from netweight.ir.serial import graph_from_json, graph_to_json  # noqa: E402
from netweight.ops import REGISTRY  # noqa: E402
from netweight.sources.torch.module import capture_module  # noqa: E402
from sources.torch.real_step import check_step  # noqa: E402


class Swish(Function):
    """Keeps its input alone, as memory-saving activations do."""

    @staticmethod
    def forward(ctx: Any, x: Any) -> Any:
        ctx.save_for_backward(x)
        return x * torch.sigmoid(x)

    @staticmethod
    def backward(ctx: Any, grad: Any) -> Any:
        (x,) = ctx.saved_tensors
        s = torch.sigmoid(x)
        return grad * (s * (1 + x * (1 - s)))


class SwishInTwoParts(Function):
    @staticmethod
    def forward(x: Any, beta: float = 1.0) -> Any:
        return x * torch.sigmoid(beta * x)

    @staticmethod
    def setup_context(ctx: Any, inputs: Any, output: Any) -> None:
        x, ctx.beta = inputs
        ctx.save_for_backward(x, output)

    @staticmethod
    def backward(ctx: Any, grad: Any) -> Any:
        x, y = ctx.saved_tensors
        s = torch.sigmoid(ctx.beta * x)
        return grad * (s + ctx.beta * y * (1 - s)), None


class Sign(Function):
    """Straight through."""

    @staticmethod
    def forward(ctx: Any, x: Any) -> Any:
        return torch.sign(x)

    @staticmethod
    def backward(ctx: Any, grad: Any) -> Any:
        return grad


class Spike(Function):
    @staticmethod
    def forward(ctx: Any, v: Any) -> Any:
        ctx.save_for_backward(v)
        return (v > 0.2).float()

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, grad: Any) -> Any:
        (v,) = ctx.saved_tensors
        return grad / (1 + 10 * (v - 0.2).abs()) ** 2


class Reverse(Function):
    @staticmethod
    def forward(ctx: Any, x: Any, scale: float) -> Any:
        ctx.scale = scale
        return x.view_as(x)

    @staticmethod
    def backward(ctx: Any, grad: Any) -> Any:
        return -ctx.scale * grad, None


class Product(Function):
    """Computes what is needed, and nothing else."""

    @staticmethod
    def forward(ctx: Any, x: Any, weight: Any, bias: Any = None) -> Any:
        ctx.save_for_backward(x, weight, bias)
        y = x @ weight.t()
        return y if bias is None else y + bias

    @staticmethod
    def backward(ctx: Any, grad: Any) -> Any:
        x, weight, bias = ctx.saved_tensors
        grad_x = grad @ weight if ctx.needs_input_grad[0] else None
        grad_weight = grad.t() @ x if ctx.needs_input_grad[1] else None
        return grad_x, grad_weight, None if bias is None else grad.sum(0)


class Halves(Function):
    """Two results of which one has no gradient, and a third that is a number."""

    @staticmethod
    def forward(ctx: Any, x: Any) -> Any:
        largest, place = x.max(1)
        ctx.mark_non_differentiable(place)
        ctx.save_for_backward(place)
        ctx.shape = x.shape
        return largest, place, 3.0

    @staticmethod
    def backward(ctx: Any, grad: Any, nothing: Any, number: Any) -> Any:
        assert number is None
        assert nothing.shape == grad.shape
        (place,) = ctx.saved_tensors
        return torch.zeros(ctx.shape).scatter(1, place[:, None], grad[:, None])


class Relu(Function):
    """In place."""

    @staticmethod
    def forward(ctx: Any, x: Any) -> Any:
        ctx.mark_dirty(x)
        x.clamp_(min=0)
        ctx.save_for_backward(x)
        return x

    @staticmethod
    def backward(ctx: Any, grad: Any) -> Any:
        (y,) = ctx.saved_tensors
        return grad * (y > 0)


class Pair(Function):
    """Gradients that do not arrive are None."""

    @staticmethod
    def forward(ctx: Any, x: Any) -> Any:
        ctx.set_materialize_grads(False)
        return x * 2, x * 3

    @staticmethod
    def backward(ctx: Any, first: Any, second: Any) -> Any:
        grad = None if first is None else first * 2
        if second is None:
            return grad
        return second * 3 if grad is None else grad + second * 3


class Same(Function):
    @staticmethod
    def forward(ctx: Any, x: Any) -> Any:
        return x

    @staticmethod
    def backward(ctx: Any, grad: Any) -> Any:
        return grad.clamp(-1, 1)


class Overwriting(Function):
    """Its backward writes into what it saved."""

    @staticmethod
    def forward(ctx: Any, x: Any) -> Any:
        y = torch.tanh(x)
        ctx.save_for_backward(y)
        return y * 1.0

    @staticmethod
    def backward(ctx: Any, grad: Any) -> Any:
        (y,) = ctx.saved_tensors
        y.mul_(y).neg_().add_(1.0)
        return y.mul_(grad)


class Nested(Function):
    """The function inside has no backward of its own: it runs without gradients."""

    @staticmethod
    def forward(ctx: Any, x: Any) -> Any:
        ctx.save_for_backward(x)
        return Swish.apply(x) * 2

    @staticmethod
    def backward(ctx: Any, grad: Any) -> Any:
        (x,) = ctx.saved_tensors
        return grad * 2 * torch.sigmoid(x)


class ByVjp(Function):
    @staticmethod
    def forward(ctx: Any, x: Any) -> Any:
        return torch.sign(x)

    @staticmethod
    def vjp(ctx: Any, grad: Any) -> Any:
        return grad * 0.5


spike = Spike.apply
"""Bound when the program is read, long before a capture."""


class Net(nn.Module):
    def __init__(self, step: Callable[[Any, Any], Any]) -> None:
        super().__init__()
        self.first, self.last = nn.Linear(6, 8), nn.Linear(8, 4)
        self.step = step

    def forward(self, x: Any) -> Any:
        return self.step(self, x)


def between(function: Any, *rest: Any) -> Callable[[Any, Any], Any]:
    return lambda self, x: self.last(function(self.first(x), *rest))


def binary_weights(self: Any, x: Any) -> Any:
    h = nn.functional.linear(x, Sign.apply(self.first.weight))
    return nn.functional.linear(h, Sign.apply(self.last.weight))


def steps_of_spikes(self: Any, x: Any) -> Any:
    v, total = torch.zeros(x.shape[0], 8), 0
    for _ in range(3):
        v = 0.9 * v + self.first(x)
        s = spike(v)
        v = v - s.detach()
        total = total + self.last(s)
    return total


def both_heads(self: Any, x: Any) -> Any:
    h = torch.tanh(self.first(x))
    return self.last(h), self.last(Reverse.apply(h, 0.5))


def products(self: Any, x: Any) -> Any:
    h = Product.apply(x, self.first.weight, self.first.bias)
    return Product.apply(h, self.last.weight)


def frozen_product(self: Any, x: Any) -> Any:
    return Product.apply(self.first(x), self.last.weight.detach())


def one_of_two(self: Any, x: Any) -> Any:
    return self.last(Pair.apply(self.first(x))[1])


def largest(self: Any, x: Any) -> Any:
    found, place, number = Halves.apply(self.first(x))
    return self.last.weight[:, place] * found * number


def twice_the_same(self: Any, x: Any) -> Any:
    h = self.first(x)
    return self.last(Swish.apply(h) + h)


def without_gradients(self: Any, x: Any) -> Any:
    with torch.no_grad():
        h = Swish.apply(self.first(x))
    return self.last(h)


def in_place(self: Any, x: Any) -> Any:
    return self.last(Relu.apply(self.first(x)))


STEPS = {
    "keeps its input": between(Swish.apply),
    "in two parts": between(SwishInTwoParts.apply),
    "in two parts, with a number": between(SwishInTwoParts.apply, 2.0),
    "straight through": between(Sign.apply),
    "weights straight through": binary_weights,
    "spikes": steps_of_spikes,
    "reversed": both_heads,
    "what is needed": products,
    "what is needed of frozen ones": frozen_product,
    "one gradient of two": one_of_two,
    "no gradient for places": largest,
    "read by others too": twice_the_same,
    "without gradients": without_gradients,
    "in place": in_place,
    "gives its argument": between(Same.apply),
    "writes what it saved": between(Overwriting.apply),
    "one in the other": between(Nested.apply),
    "by vjp": between(ByVjp.apply),
}


@pytest.mark.parametrize("name", STEPS)
def test_the_step_is_pytorchs(name: str) -> None:
    torch.manual_seed(0)
    check_step(Net(STEPS[name]), torch.randn(5, 6))


def test_the_first_layer_may_be_a_function() -> None:
    """Nothing before it asks for a gradient, so PyTorch runs no backward of it."""
    check_step(Net(lambda self, x: self.last(self.first(Swish.apply(x)))), torch.randn(5, 6))
    check_step(Net(lambda self, x: self.last(self.first(Swish.apply(x)))), torch.randn(5, 6, requires_grad=True))


def test_work_of_the_backward() -> None:
    """Backward of the swish, by hand: sigmoid 40 elements, 5 products, sums and differences each."""
    plain = weigh(Net(between(lambda x: x)), (5, 6), training=True).training
    swish = weigh(Net(between(Swish.apply)), (5, 6), training=True).training
    own = swish.backward_flops - plain.backward_flops
    sigmoid = REGISTRY["sigmoid"].cost(None, capture_module(Net(between(Sign.apply)), (5, 6)).graph.spec("first"))
    assert own == sigmoid.arithmetic + 5 * 40


def test_tensors_on_the_context_are_kept() -> None:
    class Attribute(Function):
        @staticmethod
        def forward(ctx: Any, x: Any) -> Any:
            ctx.mask, ctx.more = x > 0, [torch.exp(x)]
            return x * ctx.mask

        @staticmethod
        def backward(ctx: Any, grad: Any) -> Any:
            return grad * ctx.mask * ctx.more[0]

    module = Net(between(Attribute.apply))
    check_step(module, torch.randn(5, 6), saved=False)
    # The input, 5 * 6 * 4; what the last layer reads, 5 * 8 * 4; the mask, 5 * 8; the exponentials, 5 * 8 * 4.
    assert weigh(module, (5, 6), training=True).training.saved_activation_bytes == 120 + 160 + 40 + 160


def test_a_backward_that_fails_is_said() -> None:
    class Numbers(Function):
        @staticmethod
        def forward(ctx: Any, x: Any) -> Any:
            return x * 2

        @staticmethod
        def backward(ctx: Any, grad: Any) -> Any:
            raise ValueError("only on a GPU")

    profile = weigh(Net(between(Numbers.apply)), (5, 6), training=True)
    assert any("backward of Numbers is not followed" in note and "only on a GPU" in note for note in profile.notes)
    assert not profile.coverage.complete
    assert profile.totals.macs == 5 * 6 * 8 + 5 * 8 * 4
    assert next(row for row in profile.training.layers if row.layer == "mul_scalar").backward_macs is None


def test_what_backward_does_is_not_in_the_network() -> None:
    with_backward = capture_module(Net(steps_of_spikes), torch.randn(5, 6)).graph
    assert {node.op for node in with_backward.nodes}.isdisjoint({"div", "abs"})
    assert len(with_backward.functions) == 3
    assert {node.op for node in with_backward.functions[0].backward.nodes} >= {"div", "abs"}


@pytest.mark.parametrize("name", ["spikes", "reversed", "what is needed", "no gradient for places"])
def test_a_stored_graph_has_the_same_backward(name: str) -> None:
    graph = capture_module(Net(STEPS[name]), torch.randn(5, 6)).graph
    kinds = {op: definition.attrs for op, definition in REGISTRY.items()}
    assert graph.functions
    assert graph_from_json(graph_to_json(graph), kinds) == graph


def test_pytorchs_own_way_is_back_afterwards() -> None:
    def fails(self: Any, x: Any) -> Any:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        weigh(Net(fails), (5, 6))
    assert "apply" not in vars(_SingleLevelFunction)
    x = torch.randn(3, requires_grad=True)
    Swish.apply(x).sum().backward()
    assert x.grad is not None
