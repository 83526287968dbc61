"""Normalisation of each sample or token over its last dimensions.

Shapes
    x, y          (..., *normalized_shape)
    weight, bias  normalized_shape or None

Source: layer, Ba et al. 2016; root mean square, Zhang & Sennrich 2019; torch.nn.functional.layer_norm, rms_norm.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

from netweight.errors import ShapeError
from netweight.ir import TensorSpec
from netweight.ops.extent import Extent, Mixes
from netweight.ops.norm.normalized import Groups, register_norm


@dataclass(frozen=True, slots=True, kw_only=True)
class LayerNormAttrs:
    """Attributes of layer normalisation, and of that by the root mean square.

    Attributes:
        normalized_shape: Sizes of the last dimensions, those with a common mean and variance.
        eps: Added to the variance, or to the mean square.
    """

    normalized_shape: tuple[int, ...]
    eps: float = 1e-5


def layer_groups(attrs: LayerNormAttrs, x: TensorSpec) -> Groups:
    """The last dimensions of each row, with a parameter for each position of them."""
    normalized = attrs.normalized_shape
    leading = x.shape[: len(x.shape) - len(normalized)]
    return Groups(
        shape=x.shape,
        dims=tuple(range(len(leading), len(x.shape))),
        parameter=(*(1 for _ in leading), *normalized),
        elements={"rows": math.prod(leading), **{f"d{i}": size for i, size in enumerate(normalized)}},
    )


def layer_norm_extent(attrs: LayerNormAttrs, _x: TensorSpec, *_parameters: TensorSpec | None) -> Extent:
    """The normalised dimensions are mixed."""
    return Mixes(tuple(range(-len(attrs.normalized_shape), 0)))


def _check(op: str) -> Callable[..., None]:
    def check(attrs: LayerNormAttrs, x: TensorSpec, *parameters: TensorSpec | None) -> None:
        normalized = attrs.normalized_shape
        if not normalized or x.shape[-len(normalized) :] != normalized:
            raise ShapeError(f"{op}: expected x to end in normalized_shape {normalized}, got {x.shape}")
        for name, spec in zip(("weight", "bias"), parameters, strict=False):
            if spec is not None and spec.shape != normalized:
                raise ShapeError(f"{op}: expected {name} of shape {normalized}, got {spec.shape}")

    return check


LAYER_NORM = register_norm("layer_norm", layer_groups, _check("layer_norm"), layer_norm_extent, attrs=LayerNormAttrs)
RMS_NORM = register_norm(
    "rms_norm", layer_groups, _check("rms_norm"), layer_norm_extent, attrs=LayerNormAttrs, centered=False
)
