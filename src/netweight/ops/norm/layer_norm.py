"""Normalisation of each sample or token over its last dimensions.

Shapes
    x, y          (..., *normalized_shape)
    weight, bias  normalized_shape or None

Source: layer, Ba et al. 2016; root mean square, Zhang & Sennrich 2019; torch.nn.functional.layer_norm, rms_norm.
"""

from __future__ import annotations

from dataclasses import dataclass

from netweight.count import product, total
from netweight.errors import ShapeError
from netweight.ir import TensorSpec
from netweight.lazy import np
from netweight.ops.extent import Extent, Mixes
from netweight.ops.norm.normalized import (
    Dims,
    affine,
    affine_backward,
    in_single_precision,
    normalize_backward_cost,
    normalize_cost,
    standardize,
    standardize_backward,
)
from netweight.ops.table import FREE, Array, Cost, OpDef, Wanted, register


@dataclass(frozen=True, slots=True, kw_only=True)
class LayerNormAttrs:
    """Attributes of layer normalisation, and of that by the root mean square.

    Attributes:
        normalized_shape: Sizes of the last dimensions, those with a common mean and variance.
        eps: Added to the variance, or to the mean square.
    """

    normalized_shape: tuple[int, ...]
    eps: float = 1e-5


def layer_norm_shape(
    attrs: LayerNormAttrs, x: TensorSpec, weight: TensorSpec | None, bias: TensorSpec | None
) -> tuple[TensorSpec, TensorSpec, TensorSpec]:
    """Same as ``x``; mean and rstd."""
    statistic = _check("layer_norm", attrs, x, weight, bias)
    return x, statistic, statistic


def layer_norm_cost(attrs: LayerNormAttrs, x: TensorSpec, weight: TensorSpec | None, bias: TensorSpec | None) -> Cost:
    """Standard scores per row, as ``normalize_cost`` says."""
    _, mean, _ = layer_norm_shape(attrs, x, weight, bias)
    return normalize_cost(_elements(attrs, mean), mean.numel, weight, bias)


def layer_norm_forward(
    attrs: LayerNormAttrs, x: Array, weight: Array | None, bias: Array | None
) -> tuple[Array, Array, Array]:
    """(x - mean) * rstd * weight + bias; mean and rstd."""
    z, mean, rstd = standardize(x, _normalized_dims(attrs), attrs.eps)
    return affine(z, weight, bias), mean, rstd


def layer_norm_backward(
    attrs: LayerNormAttrs,
    grad_y: Array,
    x: Array,
    weight: Array | None,
    bias: Array | None,
    *,
    mean: Array,
    rstd: Array,
) -> tuple[Array, Array | None, Array | None]:
    """Gradients of ``x``, ``weight`` and ``bias``."""
    z = (x - mean) * rstd
    grad_z, grad_weight, grad_bias = affine_backward(grad_y, z, weight, bias, _row_dims(attrs, x))
    return standardize_backward(grad_z, z, rstd, _normalized_dims(attrs)), grad_weight, grad_bias


def layer_norm_backward_cost(
    attrs: LayerNormAttrs, wanted: Wanted, x: TensorSpec, weight: TensorSpec | None, bias: TensorSpec | None
) -> Cost:
    """That of standard scores per row, as ``normalize_backward_cost`` says."""
    _, mean, _ = layer_norm_shape(attrs, x, weight, bias)
    return normalize_backward_cost(_elements(attrs, mean), mean.numel, wanted, weight, bias)


def rms_norm_shape(attrs: LayerNormAttrs, x: TensorSpec, weight: TensorSpec | None) -> tuple[TensorSpec, TensorSpec]:
    """Same as ``x``; the reciprocal root mean square."""
    return x, _check("rms_norm", attrs, x, weight, None)


def rms_norm_cost(attrs: LayerNormAttrs, x: TensorSpec, weight: TensorSpec | None) -> Cost:
    """Per element: a square, its add into the mean, times rrms, times ``weight`` if there is one.

    Per row: one division by its length, one add of eps, one reciprocal square root.
    """
    _, rrms = rms_norm_shape(attrs, x, weight)
    elements, rows = _elements(attrs, rrms), rrms.numel
    return Cost(
        adds=total((product(elements), product(rows=rows))),
        muls=product({**elements, "each": 2 + (weight is not None)}),
        divs=product(rows=rows),
        sqrts=product(rows=rows),
    )


def rms_norm_forward(attrs: LayerNormAttrs, x: Array, weight: Array | None) -> tuple[Array, Array]:
    """x * rrms * weight with rrms = 1 / sqrt(mean of x² + eps); rrms."""
    wide = in_single_precision(x)
    rrms = 1 / np.sqrt((wide * wide).mean(axis=_normalized_dims(attrs), keepdims=True) + attrs.eps)
    return affine((wide * rrms).astype(x.dtype, copy=False), weight, None), rrms.astype(x.dtype, copy=False)


def rms_norm_backward(
    attrs: LayerNormAttrs, grad_y: Array, x: Array, weight: Array | None, *, rrms: Array
) -> tuple[Array, Array | None]:
    """The direct part, less what goes through the mean square; and the gradient of ``weight``."""
    z = x * rrms
    grad_z, grad_weight, _ = affine_backward(grad_y, z, weight, None, _row_dims(attrs, x))
    through = z * (grad_z * z).mean(axis=_normalized_dims(attrs), keepdims=True)
    return rrms * (grad_z - through), grad_weight


def rms_norm_backward_cost(attrs: LayerNormAttrs, wanted: Wanted, x: TensorSpec, weight: TensorSpec | None) -> Cost:
    """Per element: x times rrms again; for ``weight`` a product and an add.

    For ``x`` a product with ``weight``, a product and the add into its mean, one product with that, a subtraction, and
    the product with rrms; per row one division.
    """
    if not any(wanted):
        return FREE
    grad_x, grad_weight = wanted
    _, rrms = rms_norm_shape(attrs, x, weight)
    elements = _elements(attrs, rrms)
    return Cost(
        adds=product({**elements, "each": grad_weight + 2 * grad_x}),
        muls=product({**elements, "each": 1 + grad_weight + (3 + (weight is not None)) * grad_x}),
        divs=product(rows=rrms.numel) if grad_x else 0,
    )


def layer_norm_extent(attrs: LayerNormAttrs, _x: TensorSpec, *_parameters: TensorSpec | None) -> Extent:
    """The normalised dimensions are mixed."""
    return Mixes(_normalized_dims(attrs))


def _check(op: str, attrs: LayerNormAttrs, x: TensorSpec, *parameters: TensorSpec | None) -> TensorSpec:
    """Spec of a statistic: size 1 along what it was taken over."""
    normalized = attrs.normalized_shape
    if not normalized or x.shape[-len(normalized) :] != normalized:
        raise ShapeError(f"{op}: expected x to end in normalized_shape {normalized}, got {x.shape}")
    for name, spec in zip(("weight", "bias"), parameters, strict=False):
        if spec is not None and spec.shape != normalized:
            raise ShapeError(f"{op}: expected {name} of shape {normalized}, got {spec.shape}")
    return TensorSpec((*x.shape[: -len(normalized)], *(1,) * len(normalized)), x.dtype)


def _elements(attrs: LayerNormAttrs, statistic: TensorSpec) -> dict[str, int]:
    return {"rows": statistic.numel, **{f"d{i}": size for i, size in enumerate(attrs.normalized_shape)}}


def _normalized_dims(attrs: LayerNormAttrs) -> Dims:
    return tuple(range(-len(attrs.normalized_shape), 0))


def _row_dims(attrs: LayerNormAttrs, x: Array) -> Dims:
    return tuple(range(x.ndim - len(attrs.normalized_shape)))


LAYER_NORM = register(
    OpDef(
        name="layer_norm",
        kind="norm",
        attrs=LayerNormAttrs,
        inputs=("x", "weight", "bias"),
        shape=layer_norm_shape,
        cost=layer_norm_cost,
        forward=layer_norm_forward,
        backward=layer_norm_backward,
        backward_cost=layer_norm_backward_cost,
        saves=("x", "weight", "mean", "rstd"),
        extras=("mean", "rstd"),
        extent=layer_norm_extent,
    )
)

RMS_NORM = register(
    OpDef(
        name="rms_norm",
        kind="norm",
        attrs=LayerNormAttrs,
        inputs=("x", "weight"),
        shape=rms_norm_shape,
        cost=rms_norm_cost,
        forward=rms_norm_forward,
        backward=rms_norm_backward,
        backward_cost=rms_norm_backward_cost,
        saves=("x", "weight", "rrms"),
        extras=("rrms",),
        extent=layer_norm_extent,
    )
)
