"""Positions as angles: pairs of features turned by an angle that grows with the position.

Shapes
    x         (N, H, T, E)
    cos, sin  (N, T, W / 2) or (1, T, W / 2), W even and at most E: the first W features are turned, others stay
    y         that of x

A pair (a, b) becomes (a cos - b sin, a sin + b cos). Pairs are neighbours if ``interleaved``, else feature i of the
first half of W and feature i of the second.

Source: Su et al. 2021, "RoFormer: Enhanced transformer with rotary position embedding", equation 34; ONNX
RotaryEmbedding, version 23.
"""

from __future__ import annotations

from dataclasses import dataclass

from netweight.count import Count, product
from netweight.errors import ShapeError
from netweight.ir import TensorSpec
from netweight.lazy import Array, np
from netweight.ops.arrays.broadcast import unbroadcast, unbroadcast_cost
from netweight.ops.arrays.dims import merged
from netweight.ops.extent import mixes_last
from netweight.ops.table import FREE, Cost, Wanted, define


@dataclass(frozen=True, slots=True, kw_only=True)
class RotaryAttrs:
    """Attributes of rotary positions.

    Attributes:
        interleaved: Pairs are neighbours, not the same feature of two halves.
    """

    interleaved: bool = False


def rotary_embedding_shape(_attrs: RotaryAttrs, x: TensorSpec, cos: TensorSpec, sin: TensorSpec) -> TensorSpec:
    """Same as ``x``."""
    fits = len(x.shape) == 4 and len(cos.shape) == 3 and cos.shape == sin.shape
    if not fits or cos.shape[0] not in (1, x.shape[0]) or cos.shape[1] != x.shape[2] or 2 * cos.shape[2] > x.shape[3]:
        raise ShapeError(
            "rotary_embedding: expected x (N, H, T, E), cos and sin (N or 1, T, W / 2) with W up to E, "
            f"got {x.shape}, {cos.shape} and {sin.shape}"
        )
    return x


def rotary_embedding_cost(_attrs: RotaryAttrs, x: TensorSpec, cos: TensorSpec, _sin: TensorSpec) -> Cost:
    """Four multiplications, an addition and a subtraction per pair."""
    pairs = _pairs(x, cos)
    return Cost(muls=product(pairs, each=4), adds=product(pairs, each=2))


def rotary_embedding_forward(attrs: RotaryAttrs, x: Array, cos: Array, sin: Array) -> Array:
    """Both of every pair."""
    a, b = _parts(attrs, x, cos)
    c, s = cos[:, None], sin[:, None]
    return _joined(attrs, a * c - b * s, a * s + b * c, x)


def rotary_embedding_backward(
    attrs: RotaryAttrs, grad_y: Array, x: Array, cos: Array, sin: Array
) -> tuple[Array, Array, Array]:
    """Gradients are turned back; those of an angle collect all heads, and all samples that share it."""
    (grad_a, grad_b), (a, b) = _parts(attrs, grad_y, cos), _parts(attrs, x, cos)
    c, s = cos[:, None], sin[:, None]
    grad_x = _joined(attrs, grad_a * c + grad_b * s, grad_b * c - grad_a * s, grad_y)
    grad_cos = unbroadcast(a * grad_a + b * grad_b, c.shape)[:, 0]
    grad_sin = unbroadcast(a * grad_b - b * grad_a, s.shape)[:, 0]
    return grad_x, grad_cos, grad_sin


def rotary_embedding_backward_cost(
    attrs: RotaryAttrs, wanted: Wanted, x: TensorSpec, cos: TensorSpec, sin: TensorSpec
) -> Cost:
    """That of the forward for ``x``; for each of cos and sin two products and a sum per pair, and the sums."""
    pairs = _pairs(x, cos)
    cost = rotary_embedding_cost(attrs, x, cos, sin) if wanted[0] else FREE
    for asked in wanted[1:]:
        if asked:
            cost += Cost(muls=product(pairs, each=2), adds=product(pairs))
            cost += unbroadcast_cost(int(product(pairs)), cos.numel)
    return cost


def _pairs(x: TensorSpec, cos: TensorSpec) -> dict[str, int | Count]:
    n, heads, t, _ = x.shape
    return {"n": n, "heads": heads, "t": t, "pairs": cos.shape[2]}


def _parts(attrs: RotaryAttrs, x: Array, cos: Array) -> tuple[Array, Array]:
    """First and second of every pair, (N, H, T, W / 2) each."""
    half = cos.shape[2]
    turned = x[..., : 2 * half]
    return (turned[..., 0::2], turned[..., 1::2]) if attrs.interleaved else (turned[..., :half], turned[..., half:])


def _joined(attrs: RotaryAttrs, a: Array, b: Array, x: Array) -> Array:
    """Pairs where they belong in ``x``, the rest of it behind them."""
    turned = merged(np.stack([a, b], axis=-1), a.ndim - 1) if attrs.interleaved else np.concatenate([a, b], -1)
    return np.concatenate([turned, x[..., turned.shape[-1] :]], axis=-1).astype(x.dtype, copy=False)


ROTARY_EMBEDDING = define(
    name="rotary_embedding",
    kind="elementwise",
    attrs=RotaryAttrs,
    inputs=("x", "cos", "sin"),
    shape=rotary_embedding_shape,
    cost=rotary_embedding_cost,
    forward=rotary_embedding_forward,
    backward=rotary_embedding_backward,
    backward_cost=rotary_embedding_backward_cost,
    saves={"cos": ("x",), "sin": ("x",), "x": ("cos", "sin")},
    extent=mixes_last,
    dims={"x": "n heads t e", "y": "n heads t e"},
)
