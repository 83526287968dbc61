"""Activations whose gradient follows from their output, in room that is kept from call to call.

Formulas as in ``netweight.ops.pointwise``.
"""

from __future__ import annotations

from netweight.lazy import Array, np


class _Kept:
    """Output and gradient in memory of the input's order."""

    def __init__(self) -> None:
        self.y: Array | None = None
        self.grad_x: Array | None = None

    def _room(self, x: Array) -> Array:
        if self.y is None or self.y.strides != x.strides:
            self.y = np.empty_like(x)
            self.grad_x = np.empty_like(self.y)
        return self.y

    def _both(self) -> tuple[Array, Array]:
        assert self.y is not None
        assert self.grad_x is not None
        return self.y, self.grad_x


class Relu(_Kept):
    """max(x, 0)."""

    def forward(self, x: Array) -> Array:
        """The output."""
        return np.maximum(x, 0, out=self._room(x))

    def backward(self, grad_y: Array) -> Array:
        """The gradient where the output is above 0."""
        y, grad_x = self._both()
        return np.multiply(grad_y, y > 0, out=grad_x)


class Tanh(_Kept):
    """tanh(x)."""

    def forward(self, x: Array) -> Array:
        """The output."""
        return np.tanh(x, out=self._room(x))

    def backward(self, grad_y: Array) -> Array:
        """(1 - y * y) of the gradient."""
        y, grad_x = self._both()
        np.multiply(y, y, out=grad_x)
        np.subtract(1, grad_x, out=grad_x)
        return np.multiply(grad_x, grad_y, out=grad_x)


class Relu6(_Kept):
    """min(max(x, 0), 6)."""

    def forward(self, x: Array) -> Array:
        """The output."""
        return np.clip(x, 0, 6, out=self._room(x))

    def backward(self, grad_y: Array) -> Array:
        """The gradient where the output is between the bounds."""
        y, grad_x = self._both()
        return np.multiply(grad_y, (y > 0) & (y < 6), out=grad_x)


class Sigmoid(_Kept):
    """1 / (1 + exp(-x))."""

    def forward(self, x: Array) -> Array:
        """The output, by way of the hyperbolic tangent, which does not overflow."""
        y = self._room(x)
        np.multiply(x, 0.5, out=y)
        np.tanh(y, out=y)
        y *= 0.5
        y += 0.5
        return y

    def backward(self, grad_y: Array) -> Array:
        """y * (1 - y) of the gradient."""
        y, grad_x = self._both()
        np.subtract(1, y, out=grad_x)
        grad_x *= y
        return np.multiply(grad_x, grad_y, out=grad_x)
