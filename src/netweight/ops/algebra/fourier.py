"""Discrete Fourier transforms over one or several dimensions.

Shapes
    x  any, real or complex
    y  the same, complex

A transform and its gradient are the same sums but for the direction: y = s F x has grad_x = s Fᴴ grad_y. The gradient
of a complex number is that of its real part plus i times that of its imaginary part, as in PyTorch.

Work is that of the radix-2 algorithm of Cooley & Tukey 1965: n log2(n) / 2 butterflies, each one complex product (4
multiplications, 2 additions) and two complex sums (4 additions): 5 n log2(n) operations, the figure that FFT
benchmarks go by (Frigo & Johnson 2005). Sizes that are not powers of two are counted by the same formula, rounded up.

Source: torch.fft; ONNX DFT.
"""

from __future__ import annotations

import decimal
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Any, Literal

from netweight.count import product
from netweight.errors import ShapeError
from netweight.ir import TensorSpec
from netweight.lazy import Array, np
from netweight.ops.dims import check_dims
from netweight.ops.extent import Extent, Mixes
from netweight.ops.table import FREE, Cost, OpDef, Wanted, define

FftNorm = Literal["backward", "forward", "ortho"]

_LARGE = 1 << 12
"""Sizes from which on the power of a size by itself is too long a number."""
OTHER_WAY: dict[str, Any] = {"backward": "forward", "forward": "backward", "ortho": "ortho"}


@dataclass(frozen=True, slots=True, kw_only=True)
class RfftAttrs:
    """Attributes of a transform of real numbers.

    Attributes:
        dims: Dimensions to transform; the last one is the one that is halved.
        norm: Which direction is divided by the number of elements: the way back, the way there, or both by its root.
    """

    dims: tuple[int, ...]
    norm: FftNorm = "backward"


@dataclass(frozen=True, slots=True, kw_only=True)
class FftAttrs(RfftAttrs):
    """Attributes of a complex transform, beside dimensions and scale.

    Attributes:
        inverse: The way back.
    """

    inverse: bool = False


@cache
def butterflies(n: int) -> int:
    """n log2(n) / 2, rounded up, in whole numbers: the least b with 4 ** b >= n ** n.

    >>> butterflies(8), butterflies(6), butterflies(1)
    (12, 8, 0)
    """
    stages = n.bit_length() - 1
    if n == 1 << stages:
        return -(-n * stages // 2)
    return -(-((n**n - 1).bit_length() if n < _LARGE else _n_log_n(n)) // 2)


def _n_log_n(n: int) -> int:
    """n log2(n) of a large number that is no power of two, rounded up, worked out to 60 digits."""
    with decimal.localcontext() as context:
        context.prec = 60
        exact = n * (decimal.Decimal(n).ln() / decimal.Decimal(2).ln())
        return int(exact.to_integral_value(decimal.ROUND_CEILING))


def complex_of(dtype: str) -> str:
    """Type of complex numbers with parts of that type.

    >>> complex_of("float64"), complex_of("float32"), complex_of("complex128")
    ('complex128', 'complex64', 'complex128')
    """
    return "complex128" if dtype in {"float64", "complex128"} else "complex64"


def real_of(dtype: str) -> str:
    """Type of the parts of complex numbers of that type."""
    return "float64" if complex_of(dtype) == "complex128" else "float32"


def fft_shape(attrs: FftAttrs, x: TensorSpec) -> TensorSpec:
    """Same sizes, complex."""
    check_transform("fft", attrs, x)
    return TensorSpec(x.shape, complex_of(x.dtype))


def fft_cost(attrs: FftAttrs, x: TensorSpec) -> Cost:
    """Butterflies along each dimension, and the scale where there is one."""
    cost = FREE
    for dim in attrs.dims:
        cost += pass_cost(x.numel // max(x.shape[dim], 1), butterflies(x.shape[dim]))
    return cost + scale_cost(attrs, 2 * x.numel, inverse=attrs.inverse)


def fft_forward(attrs: FftAttrs, x: Array) -> Array:
    """y_k = sum of x_j exp(∓2 pi i j k / n)."""
    transform = np.fft.ifftn if attrs.inverse else np.fft.fftn
    return transform(x, axes=attrs.dims, norm=attrs.norm).astype(complex_of(x.dtype.name), copy=False)


def fft_backward(attrs: FftAttrs, grad_y: Array, x: Array) -> tuple[Array]:
    """The transform the other way round with the same scale; its real part where ``x`` is real."""
    return (like(opposite(attrs, grad_y, inverse=attrs.inverse), x),)


def fft_backward_cost(attrs: FftAttrs, wanted: Wanted, x: TensorSpec) -> Cost:
    """As much as the forward."""
    return fft_cost(attrs, x) if any(wanted) else FREE


def fft_extent(attrs: RfftAttrs, _x: TensorSpec) -> Extent:
    """Everything along the dimensions."""
    return Mixes(attrs.dims)


def check_transform(op: str, attrs: RfftAttrs, x: TensorSpec) -> None:
    """Refuse dimensions that are not there, and an unknown norm."""
    check_dims(op, x.shape, *attrs.dims)
    if not attrs.dims or min(x.shape[dim] for dim in attrs.dims) < 1:
        raise ShapeError(f"{op}: expected dims with elements along them, got {attrs.dims} for shape {x.shape}")
    if attrs.norm not in OTHER_WAY:
        raise ShapeError(f"{op}: expected norm {', '.join(map(repr, OTHER_WAY))}, got {attrs.norm!r}")


def pass_cost(rows: int, count: int) -> Cost:
    """Work of transforms with ``count`` butterflies each."""
    return Cost(muls=product(rows=rows, butterflies=count, each=4), adds=product(rows=rows, butterflies=count, each=6))


def scale_cost(attrs: RfftAttrs, numbers: int, *, inverse: bool) -> Cost:
    """One multiplication per real number, in the direction that scales."""
    scales = attrs.norm == "ortho" or (attrs.norm == "backward") == inverse
    return Cost(muls=product(scaled=numbers)) if scales else FREE


def opposite(attrs: RfftAttrs, grad: Array, *, inverse: bool) -> Array:
    """The transform in the other direction with the same scale."""
    transform = np.fft.fftn if inverse else np.fft.ifftn
    return transform(grad, axes=attrs.dims, norm=OTHER_WAY[attrs.norm])


def like(grad: Array, x: Array) -> Array:
    """``grad`` in the type of ``x``, its real part where ``x`` is real."""
    return (grad if x.dtype.kind == "c" else grad.real).astype(x.dtype, copy=False)


def register_transform(
    name: str,
    *,
    attrs: type,
    shape: Callable[..., TensorSpec],
    cost: Callable[..., Cost],
    forward: Callable[..., Array],
    backward: Callable[..., tuple[Array]],
    backward_cost: Callable[..., Cost],
) -> OpDef:
    """Register a transform: what it has in common with the others."""
    return define(
        name=name,
        kind="transform",
        attrs=attrs,
        shape=shape,
        cost=cost,
        forward=forward,
        backward=backward,
        backward_cost=backward_cost,
        extent=fft_extent,
        complex_with="counted",
    )


FFT = register_transform(
    "fft",
    attrs=FftAttrs,
    shape=fft_shape,
    cost=fft_cost,
    forward=fft_forward,
    backward=fft_backward,
    backward_cost=fft_backward_cost,
)
