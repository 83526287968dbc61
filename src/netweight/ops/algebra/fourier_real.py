"""Discrete Fourier transforms of real numbers, and back to real numbers.

The transform of real numbers is its own mirror image, and one half of it is kept.

Shapes, with n for the size along the last of the transformed dimensions
    rfft   x any, real                 y with n // 2 + 1 along that dimension, complex
    irfft  x with n // 2 + 1, complex  y with n along that dimension, real

Where one side is real, half of the butterflies of a complex transform suffice along that dimension (Sorensen et al.
1987, "Real-valued fast Fourier transform algorithms").

Source: torch.fft; ONNX DFT with onesided.
"""

from __future__ import annotations

from dataclasses import dataclass

from netweight.count import product
from netweight.errors import ShapeError
from netweight.ir import TensorSpec
from netweight.lazy import Array, np
from netweight.ops.algebra.fourier import (
    OTHER_WAY,
    RfftAttrs,
    butterflies,
    check_transform,
    complex_of,
    like,
    opposite,
    pass_cost,
    real_of,
    register_transform,
    scale_cost,
)
from netweight.ops.move.slicing import resized
from netweight.ops.table import FREE, Cost, Wanted


@dataclass(frozen=True, slots=True, kw_only=True)
class IrfftAttrs(RfftAttrs):
    """Attributes of a transform back to real numbers, beside dimensions and scale.

    Attributes:
        size: Elements along the last of the dimensions.
    """

    size: int


def rfft_shape(attrs: RfftAttrs, x: TensorSpec) -> TensorSpec:
    """n // 2 + 1 along the last of the dimensions, complex."""
    check_transform("rfft", attrs, x)
    if x.dtype.startswith("complex"):
        raise ShapeError(f"rfft: expected real numbers, got {x.dtype}")
    halved = resized(x, attrs.dims[-1], x.shape[attrs.dims[-1]] // 2 + 1)
    return TensorSpec(halved.shape, complex_of(x.dtype))


def rfft_cost(attrs: RfftAttrs, x: TensorSpec) -> Cost:
    """Half the butterflies along the last dimension, then all of what is left along the others; the scale."""
    y = rfft_shape(attrs, x)
    return _half_cost(attrs, y, x.shape[attrs.dims[-1]]) + scale_cost(attrs, 2 * y.numel, inverse=False)


def rfft_forward(attrs: RfftAttrs, x: Array) -> Array:
    """The first half of the transform of real numbers."""
    return np.fft.rfftn(x, axes=attrs.dims, norm=attrs.norm).astype(complex_of(x.dtype.name), copy=False)


def rfft_backward(attrs: RfftAttrs, grad_y: Array, x: Array) -> tuple[Array]:
    """The complex transform the other way round, of the gradient and zeros for the other half; its real part."""
    dim = attrs.dims[-1]
    whole = np.zeros(x.shape, complex_of(x.dtype.name))
    whole[(*(slice(None),) * dim, slice(grad_y.shape[dim]))] = grad_y
    return (like(opposite(attrs, whole, inverse=False), x),)


def rfft_backward_cost(attrs: RfftAttrs, wanted: Wanted, x: TensorSpec) -> Cost:
    """That of the forward: zeros need not be multiplied, nor the imaginary parts computed."""
    return rfft_cost(attrs, x) if any(wanted) else FREE


def irfft_shape(attrs: IrfftAttrs, x: TensorSpec) -> TensorSpec:
    """The given size along the last of the dimensions, real."""
    check_transform("irfft", attrs, x)
    dim = attrs.dims[-1]
    if attrs.size < 1 or x.shape[dim] != attrs.size // 2 + 1:
        raise ShapeError(
            f"irfft: expected size // 2 + 1 elements along dim {dim}, got {x.shape[dim]} for size {attrs.size}"
        )
    return TensorSpec(resized(x, dim, attrs.size).shape, real_of(x.dtype))


def irfft_cost(attrs: IrfftAttrs, x: TensorSpec) -> Cost:
    """All butterflies along the other dimensions, then half of them along the last; the scale."""
    y = irfft_shape(attrs, x)
    return _half_cost(attrs, x, attrs.size) + scale_cost(attrs, y.numel, inverse=True)


def irfft_forward(attrs: IrfftAttrs, x: Array) -> Array:
    """The transform back, of numbers whose other half mirrors them."""
    sizes = [attrs.size if dim == attrs.dims[-1] else x.shape[dim] for dim in attrs.dims]
    return np.fft.irfftn(x, s=sizes, axes=attrs.dims, norm=attrs.norm).astype(real_of(x.dtype.name), copy=False)


def irfft_backward(attrs: IrfftAttrs, grad_y: Array, x: Array) -> tuple[Array]:
    """The real transform of the gradient; what stands for its mirror image as well counts twice."""
    grad = np.fft.rfftn(grad_y, axes=attrs.dims, norm=OTHER_WAY[attrs.norm])
    place = np.arange(x.shape[attrs.dims[-1]])
    alone = (place == 0) | (2 * place == attrs.size)
    twice = np.where(alone, 1, 2).reshape(-1, *(1,) * (x.ndim - attrs.dims[-1] - 1))
    return (like(grad * twice, x),)


def irfft_backward_cost(attrs: IrfftAttrs, wanted: Wanted, x: TensorSpec) -> Cost:
    """That of the forward, and twice what stands for two."""
    return irfft_cost(attrs, x) + Cost(muls=product(elements=x.numel, each=2)) if any(wanted) else FREE


def _half_cost(attrs: RfftAttrs, half: TensorSpec, n: int) -> Cost:
    """Half the butterflies of size n along the last dimension of ``half``, all along the others."""
    last = attrs.dims[-1]
    cost = pass_cost(half.numel // max(half.shape[last], 1), -(-butterflies(n) // 2))
    for dim in attrs.dims[:-1]:
        cost += pass_cost(half.numel // max(half.shape[dim], 1), butterflies(half.shape[dim]))
    return cost


RFFT = register_transform(
    "rfft",
    attrs=RfftAttrs,
    shape=rfft_shape,
    cost=rfft_cost,
    forward=rfft_forward,
    backward=rfft_backward,
    backward_cost=rfft_backward_cost,
)
IRFFT = register_transform(
    "irfft",
    attrs=IrfftAttrs,
    shape=irfft_shape,
    cost=irfft_cost,
    forward=irfft_forward,
    backward=irfft_backward,
    backward_cost=irfft_backward_cost,
)
