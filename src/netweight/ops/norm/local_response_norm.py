"""Local response normalisation.

Source: Krizhevsky et al. 2012, section 3.3, in the form of torch.nn.functional.local_response_norm.
"""

from __future__ import annotations

from dataclasses import dataclass

from netweight.count import product
from netweight.errors import ShapeError
from netweight.ir import TensorSpec
from netweight.lazy import Array, np
from netweight.ops.extent import same_position
from netweight.ops.table import FREE, Cost, Wanted, define


@dataclass(frozen=True, slots=True, kw_only=True)
class LocalResponseNormAttrs:
    """Attributes of local response normalisation.

    Attributes:
        size: Channels in the sum around each channel.
        alpha: Factor of the mean square.
        beta: Exponent.
        k: Additive constant.
    """

    size: int
    alpha: float = 1e-4
    beta: float = 0.75
    k: float = 1.0


def local_response_norm_shape(attrs: LocalResponseNormAttrs, x: TensorSpec) -> TensorSpec:
    """Same as ``x``."""
    if len(x.shape) < 2 or attrs.size < 1:
        raise ShapeError(
            f"local_response_norm: expected x (N, C, ...) and size of at least 1, got {x.shape}, {attrs.size}"
        )
    return x


def local_response_norm_cost(attrs: LocalResponseNormAttrs, x: TensorSpec) -> Cost:
    """Per element: a square and a scaling, a sum over ``size`` channels, one power, one division."""
    elements = x.numel
    return Cost(
        muls=product(elements=elements, each=2),
        adds=product(elements=elements, size=attrs.size),
        pows=product(elements=elements),
        divs=product(elements=elements),
    )


def local_response_norm_forward(attrs: LocalResponseNormAttrs, x: Array) -> Array:
    """x / (k + alpha * mean of x² over ``size`` channels around it) ** beta."""
    y: Array = x / _scale(attrs, x) ** attrs.beta
    return y


def local_response_norm_backward(attrs: LocalResponseNormAttrs, grad_y: Array, x: Array) -> tuple[Array]:
    """The direct part, less the part through the sum that each channel enters."""
    scale = _scale(attrs, x)
    through = grad_y * x * scale ** (-attrs.beta - 1)
    # The channel sum is not symmetric for even sizes: its transpose looks the other way.
    summed = _channel_sum(through, (attrs.size - 1) // 2, attrs.size // 2 + 1)
    return (grad_y * scale**-attrs.beta - (2 * attrs.alpha * attrs.beta / attrs.size) * x * summed,)


def local_response_norm_backward_cost(attrs: LocalResponseNormAttrs, wanted: Wanted, x: TensorSpec) -> Cost:
    """Per element: the sum of squares again and the sum of what goes through it, two powers, seven products."""
    if not any(wanted):
        return FREE
    elements = x.numel
    return Cost(
        muls=product(elements=elements, each=7),
        adds=product(elements=elements, sums=2, size=attrs.size),
        pows=product(elements=elements, each=2),
    )


def _scale(attrs: LocalResponseNormAttrs, x: Array) -> Array:
    squares = _channel_sum(x * x, attrs.size // 2, (attrs.size - 1) // 2 + 1)
    scale: Array = attrs.k + (attrs.alpha / attrs.size) * squares
    return scale


def _channel_sum(x: Array, before: int, after: int) -> Array:
    """Sum over channels c - before ... c + after - 1, zeros outside."""
    channels = x.shape[1]
    total = np.zeros_like(x)
    for offset in range(-before, after):
        lo, hi = max(0, -offset), min(channels, channels - offset)
        if lo < hi:
            total[:, lo:hi] += x[:, lo + offset : hi + offset]
    return total


LOCAL_RESPONSE_NORM = define(
    name="local_response_norm",
    kind="norm",
    attrs=LocalResponseNormAttrs,
    shape=local_response_norm_shape,
    cost=local_response_norm_cost,
    forward=local_response_norm_forward,
    backward=local_response_norm_backward,
    backward_cost=local_response_norm_backward_cost,
    saves=("x",),
    extent=same_position,
)
