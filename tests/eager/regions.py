"""Lines of random programs without gradients, with a backward of their own, or run again in backward."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from eager.programs import Writer


class Sign(torch.autograd.Function):
    """A sign whose gradient is passed on as it is: nothing is kept."""

    @staticmethod
    def forward(_ctx: Any, x: Tensor) -> Tensor:
        return x.sign()

    @staticmethod
    def backward(_ctx: Any, *grads: Tensor) -> Any:
        return grads[0]


class Square(torch.autograd.Function):
    """A square that keeps its input."""

    @staticmethod
    def forward(ctx: Any, x: Tensor) -> Tensor:
        ctx.save_for_backward(x)
        return x * x

    @staticmethod
    def backward(ctx: Any, *grads: Tensor) -> Any:
        (x,) = ctx.saved_tensors
        return grads[0] * x * 2


class Exponential(torch.autograd.Function):
    """An exponential that keeps its result."""

    @staticmethod
    def forward(ctx: Any, x: Tensor) -> Tensor:
        y = x.exp()
        ctx.save_for_backward(y)
        return y

    @staticmethod
    def backward(ctx: Any, *grads: Tensor) -> Any:
        (y,) = ctx.saved_tensors
        return grads[0] * y


class Product(torch.autograd.Function):
    """A product of matrices that keeps both."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, y: Tensor) -> Tensor:
        ctx.save_for_backward(x, y)
        return x @ y

    @staticmethod
    def backward(ctx: Any, *grads: Tensor) -> Any:
        x, y = ctx.saved_tensors
        return grads[0] @ y.mT, x.mT @ grads[0]


NAMES: dict[str, Any] = {one.__name__: one for one in (Sign, Square, Exponential, Product)} | {
    "checkpoint": torch.utils.checkpoint.checkpoint
}


def written(writer: Writer) -> str:
    """A function whose backward its author wrote."""
    x = writer.pick(lambda t: t.ndim > 0)
    kind = writer.draw.choice(("Sign", "Square", "Exponential", "Product"))
    if kind == "Product":
        x = writer.pick(lambda t: t.ndim == 2)
        return f"{writer.fresh()} = Product.apply({x}, {writer.parameter(x, writer.shape(x)[-1], 3)})"
    return f"{writer.fresh()} = {kind}.apply({x})"


WITHOUT = ("{x}.exp()", "{x} * 2", "{x}.softmax(-1)", "{x}.mean(-1, keepdim=True)", "{x}.reshape(-1)", "{x} @ {x}.mT")


def without_gradients(writer: Writer) -> str:
    """A result that no gradient passes."""
    x = writer.pick(lambda t: t.ndim > 0)
    return f"with torch.no_grad(): {writer.fresh()} = " + writer.draw.choice(WITHOUT).format(x=x)


PARTS = ("(t * 2).tanh()", "F.gelu(t).exp()", "t.softmax(-1) * t", "F.linear(t.sigmoid(), {w}).relu()")


def again(writer: Writer) -> str:
    """A part that runs again in backward."""
    x = writer.pick(lambda t: t.ndim > 0 and t.requires_grad)
    text = writer.draw.choice(PARTS)
    if "{w}" in text:
        text = text.format(w=writer.parameter(x, 2, writer.shape(x)[-1]))
    return f"{writer.fresh()} = checkpoint(lambda t: {text}, {x}, use_reentrant=False)"
