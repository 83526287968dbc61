"""What normalisations share: standard scores over some dimensions, their gradient, their work, and the affine part.

    mean = mean of x,  var = mean of (x - mean)²,  rstd = 1 / sqrt(var + eps),  z = (x - mean) * rstd
    y = z * weight + bias

``mean`` and ``rstd`` keep the dimensions they were taken over with size 1, so that they broadcast against ``x``.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from netweight.count import Count, product, total
from netweight.errors import ShapeError
from netweight.ir import TensorSpec
from netweight.lazy import Array, np
from netweight.ops.arrays.elementwise import work_of
from netweight.ops.extent import Extent
from netweight.ops.table import FREE, Cost, OpDef, Wanted, define

Dims = tuple[int, ...]
_SINGLE = 4
"""Bytes of a number of single precision."""


def standardize(x: Array, dims: Dims, eps: float, *, centered: bool = True) -> tuple[Array, ...]:
    """z, mean and rstd of ``x`` over ``dims``, the variance the biased one; without the mean if not ``centered``."""
    wide = in_single_precision(x)
    mean = _mean(wide, dims) if centered else None
    moved = wide if mean is None else wide - mean
    rstd = 1 / np.sqrt(_mean(moved * moved, dims) + eps)
    results = (moved * rstd, rstd) if mean is None else (moved * rstd, mean, rstd)
    return tuple(result.astype(x.dtype, copy=False) for result in results)


def _mean(x: Array, dims: Dims) -> Array:
    """The mean over ``dims``; 0 of no elements."""
    return np.asarray(x.mean(axis=dims, keepdims=True) if x.size else x.sum(axis=dims, keepdims=True))


def in_single_precision(x: Array) -> Array:
    """Numbers of 16 bits as wider ones: their squares are too large for 16 bits."""
    return x.astype("float32") if x.dtype.itemsize < _SINGLE else x


def standardize_backward(grad_z: Array, z: Array, rstd: Array, dims: Dims, *, centered: bool = True) -> Array:
    """The direct part, less what goes through the mean and through the variance."""
    direct = grad_z - _mean(grad_z, dims) if centered else grad_z
    grad_x: Array = rstd * (direct - z * _mean(grad_z * z, dims))
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


def normalize_cost(
    elements: Mapping[str, int], groups: int, weight: TensorSpec | None, bias: TensorSpec | None, *,
    centered: bool = True,
) -> Cost:  # fmt: skip
    """Work of the formula at the top: elements in ``groups`` of a common mean and variance.

    Per element: three adds (into the mean, less the mean, into the variance), two multiplications (square, times rstd),
    one more for ``weight`` and one more add for ``bias``. Per group: two divisions by the group's size, one add of
    eps, one reciprocal square root. What is not centered has two adds per element and a division per group less.
    """
    return Cost(
        adds=total((_each(elements, 1 + 2 * centered + (bias is not None)), product(groups=groups))),
        muls=_each(elements, 2 + (weight is not None)),
        divs=product(groups=groups, each=1 + centered),
        sqrts=product(groups=groups),
    )


def normalize_backward_cost(
    elements: Mapping[str, int], groups: int, wanted: Wanted, weight: TensorSpec | None, bias: TensorSpec | None, *,
    centered: bool = True,
) -> Cost:  # fmt: skip
    """Work of ``standardize_backward`` and ``affine_backward``; ``wanted`` says of ``x``, ``weight`` and ``bias``.

    Per element: a subtraction and a product for z again; for ``weight`` a product and an add; for ``bias`` an add. For
    ``x`` a product with ``weight``, the add into one mean, a product and the add into the other, two subtractions and
    two products more; per group two divisions. What is not centered has no first mean and takes nothing from ``x``.
    """
    grad_x, grad_weight, grad_bias = wanted
    grad_weight, grad_bias = grad_weight and weight is not None, grad_bias and bias is not None
    if not (grad_x or grad_weight or grad_bias):
        return FREE
    z = grad_x or grad_weight
    return Cost(
        adds=_each(elements, z * centered + grad_weight + grad_bias + (2 + 2 * centered) * grad_x),
        muls=_each(elements, z + grad_weight + (3 + (weight is not None)) * grad_x),
        divs=product(groups=groups, each=1 + centered) if grad_x else 0,
    )


def fixed_backward_cost(_attrs: object, wanted: Wanted, x: TensorSpec, *_others: TensorSpec | None) -> Cost:
    """Work of normalising with fixed statistics: for ``x``, mean, variance, ``weight`` and ``bias``.

    Per element one product with the folded scale for ``x``; an add for ``bias``, and for the mean; z again, a product
    and an add for ``weight``, and for the variance. Mean and variance take a product per channel with what is folded
    there. The folding is that of the forward.
    """
    each = ({"muls": 1}, {"adds": 1}, {"adds": 2, "muls": 2}, {"adds": 2, "muls": 2}, {"adds": 1})
    cost = sum((work_of(x.numel, work) for asked, work in zip(wanted, each, strict=True) if asked), start=FREE)
    return cost + work_of(x.shape[1], {"muls": sum(wanted[1:3])}) if any(wanted[1:3]) else cost


@dataclass(frozen=True, slots=True, kw_only=True)
class Groups:
    """Which elements of a tensor share their statistics.

    Attributes:
        shape: Shape that the tensor is seen in.
        dims: Dimensions of that which are normalised.
        parameter: Shape in which ``weight`` and ``bias`` broadcast against the tensor.
        elements: Elements of the tensor, by the names of its sizes.
    """

    shape: tuple[int, ...]
    dims: Dims
    parameter: tuple[int, ...]
    elements: Mapping[str, int]

    @property
    def statistic(self) -> tuple[int, ...]:
        """Shape of a statistic: size 1 along what it was taken over."""
        return tuple(1 if dim in self.dims else size for dim, size in enumerate(self.shape))

    @property
    def shared(self) -> Dims:
        """Dimensions of the tensor that ``weight`` and ``bias`` are shared along."""
        return tuple(dim for dim, size in enumerate(self.parameter) if size == 1)

    def shaped(self, parameter: Array | None) -> Array | None:
        """``weight`` or ``bias`` as it broadcasts."""
        return None if parameter is None else parameter.reshape(self.parameter)


def register_norm(
    name: str,
    groups: Callable[[Any, TensorSpec], Groups],
    check: Callable[..., None],
    extent: Callable[..., Extent],
    *,
    attrs: type,
    centered: bool = True,
    dims: Mapping[str, str] = {},
) -> OpDef:
    """Register a norm of groups of elements: standard scores, times ``weight``, plus ``bias``.

    Args:
        name: Name in the graph.
        groups: (attrs, x) to what shares its statistics; the attributes have an ``eps``.
        check: (attrs, x, *parameters); raises ``ShapeError`` where they do not fit.
        extent: As in ``OpDef``.
        attrs: Class of the attributes.
        centered: Whether the mean is taken off; if not there is no ``bias`` either.
        dims: As in ``OpDef``.
    """
    extras = ("mean", "rstd") if centered else ("rrms",)

    def shape(attrs: Any, x: TensorSpec, *parameters: TensorSpec | None) -> tuple[TensorSpec, ...]:
        check(attrs, x, *parameters)
        return x, *(TensorSpec(groups(attrs, x).statistic, x.dtype) for _ in extras)

    def cost(attrs: Any, x: TensorSpec, weight: TensorSpec | None, bias: TensorSpec | None = None) -> Cost:
        """Standard scores of each group: a mean, a variance, and per element the difference over the deviation."""
        own = groups(attrs, x)
        return normalize_cost(own.elements, math.prod(own.statistic), weight, bias, centered=centered)

    def forward(attrs: Any, x: Array, weight: Array | None, bias: Array | None = None) -> tuple[Array, ...]:
        own = groups(attrs, TensorSpec(x.shape))
        z, *statistics = standardize(x.reshape(own.shape), own.dims, attrs.eps, centered=centered)
        return affine(z.reshape(x.shape), own.shaped(weight), own.shaped(bias)), *statistics

    def backward(
        attrs: Any, grad_y: Array, x: Array, weight: Array | None, bias: Array | None = None, **kept: Array
    ) -> tuple[Array | None, ...]:
        own = groups(attrs, TensorSpec(x.shape))
        *mean, rstd = (kept[statistic] for statistic in extras)
        seen = x.reshape(own.shape)
        z = (seen - mean[0] if mean else seen) * rstd
        parameters = own.shaped(weight), own.shaped(bias)
        grad_z, grad_weight, grad_bias = affine_backward(grad_y, z.reshape(x.shape), *parameters, own.shared)
        grad_x = standardize_backward(grad_z.reshape(own.shape), z, rstd, own.dims, centered=centered)
        return (grad_x.reshape(x.shape), _as(grad_weight, weight), _as(grad_bias, bias))[: 2 + centered]

    def backward_cost(
        attrs: Any, wanted: Wanted, x: TensorSpec, weight: TensorSpec | None, bias: TensorSpec | None = None
    ) -> Cost:
        """Gradients of standard scores of each group, and of scale and shift."""
        own, asked = groups(attrs, x), (*wanted, False)[:3]
        return normalize_backward_cost(own.elements, math.prod(own.statistic), asked, weight, bias, centered=centered)

    return define(
        name=name,
        kind="norm",
        attrs=attrs,
        inputs=("x", "weight", "bias")[: 2 + centered],
        shape=shape,
        cost=cost,
        forward=forward,
        backward=backward,
        backward_cost=backward_cost,
        saves=("x", "weight", *extras),
        extras=extras,
        extent=extent,
        dims=dims,
    )


def check_channels(op: str, x: TensorSpec, **per_channel_tensors: TensorSpec | None) -> int:
    """Number of channels of ``x``."""
    if len(x.shape) < 2:
        raise ShapeError(f"{op}: expected x (N, C, ...), got {x.shape}")
    channels = x.shape[1]
    for name, spec in per_channel_tensors.items():
        if spec is not None and spec.shape != (channels,):
            raise ShapeError(f"{op}: expected {name} of shape ({channels},), got {spec.shape}")
    return channels


def _as(grad: Array | None, parameter: Array | None) -> Array | None:
    return None if grad is None or parameter is None else grad.reshape(parameter.shape)


def _each(elements: Mapping[str, int], each: int) -> Count:
    return product({**elements, "each": each})
