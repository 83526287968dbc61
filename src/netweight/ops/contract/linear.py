"""Fully connected layer.

Shapes
    x       (..., in_features)
    weight  (out_features, in_features)
    bias    (out_features,) or None
    y       (..., out_features)

Source: torch.nn.functional.linear; ONNX Gemm with transB=1.
"""

from __future__ import annotations

from netweight.count import product, total
from netweight.errors import ShapeError
from netweight.ir import TensorSpec
from netweight.lazy import Array
from netweight.ops.arrays.fast_types import widened
from netweight.ops.extent import mixes_last
from netweight.ops.table import FREE, Cost, Wanted, define


def linear_shape(_attrs: None, x: TensorSpec, weight: TensorSpec, bias: TensorSpec | None) -> TensorSpec:
    """Last dimension of ``x`` becomes out_features."""
    if len(weight.shape) != 2:
        raise ShapeError(f"linear: expected weight (out_features, in_features), got {weight.shape}")
    out_features, in_features = weight.shape
    if not x.shape or x.shape[-1] != in_features:
        raise ShapeError(f"linear: expected x of shape (..., {in_features}), got {x.shape}")
    if bias is not None and bias.shape != (out_features,):
        raise ShapeError(f"linear: expected bias of shape ({out_features},), got {bias.shape}")
    return TensorSpec((*x.shape[:-1], out_features), x.dtype)


def linear_cost(attrs: None, x: TensorSpec, weight: TensorSpec, bias: TensorSpec | None) -> Cost:
    """in_features MACs per output element; the bias is one add per output element."""
    y = linear_shape(attrs, x, weight, bias)
    out_features, in_features = weight.shape
    rows = y.numel // out_features if out_features else 0
    return Cost(
        macs=product(rows=rows, out_features=out_features, in_features=in_features),
        adds=0 if bias is None else product(rows=rows, out_features=out_features),
    )


def linear_forward(_attrs: None, x: Array, weight: Array, bias: Array | None) -> Array:
    """y = x weightᵀ + bias."""
    left, right, back = widened(x, weight, (1,))
    y = back(left @ right.T)
    return y if bias is None else y + bias


def linear_backward(
    _attrs: None, grad_y: Array, x: Array, weight: Array, bias: Array | None
) -> tuple[Array, Array, Array | None]:
    """grad_x = grad_y weight; grad_weight = grad_yᵀ x; grad_bias = sum of grad_y."""
    rows = x.reshape(-1, x.shape[-1])
    grad_rows = grad_y.reshape(-1, grad_y.shape[-1])
    grad_bias = None if bias is None else grad_rows.sum(axis=0)
    return grad_y @ weight, grad_rows.T @ rows, grad_bias


def linear_backward_cost(
    attrs: None, wanted: Wanted, x: TensorSpec, weight: TensorSpec, bias: TensorSpec | None
) -> Cost:
    """As many MACs as the forward for the gradient of ``x``, and as many for that of ``weight``; adds for ``bias``."""
    if not any(wanted):
        return FREE
    grad_x, grad_weight, grad_bias = wanted
    forward = linear_cost(attrs, x, weight, bias)
    return Cost(macs=total([forward.macs] * (grad_x + grad_weight)), adds=forward.adds if grad_bias else 0)


LINEAR = define(
    name="linear",
    kind="linear",
    inputs=("x", "weight", "bias"),
    shape=linear_shape,
    cost=linear_cost,
    forward=linear_forward,
    backward=linear_backward,
    backward_cost=linear_backward_cost,
    saves={"x": ("weight",), "weight": ("x",)},
    extent=mixes_last,
    dims={"x": "*rows in_features", "weight": "out_features in_features", "bias": "out_features",
          "y": "*rows out_features"},
)  # fmt: skip
