"""The fully connected layer, forward and backward, as matrix products.

Shapes as in ``netweight.ops.contract.linear``.
"""

from __future__ import annotations

import math
from typing import Any

from netweight.lazy import Array, np


class Linear:
    """Forward and backward of one shape.

    Args:
        x: Shape of the input, (..., in).
        weight: Shape of the weights, (out, in).
        dtype: Floating type.
        wanted: Whether gradients of input, weights and bias are.
    """

    def __init__(self, x: tuple[int, ...], weight: tuple[int, ...], dtype: Any, wanted: tuple[bool, ...]) -> None:
        self.shape, self.count = x, math.prod(x[:-1])
        self.wanted = (*wanted, *(False,) * (3 - len(wanted)))
        self.y = np.empty((*x[:-1], weight[0]), dtype)
        self.grad_x = np.empty(x, dtype) if self.wanted[0] else None
        self.grad_weight = np.empty(weight, dtype) if self.wanted[1] else None
        self.x: Any = None
        self.weight: Any = None

    def forward(self, x: Array, weight: Array, bias: Array | None) -> Array:
        """The output."""
        self.x, self.weight = x.reshape(self.count, -1), weight
        np.matmul(self.x, weight.T, out=self.y.reshape(self.count, -1))
        if bias is not None:
            self.y += bias
        return self.y

    def backward(self, grad_y: Array) -> tuple[Array | None, Array | None, Array | None]:
        """Gradients of input, weights and bias, as far as they are wanted."""
        grad = grad_y.reshape(self.count, -1)
        if self.grad_weight is not None:
            np.matmul(grad.T, self.x, out=self.grad_weight)
        if self.grad_x is not None:
            np.matmul(grad, self.weight, out=self.grad_x.reshape(self.count, -1))
        return self.grad_x, self.grad_weight, grad.sum(axis=0) if self.wanted[2] else None
