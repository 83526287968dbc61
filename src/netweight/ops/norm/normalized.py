"""What normalisations share: standard scores over some dimensions, their gradient, their work, and the affine part.

    mean = mean of x,  var = mean of (x - mean)²,  rstd = 1 / sqrt(var + eps),  z = (x - mean) * rstd
    y = z * weight + bias

``mean`` and ``rstd`` keep the dimensions they were taken over with size 1, so that they broadcast against ``x``.
"""

from __future__ import annotations

from netweight.count import Count, product, total
from netweight.errors import ShapeError
from netweight.ir import TensorSpec
from netweight.lazy import np
from netweight.ops.arrays.elementwise import work_of
from netweight.ops.table import FREE, Array, Cost, Wanted

Dims = tuple[int, ...]
_SINGLE = 4
"""Bytes of a number of single precision."""


def standardize(x: Array, dims: Dims, eps: float) -> tuple[Array, Array, Array]:
    """z, mean and rstd of ``x`` over ``dims``; the variance is the biased one."""
    wide = in_single_precision(x)
    mean = wide.mean(axis=dims, keepdims=True)
    centered = wide - mean
    rstd = 1 / np.sqrt((centered * centered).mean(axis=dims, keepdims=True) + eps)
    z = centered * rstd
    return z.astype(x.dtype, copy=False), mean.astype(x.dtype, copy=False), rstd.astype(x.dtype, copy=False)


def in_single_precision(x: Array) -> Array:
    """Numbers of 16 bits as wider ones: their squares are too large for 16 bits."""
    return x.astype("float32") if x.dtype.itemsize < _SINGLE else x


def standardize_backward(grad_z: Array, z: Array, rstd: Array, dims: Dims) -> Array:
    """The direct part, less what goes through the mean and through the variance."""
    through_mean = grad_z.mean(axis=dims, keepdims=True)
    through_var = z * (grad_z * z).mean(axis=dims, keepdims=True)
    grad_x: Array = rstd * (grad_z - through_mean - through_var)
    return grad_x


def affine(z: Array, weight: Array | None, bias: Array | None) -> Array:
    """z * weight + bias, either left out."""
    scaled = z if weight is None else z * weight
    return scaled if bias is None else scaled + bias


def affine_backward(
    grad_y: Array, z: Array, weight: Array | None, bias: Array | None, dims: Dims
) -> tuple[Array, Array | None, Array | None]:
    """Gradients of ``z``, ``weight`` and ``bias``; the parameters are shared along ``dims``."""
    grad_weight = None if weight is None else (grad_y * z).sum(axis=dims)
    grad_bias = None if bias is None else grad_y.sum(axis=dims)
    return (grad_y if weight is None else grad_y * weight), grad_weight, grad_bias


def per_channel(parameter: Array | None, rank: int) -> Array | None:
    """A parameter (C,) shaped to broadcast against (N, C, ...) of ``rank`` dimensions."""
    return None if parameter is None else parameter.reshape(-1, *(1,) * (rank - 2))


def normalize_cost(elements: dict[str, int], groups: int, weight: TensorSpec | None, bias: TensorSpec | None) -> Cost:
    """Work of the formula at the top: elements in ``groups`` of a common mean and variance.

    Per element: three adds (into the mean, less the mean, into the variance), two multiplications (square, times rstd),
    one more for ``weight`` and one more add for ``bias``. Per group: two divisions by the group's size, one add of
    eps, one reciprocal square root.
    """
    return Cost(
        adds=total((_each(elements, 3 + (bias is not None)), product(groups=groups))),
        muls=_each(elements, 2 + (weight is not None)),
        divs=product(groups=groups, each=2),
        sqrts=product(groups=groups),
    )


def normalize_backward_cost(
    elements: dict[str, int], groups: int, wanted: Wanted, weight: TensorSpec | None, bias: TensorSpec | None
) -> Cost:
    """Work of ``standardize_backward`` and ``affine_backward``; ``wanted`` says of ``x``, ``weight`` and ``bias``.

    Per element: a subtraction and a product for z again; for ``weight`` a product and an add; for ``bias`` an add. For
    ``x`` a product with ``weight``, the add into one mean, a product and the add into the other, two subtractions and
    two products more; per group two divisions.
    """
    grad_x, grad_weight, grad_bias = wanted
    grad_weight, grad_bias = grad_weight and weight is not None, grad_bias and bias is not None
    if not (grad_x or grad_weight or grad_bias):
        return FREE
    z = grad_x or grad_weight
    return Cost(
        adds=_each(elements, z + grad_weight + grad_bias + 4 * grad_x),
        muls=_each(elements, z + grad_weight + (3 + (weight is not None)) * grad_x),
        divs=product(groups=groups, each=2) if grad_x else 0,
    )


def fixed_backward_cost(_attrs: object, wanted: Wanted, x: TensorSpec, *_others: TensorSpec | None) -> Cost:
    """Work of normalising with fixed statistics: for ``x``, mean, variance, ``weight`` and ``bias``.

    Per element one product with the folded scale for ``x``; an add for ``bias``, and for the mean; z again, a product
    and an add for ``weight``, and for the variance. The folding is that of the forward.
    """
    each = ({"muls": 1}, {"adds": 1}, {"adds": 2, "muls": 2}, {"adds": 2, "muls": 2}, {"adds": 1})
    return sum((work_of(x.numel, work) for asked, work in zip(wanted, each, strict=True) if asked), start=FREE)


def check_channels(op: str, x: TensorSpec, **per_channel_tensors: TensorSpec | None) -> int:
    """Number of channels of ``x``."""
    if len(x.shape) < 2:
        raise ShapeError(f"{op}: expected x (N, C, ...), got {x.shape}")
    channels = x.shape[1]
    for name, spec in per_channel_tensors.items():
        if spec is not None and spec.shape != (channels,):
            raise ShapeError(f"{op}: expected {name} of shape ({channels},), got {spec.shape}")
    return channels


def _each(elements: dict[str, int], each: int) -> Count:
    return product({**elements, "each": each})
