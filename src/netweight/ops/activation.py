"""Activation functions: one tensor in, the same shape out.

The work per element is that of the formula in the docstring of each forward, constants folded.
Gradients at kinks are PyTorch's: 0 for ReLU at 0.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from netweight.lazy import np
from netweight.ops.elementwise import register_unary

if TYPE_CHECKING:
    from netweight.ops.base import Array


def relu_forward(_attrs: None, x: Array) -> Array:
    """max(x, 0)."""
    y: Array = np.maximum(x, 0)
    return y


def relu_backward(_attrs: None, grad_y: Array, _x: Array, *, y: Array) -> tuple[Array]:
    """Pass the gradient where ``y`` is positive."""
    return (grad_y * (y > 0),)


RELU = register_unary(
    "relu", kind="activation", each={"compares": 1}, forward=relu_forward, backward=relu_backward, saves=("y",)
)
