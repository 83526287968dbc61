"""What every way of a convolution has: what it is, its shapes, and room for what it gives."""

from __future__ import annotations

from typing import Any, NamedTuple, Protocol

from netweight.kernels.planes import by_channel, empty
from netweight.lazy import Array, np


class Conv(NamedTuple):
    """What a convolution is: as the attributes of the operator, with zeros in the padding."""

    stride: tuple[int, ...]
    padding: tuple[tuple[int, int], ...]
    dilation: tuple[int, ...]
    groups: int


class Convolution(Protocol):
    """A convolution of one shape.

    Attributes:
        name: Which way it is done.
    """

    name: str

    def forward(self, x: Array, weight: Array, bias: Array | None) -> Array:
        """The output, in room that the next call uses again."""

    def backward(self, grad_y: Array) -> tuple[Array | None, Array | None, Array | None]:
        """Gradients of what the last forward was given, as far as they are wanted."""


class Base:
    """Room for the output and the wanted gradients; arguments as of ``netweight.kernels.convolve.convolution``."""

    def __init__(
        self, conv: Conv, x: tuple[int, ...], weight: tuple[int, ...], y: tuple[int, ...], dtype: Any,
        wanted: tuple[bool, ...],
    ) -> None:  # fmt: skip
        self.conv, self.shape, self.weight_shape, self.out_shape, self.dtype = conv, x, weight, y, dtype
        self.wanted = (*wanted, *(False,) * (3 - len(wanted)))
        self.y = empty(y, dtype)
        self.grad_x = empty(x, dtype) if self.wanted[0] else None
        self.grad_weight = np.empty(weight, dtype) if self.wanted[1] else None
        self.x: Any = None
        self.weight: Any = None

    def biased(self, bias: Array | None) -> Array:
        """The output with the bias added, in place."""
        if bias is not None:
            by_channel(self.y)[...] += bias.reshape(-1, *(1,) * (self.y.ndim - 1))
        return self.y

    def grad_bias(self, grad_rows: Array) -> Array | None:
        """The bias's gradient where it is wanted, of the output's by channel (C, N * size)."""
        return grad_rows.sum(axis=1) if self.wanted[2] else None
