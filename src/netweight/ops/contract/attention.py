"""Scaled dot-product attention with masks, causality and grouped heads.

Shapes
    query  (*batch, H, L, E), or (L, E)
    key    (*batch, H_kv, S, E); H a multiple of H_kv, each key head serving H / H_kv neighbouring query heads
    value  (*batch, H_kv, S, E_v)
    mask   broadcastable to (*batch, H, L, S), or None; booleans: True attends; numbers are added to the scores
    y      (*batch, H, L, E_v)

In the einsum strings below: g key head, r query head of the group, l query position, s key position, e v features.
    scores      ...grle, ...gse -> ...grls       y           ...grls, ...gsv -> ...grlv
    grad_query  ...grls, ...gse -> ...grle       grad_p      ...grlv, ...gsv -> ...grls
    grad_key    ...grls, ...grle -> ...gse       grad_value  ...grls, ...grlv -> ...gsv

Backward computes the probabilities again from the logarithm of each row's sum, as fused kernels do, so that training
keeps nothing of L * S elements. A row with nothing to attend to gives zeros and passes no gradient, as in PyTorch
since 2.5.

Source: Vaswani et al. 2017, equation 1; Ainslie et al. 2023 (grouped heads); Dao et al. 2022, algorithm 4 (backward);
torch.nn.functional.scaled_dot_product_attention; ONNX Attention (soft cap, offset).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import ClassVar

from netweight.count import product, total
from netweight.errors import ShapeError
from netweight.ir import TensorSpec
from netweight.lazy import Array, np
from netweight.ops.arrays.broadcast import Shape, broadcast_shape, unbroadcast, unbroadcast_cost
from netweight.ops.extent import Extent, Mixes
from netweight.ops.table import FREE, Cost, Wanted, define


@dataclass(frozen=True, slots=True, kw_only=True)
class AttentionAttrs:
    """Attributes of scaled dot-product attention.

    Attributes:
        scale: Factor of the scores; 1 / sqrt(E) unless the model says otherwise.
        is_causal: Query l sees keys 0 to l + causal_offset, counted from the first whatever L and S; beside the mask if
            there is one.
        causal_offset: Keys before those of the first query, as a cache of past keys holds them.
        softcap: Scores s become softcap * tanh(s / softcap) before any mask; 0 for none.
    """

    scale: float
    is_causal: bool = False
    causal_offset: int = 0
    softcap: float = 0.0
    counts_hidden: ClassVar[bool] = True


class SeenPairsAttrs(AttentionAttrs):
    """The same attention, whose work is counted for the pairs that a causal mask leaves: kernels leave out the rest."""

    __slots__ = ()
    counts_hidden: ClassVar[bool] = False


def attention_shape(
    attrs: AttentionAttrs, query: TensorSpec, key: TensorSpec, value: TensorSpec, mask: TensorSpec | None
) -> tuple[TensorSpec, TensorSpec]:
    """Sizes of ``query`` with the features of ``value``; and one logarithm per query."""
    if attrs.softcap < 0:
        raise ShapeError(f"scaled_dot_product_attention: expected softcap of at least 0, got {attrs.softcap}")
    q, k, v = query.shape, key.shape, value.shape
    if not (len(q) == len(k) == len(v) >= 2) or q[:-3] != k[:-3] or k[:-1] != v[:-1] or q[-1] != k[-1]:
        raise ShapeError(
            "scaled_dot_product_attention: expected query (*batch, H, L, E), key (*batch, H_kv, S, E) and "
            f"value (*batch, H_kv, S, E_v), got {q}, {k} and {v}"
        )
    if len(q) > 2 and (k[-3] == 0 or q[-3] % k[-3]):
        raise ShapeError(
            f"scaled_dot_product_attention: expected query heads divisible by key heads, got {q[-3]} and {k[-3]}"
        )
    scores = (*q[:-1], k[-2])
    if mask is not None and broadcast_shape("scaled_dot_product_attention", mask.shape, scores) != scores:
        raise ShapeError(f"scaled_dot_product_attention: expected a mask that broadcasts to {scores}, got {mask.shape}")
    return TensorSpec((*q[:-1], v[-1]), query.dtype), TensorSpec(q[:-1], query.dtype)


def attention_cost(
    attrs: AttentionAttrs, query: TensorSpec, key: TensorSpec, value: TensorSpec, mask: TensorSpec | None
) -> Cost:
    """Two products per query and key, dense: masked pairs count.

    Per score besides: one multiplication by the scale, one addition of a mask of numbers or one logic operation per
    boolean or causal mask, and the softmax (compare for the maximum, subtract it, exponential, add, divide). A soft
    cap is a hyperbolic tangent and a product; its quotient is one product with the scale.
    The logarithm per row, which only training needs, is not counted. ``SeenPairsAttrs`` has the pairs that causality
    leaves instead of all of them, s(s + 1)/2 of s * s, and no operation that hides the others.
    """
    attention_shape(attrs, query, key, value, mask)
    *batch, queries, e = query.shape
    *_, keys, e_v = value.shape
    pairs = {**_batch_names(tuple(batch)), **_pairs(attrs, queries, keys)}
    boolean = mask is not None and mask.dtype == "bool"
    added = mask is not None and not boolean
    selections = boolean + (attrs.is_causal and attrs.counts_hidden)
    return Cost(
        macs=product({**pairs, "e + e_v": total([product(e=e), product(e_v=e_v)])}),
        muls=product(pairs, each=2) if attrs.softcap else product(pairs),
        adds=product(pairs, each=2 + added),
        exps=product(pairs),
        divs=product(pairs),
        compares=product(pairs),
        tanhs=product(pairs) if attrs.softcap else 0,
        logics=product(pairs, each=selections) if selections else 0,
    )


def attention_forward(
    attrs: AttentionAttrs, query: Array, key: Array, value: Array, mask: Array | None
) -> tuple[Array, Array]:
    """softmax(query keyᵀ * scale + mask) value; and the logarithm of the sum of each row's exponentials.

    With numbers of 16 bits every step is rounded to them, and products are added up in 32.
    """
    scores = _masked(attrs, _scores(attrs, query, key), mask, query.shape)
    largest = scores.max(axis=-1, keepdims=True, initial=-np.inf).astype(scores.dtype)
    largest = np.where(np.isneginf(largest), scores.dtype.type(0), largest)  # a row with nothing to attend to
    exps = np.exp(scores - largest)
    sums = exps.sum(axis=-1, keepdims=True)
    sums = np.where(sums == 0, sums.dtype.type(1), sums)
    y = _einsum("...grls,...gsv->...grlv", exps / sums, _with_heads(value))
    return y.reshape(*query.shape[:-1], value.shape[-1]), (largest + np.log(sums)).reshape(query.shape[:-1])


def attention_backward(
    attrs: AttentionAttrs,
    grad_y: Array,
    query: Array,
    key: Array,
    value: Array,
    mask: Array | None,
    *,
    y: Array,
    logsumexp: Array,
) -> tuple[Array, Array, Array, Array | None]:
    """grad_scores = p * (grad_p - grad_y · y), with p = exp(scores - logsumexp) computed again."""
    heads = _with_heads(key).shape[-3]
    grouped_query, grad = _grouped(query, heads), _grouped(grad_y, heads)
    k, v = _with_heads(key), _with_heads(value)
    scores = _scores(attrs, query, key)
    p = np.exp(_masked(attrs, scores, mask, query.shape) - logsumexp.reshape(*grad.shape[:-1], 1))
    grad_p = np.einsum("...grlv,...gsv->...grls", grad, v)
    drawn = np.einsum("...v,...v->...", grad, _grouped(y, heads))
    grad_scores = p * (grad_p - drawn[..., None])
    grad_value = np.einsum("...grls,...grlv->...gsv", p, grad)
    grad_mask = None
    if mask is not None and mask.dtype.kind != "b":
        grad_mask = unbroadcast(grad_scores.reshape(*query.shape[:-1], key.shape[-2]), mask.shape)
    if attrs.softcap:
        grad_scores = grad_scores * (1 - (scores / attrs.softcap) ** 2)
    grad_query = attrs.scale * np.einsum("...grls,...gse->...grle", grad_scores, k)
    grad_key = attrs.scale * np.einsum("...grls,...grle->...gse", grad_scores, grouped_query)
    return grad_query.reshape(query.shape), grad_key.reshape(key.shape), grad_value.reshape(value.shape), grad_mask


def attention_backward_cost(
    attrs: AttentionAttrs,
    wanted: Wanted,
    query: TensorSpec,
    key: TensorSpec,
    value: TensorSpec,
    mask: TensorSpec | None,
) -> Cost:
    """Four products per query and key, twice the forward: grad_value, grad_p, grad_query and grad_key; dense.

    Scores that backward computes again are not counted: a kernel that keeps them does not. With them it would be five,
    as PyTorch's counter has it. Besides: a product and a subtraction per score, grad_y · y per query, and the scale on
    the gradients of ``query`` and ``key``. The slope of a soft cap is three products and a subtraction per score.
    """
    attention_shape(attrs, query, key, value, mask)
    grad_query, grad_key, grad_value, grad_mask = wanted
    *batch, queries, e = query.shape
    *_, keys, e_v = value.shape
    pairs = {**_batch_names(tuple(batch)), **_pairs(attrs, queries, keys)}
    cost = Cost(macs=product({**pairs, "e_v": e_v})) if grad_value else FREE
    if not (grad_query or grad_key or grad_mask):
        return cost
    rows = product(rows=math.prod((*batch, queries)), e_v=e_v)
    cost += Cost(macs=product({**pairs, "e_v": e_v}), muls=product(pairs) + rows, adds=product(pairs) + rows)
    if attrs.softcap and (grad_query or grad_key):
        cost += Cost(muls=product(pairs, each=3), adds=product(pairs))
    for asked, tensor in ((grad_query, query), (grad_key, key)):
        if asked:
            cost += Cost(macs=product({**pairs, "e": e}), muls=product(elements=tensor.numel))
    if grad_mask and mask is not None:
        cost += unbroadcast_cost(math.prod((*batch, queries, keys)), mask.numel)
    return cost


def _pairs(attrs: AttentionAttrs, queries: int, keys: int) -> dict[str, int]:
    """How many queries meet how many keys; or how many pairs causality leaves, where only those count.

    Query l of those that see a part sees l + 1 + offset keys; those after them see all.
    """
    if attrs.counts_hidden or not attrs.is_causal:
        return {"l": queries, "s": keys}
    first = min(max(0, -attrs.causal_offset), queries)  # queries before it see nothing
    last = min(max(first, keys - attrs.causal_offset), queries)
    part = (last - first) * (first + last + 1 + 2 * attrs.causal_offset) // 2
    return {"causal pairs": part + (queries - last) * keys}


def attention_extent(_attrs: AttentionAttrs, *_inputs: TensorSpec | None) -> Extent:
    """All positions, and all features of a head."""
    return Mixes((-2, -1))


def _batch_names(batch: Shape) -> dict[str, int]:
    """Names of the dimensions before the positions: the batch, then the heads."""
    names = [*(["n"] if len(batch) == 2 else [f"batch{i}" for i in range(len(batch) - 1)]), "heads"][-len(batch) :]
    return dict(zip(names, batch, strict=True)) if batch else {}


def _with_heads(x: Array) -> Array:
    return x[None] if x.ndim == 2 else x


def _grouped(x: Array, heads: int) -> Array:
    """View (*batch, H, L, E) as (*batch, heads, H / heads, L, E)."""
    headed = _with_heads(x)
    return headed.reshape(*headed.shape[:-3], heads, headed.shape[-3] // heads, *headed.shape[-2:])


def _scores(attrs: AttentionAttrs, query: Array, key: Array) -> Array:
    """Scaled and capped scores (*batch, groups, heads of the group, L, S).

    Of 16 bits, both factors are scaled by the root, so that no product gets too large.
    """
    q, k, scale, cap = _grouped(query, _with_heads(key).shape[-3]), _with_heads(key), attrs.scale, attrs.softcap
    if query.dtype.itemsize == 2:
        root = query.dtype.type(math.sqrt(abs(scale)))
        q, k, scale, cap = q * root, k * root, query.dtype.type(math.copysign(1, scale)), query.dtype.type(cap)
    scores: Array = _einsum("...grle,...gse->...grls", q, k) * scale
    return cap * np.tanh(scores / cap) if cap else scores


def _einsum(letters: str, a: Array, b: Array) -> Array:
    """The contraction; 16-bit numbers are added up in 32 bits, because NumPy does not contract bfloat16."""
    if a.dtype.itemsize == 2:
        narrow: Array = np.einsum(letters, a.astype(np.float32), b.astype(np.float32)).astype(a.dtype)
        return narrow
    y: Array = np.einsum(letters, a, b)
    return y


def _masked(attrs: AttentionAttrs, grouped: Array, mask: Array | None, query_shape: Shape) -> Array:
    """The scores, minus infinity where a query may not look."""
    scores = grouped.reshape(*query_shape[:-1], grouped.shape[-1])
    lowest = scores.dtype.type(-np.inf)
    if mask is not None:
        scores = np.where(mask, scores, lowest) if mask.dtype.kind == "b" else scores + mask
    if attrs.is_causal:
        seen = np.tri(scores.shape[-2], scores.shape[-1], attrs.causal_offset, dtype=np.bool_)
        scores = np.where(seen, scores, lowest)
    masked: Array = scores.reshape(grouped.shape)
    return masked


SCALED_DOT_PRODUCT_ATTENTION = define(
    name="scaled_dot_product_attention",
    kind="attention",
    attrs=AttentionAttrs,
    inputs=("query", "key", "value", "mask"),
    shape=attention_shape,
    cost=attention_cost,
    forward=attention_forward,
    backward=attention_backward,
    backward_cost=attention_backward_cost,
    saves=("query", "key", "value", "mask", "y", "logsumexp"),
    extras=("logsumexp",),
    extent=attention_extent,
    dims={"query": "*batch heads l e", "key": "*batch kv_heads s e", "value": "*batch kv_heads s e_v",
          "y": "*batch heads l e_v"},
)  # fmt: skip
