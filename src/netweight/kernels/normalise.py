"""Batch normalisation by the statistics of the batch, a few channels at a time, which the cache holds.

Shapes
    x, y          (N, C, *size)
    weight, bias  (C,) or None

Source: Ioffe & Szegedy 2015, algorithm 1.
"""

from __future__ import annotations

import math
from typing import Any

from netweight.kernels.planes import blocks, empty, rows
from netweight.lazy import Array, np


class BatchNorm:
    """Forward and backward of one shape.

    Args:
        x: Shape of the input.
        dtype: Floating type.
        eps: Added to the variance.
    """

    def __init__(self, x: tuple[int, ...], dtype: Any, eps: float) -> None:
        self.eps = eps
        self.count = math.prod(x[:1] + x[2:])
        self.y, self.centred, self.grad_x = (empty(x, dtype) for _ in range(3))
        self.mean, self.var, self.rstd = (np.empty(x[1], dtype) for _ in range(3))
        self.grad_weight, self.grad_bias = np.empty(x[1], dtype), np.empty(x[1], dtype)
        self.blocks = blocks(x[1], self.count * np.dtype(dtype).itemsize)
        self.weight: Any = None

    def forward(self, x: Array, weight: Array | None, bias: Array | None) -> Array:
        """The output; ``mean`` and ``var``, over the number of elements, are those of the batch."""
        given, centred, y = rows(x), rows(self.centred), rows(self.y)
        self.weight = weight
        for at in self.blocks:
            part = centred[at]
            given[at].mean(axis=1, out=self.mean[at])
            np.subtract(given[at], self.mean[at, None], out=part)
            np.einsum("ij,ij->i", part, part, out=self.var[at])
            self.var[at] /= self.count
            np.divide(1, np.sqrt(self.var[at] + self.eps), out=self.rstd[at])
            scale = self.rstd[at] if weight is None else self.rstd[at] * weight[at]
            np.multiply(part, scale[:, None], out=y[at])
            if bias is not None:
                y[at] += bias[at, None]
        return self.y

    def backward(self, grad_y: Array) -> tuple[Array, Array, Array]:
        """Gradients of the input, the weight and the bias."""
        given, centred, grad_x = rows(grad_y), rows(self.centred), rows(self.grad_x)
        for at in self.blocks:
            rstd = self.rstd[at]
            given[at].sum(axis=1, out=self.grad_bias[at])
            np.einsum("ij,ij->i", given[at], centred[at], out=self.grad_weight[at])
            scale = rstd if self.weight is None else rstd * self.weight[at]
            pull = self.grad_weight[at] * rstd * rstd / self.count
            np.multiply(centred[at], -pull[:, None], out=grad_x[at])
            grad_x[at] += given[at]
            grad_x[at] -= (self.grad_bias[at] / self.count)[:, None]
            grad_x[at] *= scale[:, None]
            self.grad_weight[at] *= rstd
        return self.grad_x, self.grad_weight, self.grad_bias
