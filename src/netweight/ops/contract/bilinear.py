"""Bilinear layer: products of every feature of one tensor with every feature of another.

Shapes
    x1      (..., in1)
    x2      (..., in2)
    weight  (out, in1, in2)
    bias    (out,) or None
    y       (..., out)

In the einsum strings below: n rows, i and j features in, o features out, summed one after the other:
    forward      oij, nj -> noi, then noi, ni -> no
    grad_x1      no, noi -> ni
    grad_x2      no, ni, oij -> nj
    grad_weight  no, ni, nj -> oij

Source: torch.nn.Bilinear.
"""

from __future__ import annotations

from netweight.count import product
from netweight.errors import ShapeError
from netweight.ir import TensorSpec
from netweight.lazy import Array, np
from netweight.ops.extent import mixes_last
from netweight.ops.table import FREE, Cost, Spelled, Wanted, define


def bilinear_shape(
    _attrs: None, x1: TensorSpec, x2: TensorSpec, weight: TensorSpec, bias: TensorSpec | None
) -> TensorSpec:
    """Last dimension of ``x1`` becomes out."""
    if len(weight.shape) != 3:
        raise ShapeError(f"bilinear: expected weight (out, in1, in2), got {weight.shape}")
    out, *features = weight.shape
    if x1.shape[:-1] != x2.shape[:-1] or [*x1.shape[-1:], *x2.shape[-1:]] != features:
        raise ShapeError(
            f"bilinear: expected x1 (..., {features[0]}) and x2 (..., {features[1]}), got {x1.shape} and {x2.shape}"
        )
    if bias is not None and bias.shape != (out,):
        raise ShapeError(f"bilinear: expected bias of shape ({out},), got {bias.shape}")
    return TensorSpec((*x1.shape[:-1], out), x1.dtype)


def bilinear_cost(attrs: None, x1: TensorSpec, x2: TensorSpec, weight: TensorSpec, bias: TensorSpec | None) -> Cost:
    """Per output element in1 sums over in2, and a sum of in1 of those; the bias is one add."""
    rows = bilinear_shape(attrs, x1, x2, weight, bias).numel // max(weight.shape[0], 1)
    out, in1, in2 = weight.shape
    return Cost(
        macs=product(rows=rows, out=out, in1=in1, in2=in2) + product(rows=rows, out=out, in1=in1),
        adds=0 if bias is None else product(rows=rows, out=out),
    )


def bilinear_forward(_attrs: None, x1: Array, x2: Array, weight: Array, bias: Array | None) -> Array:
    """y_o = x1ᵀ weight_o x2 + bias_o."""
    first, second = x1.reshape(-1, x1.shape[-1]), x2.reshape(-1, x2.shape[-1])
    y = np.einsum("noi,ni->no", np.einsum("oij,nj->noi", weight, second), first)
    y = y.reshape(*x1.shape[:-1], weight.shape[0])
    return y if bias is None else y + bias


def bilinear_backward(
    _attrs: None, grad_y: Array, x1: Array, x2: Array, weight: Array, bias: Array | None
) -> tuple[Array | None, ...]:
    """Gradients of all four."""
    first, second = x1.reshape(-1, x1.shape[-1]), x2.reshape(-1, x2.shape[-1])
    grad = grad_y.reshape(-1, weight.shape[0])
    grad_x1 = np.einsum("no,noi->ni", grad, np.einsum("oij,nj->noi", weight, second))
    outer = np.einsum("no,ni->noi", grad, first)
    grad_x2 = np.einsum("noi,oij->nj", outer, weight)
    grad_weight = np.einsum("noi,nj->oij", outer, second)
    return (
        grad_x1.reshape(x1.shape),
        grad_x2.reshape(x2.shape),
        grad_weight,
        None if bias is None else grad.sum(axis=0),
    )


def bilinear_backward_cost(
    attrs: None, wanted: Wanted, x1: TensorSpec, x2: TensorSpec, weight: TensorSpec, bias: TensorSpec | None
) -> Cost:
    """For ``x1`` the work of the forward; products of ``grad_y`` and ``x1``, once, for both others, and their sums."""
    rows = bilinear_shape(attrs, x1, x2, weight, bias).numel // max(weight.shape[0], 1)
    out, in1, in2 = weight.shape
    whole = product(rows=rows, out=out, in1=in1, in2=in2)
    cost = FREE
    if wanted[0]:
        cost += Cost(macs=whole + product(rows=rows, out=out, in1=in1))
    if wanted[1] or wanted[2]:
        cost += Cost(muls=product(rows=rows, out=out, in1=in1))
    cost += sum((Cost(macs=whole) for want in wanted[1:3] if want), start=FREE)
    return cost + Cost(adds=product(rows=rows, out=out)) if wanted[3] else cost


BILINEAR = define(
    name="bilinear",
    kind="matmul",
    inputs=("x1", "x2", "weight", "bias"),
    shape=bilinear_shape,
    cost=bilinear_cost,
    forward=bilinear_forward,
    backward=bilinear_backward,
    backward_cost=bilinear_backward_cost,
    saves={"x1": ("x2", "weight"), "x2": ("x1", "weight"), "weight": ("x1", "x2")},
    extent=mixes_last,
    dims={"x1": "*rows in1", "x2": "*rows in2", "weight": "out in1 in2", "bias": "out", "y": "*rows out"},
    says="x1ᵀ weight x2 + bias per output feature.",
    spelled=Spelled("bilinear"),
)
