from typing import Any

import numpy as np

_MODES: dict[str, Any] = {"reflect": "reflect", "replicate": "edge", "circular": "wrap"}


class _Gradients:
    """Gradients of a sum of products: every product of the forward gives one to either factor.

    ``macs`` counts the multiplications of each; a place of -1 is padding, where a product ends up nowhere.
    """

    def __init__(self, *factors: Any) -> None:
        self.factors = factors
        self.grads = tuple(np.zeros(factor.shape) for factor in factors)
        self.macs = [0, 0]

    def product(self, grad: float, places: tuple[Any, Any]) -> None:
        for mine, (into, other, other_at) in enumerate(
            ((self.grads[0], self.factors[1], places[1]), (self.grads[1], self.factors[0], places[0]))
        ):
            self.macs[mine] += 1
            if places[mine] is not None and other_at is not None:
                into[places[mine]] += grad * other[other_at]


def _sum_over_all_but(grad_y: Any, dim: int) -> Any:
    total = np.zeros(grad_y.shape[dim])
    for at in np.ndindex(*grad_y.shape):
        total[at[dim]] += grad_y[at]
    return total


def linear(_attrs: None, grad_y: Any, x: Any, weight: Any, bias: Any) -> tuple[Any, list[int]]:
    done = _Gradients(x, weight)
    for *row, o in np.ndindex(*grad_y.shape):
        for i in range(weight.shape[1]):
            done.product(grad_y[(*row, o)], ((*row, i), (o, i)))
    return (*done.grads, None if bias is None else _sum_over_all_but(grad_y, grad_y.ndim - 1)), done.macs


def matmul(_attrs: None, grad_y: Any, a: Any, b: Any) -> tuple[Any, list[int]]:
    left, right = (a[None] if a.ndim == 1 else a), (b[:, None] if b.ndim == 1 else b)
    batch = np.broadcast_shapes(left.shape[:-2], right.shape[:-2])
    done = _Gradients(left, right)
    grad = grad_y.reshape(*batch, left.shape[-2], right.shape[-1])
    for *at, m, n in np.ndindex(*grad.shape):
        for k in range(left.shape[-1]):
            done.product(grad[(*at, m, n)], ((*_stretched(at, left), m, k), (*_stretched(at, right), k, n)))
    return (done.grads[0].reshape(a.shape), done.grads[1].reshape(b.shape)), done.macs


def _stretched(at: list[int], x: Any) -> list[int]:
    """Place in the batch dimensions of ``x``, which may have been broadcast."""
    sizes = x.shape[:-2]
    return [min(i, size - 1) for i, size in zip(at[len(at) - len(sizes) :], sizes, strict=True)]


def conv(attrs: Any, grad_y: Any, x: Any, weight: Any, bias: Any) -> tuple[Any, list[int]]:
    """Padded positions are read too: in a copy the product goes to what was copied, in a zero nowhere."""
    places = np.arange(x.size).reshape(x.shape)
    around = ((0, 0), (0, 0), *attrs.padding)
    mode = _MODES.get(attrs.padding_mode)
    padded = np.pad(places, around, constant_values=-1) if mode is None else np.pad(places, around, mode=mode)
    done = _Gradients(x, weight)
    c_out, c_in, *kernel_size = weight.shape
    for n, o, *position in np.ndindex(*grad_y.shape):
        for c, *tap in np.ndindex(c_in, *kernel_size):
            at = [p * s + t * d for p, s, t, d in zip(position, attrs.stride, tap, attrs.dilation, strict=True)]
            place = padded[(n, o // (c_out // attrs.groups) * c_in + c, *at)]
            source = None if place < 0 else np.unravel_index(place, x.shape)
            done.product(grad_y[(n, o, *position)], (source, (o, c, *tap)))
    return (*done.grads, None if bias is None else _sum_over_all_but(grad_y, 1)), done.macs


def conv_transpose(attrs: Any, grad_y: Any, x: Any, weight: Any, bias: Any) -> tuple[Any, list[int]]:
    """Every input element meets every weight of its channel; what the padding cut off has no gradient."""
    done = _Gradients(x, weight)
    per_group = x.shape[1] // attrs.groups
    for n, c, *position in np.ndindex(*x.shape):
        for o, *tap in np.ndindex(*weight.shape[1:]):
            at = [
                p * s + t * d - before
                for p, s, t, d, (before, _) in zip(
                    position, attrs.stride, tap, attrs.dilation, attrs.padding, strict=True
                )
            ]
            inside = all(0 <= i < size for i, size in zip(at, grad_y.shape[2:], strict=True))
            grad = grad_y[(n, c // per_group * weight.shape[1] + o, *at)] if inside else 0.0
            done.product(grad, ((n, c, *position), (c, o, *tap)))
    return (*done.grads, None if bias is None else _sum_over_all_but(grad_y, 1)), done.macs


def grouped_matmul(_attrs: None, grad_y: Any, a: Any, b: Any, offsets: Any) -> tuple[Any, list[int]]:
    """Each row meets the matrix of the group that it is in, and no other."""
    done = _Gradients(a, b)
    for row, n in np.ndindex(grad_y.shape):
        group = next(g for g, stop in enumerate(offsets) if row < stop)
        for k in range(a.shape[1]):
            done.product(grad_y[row, n], ((row, k), (group, k, n)))
    return (*done.grads, None), done.macs


BACKWARD = {
    "grouped_matmul": grouped_matmul,
    "linear": linear,
    "matmul": matmul,
    "conv": conv,
    "conv_transpose": conv_transpose,
}
