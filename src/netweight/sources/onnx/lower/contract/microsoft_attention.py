"""Attention as ONNX Runtime fuses it: with its projections, its masks, its cache and its rotation of positions."""

from __future__ import annotations

import math
from itertools import pairwise
from typing import Any

from netweight.lazy import np
from netweight.ops.contract.attention import AttentionAttrs
from netweight.ops.move.slicing import ConcatAttrs
from netweight.ops.norm.layer_norm import LayerNormAttrs
from netweight.ops.quantize.affine import ScaleAttrs
from netweight.sources.onnx.call import Call
from netweight.sources.onnx.lower import lowers
from netweight.sources.onnx.lower.common import permuted, reshaped
from netweight.sources.onnx.lower.contract.attention import appended, both, from_heads, looked_up, rotated, to_heads
from netweight.sources.onnx.lower.parts import cut, row
from netweight.sources.onnx.lower.quantize.layers import joint_scale, only, weigh_as_stored
from netweight.sources.onnx.tensor import Tensor

_MICROSOFT = "com.microsoft"


def attended(
    call: Call, q: Tensor, key: Tensor, value: Tensor, mask: Tensor | None, *, causal: bool, offset: int
) -> Tensor:
    """(N, T, heads * features) of queries, keys and values by head."""
    attrs = AttentionAttrs(
        scale=float(call.attr("scale", 0.0)) or 1 / math.sqrt(q.shape[-1]),
        is_causal=causal,
        causal_offset=offset if causal else 0,
        softcap=max(call.attr("softcap", 0.0), 0.0),
    )
    return from_heads(call, call.op("scaled_dot_product_attention", attrs, q, key, value, mask))


def padding_mask(call: Call, mask: Tensor, batch: int, queries: int, keys: int) -> Any:
    """A mask of the keys that are no padding, from zeros and ones or from where each sample begins and ends.

    NotImplemented for forms that no transformer on its own uses.
    """
    place = call.made((keys,), "int32", lambda: np.arange(keys, dtype=np.int32))
    zero = call.constant(np.zeros((), np.int32))
    if mask.shape == (batch,):
        return call.op("lt", None, place, reshaped(call, mask, (batch, 1, 1, 1)))
    if mask.shape == (2 * batch,):
        end, begin = (reshaped(call, cut(call, mask, 0, at, at + batch), (batch, 1, 1, 1)) for at in (0, batch))
        return call.op("logical_and", None, call.op("lt", None, place, end), call.op("ge", None, place, begin))
    if mask.shape == (batch, keys):
        return call.op("ne", None, reshaped(call, mask, (batch, 1, 1, keys)), zero)
    if mask.shape == (batch, queries, keys):
        return call.op("ne", None, reshaped(call, mask, (batch, 1, queries, keys)), zero)
    if mask.rank == 4:
        part = cut(call, cut(call, mask, 2, keys - queries, keys), 3, 0, keys)
        return call.op("ne", None, part, zero)
    return NotImplemented


@lowers(f"{_MICROSOFT}.Attention")
def attention(
    call: Call, x: Tensor, weights: Tensor, bias: Tensor | None = None, mask: Tensor | None = None,
    past: Tensor | None = None, added: Tensor | None = None, past_length: Tensor | None = None,
) -> Any:  # fmt: skip
    """Self-attention with the projection of queries, keys and values."""
    if past_length is not None or call.attr("do_rotary", 0):
        return NotImplemented
    projected = call.op("matmul", None, x, weights)
    if bias is not None:
        projected = call.op("add", None, projected, bias)
    return _self_attention(call, projected, mask, past, added)


def _self_attention(call: Call, projected: Tensor, mask: Tensor | None, past: Tensor | None, added: Any) -> Any:
    heads, width = call.need("num_heads"), projected.shape[2]
    sizes = call.attr("qkv_hidden_sizes") or (width // 3,) * 3
    starts = (0, sizes[0], sizes[0] + sizes[1])
    q, k, v = (
        to_heads(call, cut(call, projected, 2, start, start + size), heads)
        for start, size in zip(starts, sizes, strict=True)
    )
    key, value = k, v
    if past is not None:
        key, value = appended(call, row(call, past, 0), k), appended(call, row(call, past, 1), v)
    batch, queries, keys = q.shape[0], q.shape[2], key.shape[2]
    seen = None if mask is None else padding_mask(call, mask, batch, queries, keys)
    if seen is NotImplemented:
        return NotImplemented
    causal = bool(call.attr("unidirectional", 0))
    y = attended(call, q, key, value, both(call, added, seen), causal=causal, offset=keys - queries)
    if not call.wants(1):
        return y
    pair = [reshaped(call, one, (1, *one.shape)) for one in (key, value)]
    return y, call.op("concat", ConcatAttrs(dim=0), *pair)


@lowers(f"{_MICROSOFT}.QAttention")
def quantized_attention(
    call: Call, x: Tensor, weight: Tensor, bias: Tensor, x_scale: Tensor, w_scale: Tensor,
    mask: Tensor | None = None, x_zero: Tensor | None = None, w_zero: Tensor | None = None, past: Tensor | None = None,
) -> Any:  # fmt: skip
    """The projection in integers; attention itself in floating numbers."""
    if call.attr("do_rotary", 0):
        return NotImplemented
    weigh_as_stored(weight, w_scale, w_zero)
    sums = call.op("integer_matmul", None, x, weight, only(call, x_zero), only(call, w_zero))
    scale = only(call, joint_scale(call, x_scale, w_scale))
    attrs = ScaleAttrs(dim=2 if w_scale.spec.numel > 1 else None)
    projected = call.op("add", None, call.op("dequantize", attrs, sums, scale, None), bias)
    return _self_attention(call, projected, mask, past, None)


@lowers(f"{_MICROSOFT}.MultiHeadAttention")
def multi_head_attention(
    call: Call, query: Tensor, key: Tensor | None = None, value: Tensor | None = None, bias: Tensor | None = None,
    mask: Tensor | None = None, added: Tensor | None = None, past_key: Tensor | None = None,
    past_value: Tensor | None = None, past_length: Tensor | None = None, beams: Tensor | None = None,
) -> Any:  # fmt: skip
    """Attention of what was projected before, without its biases."""
    if past_length is not None or beams is not None or call.wants(3):
        return NotImplemented
    heads = call.need("num_heads")
    q, k, v = _unpacked(call, query, key, value, heads)
    if bias is not None:
        q, k, v = _with_biases(call, (q, k, v), bias)
    key, value = appended(call, past_key, k), appended(call, past_value, v)
    queries, keys = q.shape[2], key.shape[2]
    seen = None if mask is None else padding_mask(call, mask, q.shape[0], queries, keys)
    if seen is NotImplemented:
        return NotImplemented
    causal = bool(call.attr("unidirectional", 0))
    y = attended(call, q, key, value, both(call, added, seen), causal=causal, offset=keys - queries)
    return y, key, value


def _unpacked(
    call: Call, query: Tensor, key: Tensor | None, value: Tensor | None, heads: int
) -> tuple[Tensor, Tensor, Tensor]:
    """Queries, keys and values by head, each packed with the others or by itself."""
    if key is None:
        q, k, v = _third(call, query, 3)
        return q, k, v
    q = to_heads(call, query, heads)
    if value is None:
        k, v = _third(call, key, 2)
        return q, k, v
    first, second = (x if x.rank == 4 else to_heads(call, x, heads) for x in (key, value))
    return q, first, second


def _third(call: Call, packed: Tensor, count: int) -> list[Tensor]:
    """Parts of (N, T, heads, count, features)."""
    n, t, heads, _, features = packed.shape
    parts = [reshaped(call, cut(call, packed, 3, at, at + 1), (n, t, heads, features)) for at in range(count)]
    return [permuted(call, part, (0, 2, 1, 3)) for part in parts]


def _with_biases(call: Call, parts: tuple[Tensor, ...], bias: Tensor) -> list[Tensor]:
    start, found = 0, []
    for part in parts:
        heads, features = part.shape[1], part.shape[3]
        own = cut(call, bias, 0, start, start + heads * features)
        found.append(call.op("add", None, part, reshaped(call, own, (1, heads, 1, features))))
        start += heads * features
    return found


@lowers(f"{_MICROSOFT}.GroupQueryAttention")
def group_query_attention(
    call: Call, query: Tensor, key: Tensor | None, value: Tensor | None, past_key: Tensor | None,
    past_value: Tensor | None, lengths: Tensor, total: Tensor, cos: Tensor | None = None, sin: Tensor | None = None,
    positions: Tensor | None = None, added: Tensor | None = None, sink: Tensor | None = None,
    k_scale: Tensor | None = None, v_scale: Tensor | None = None, q_norm: Tensor | None = None,
    k_norm: Tensor | None = None,
) -> Any:  # fmt: skip
    """Causal attention with a cache and shared key heads.

    Every sample is taken to be as long as the longest, so ``lengths`` are not read; for a single sample that is exact.
    """
    unusual = call.attr("smooth_softmax", 0) == 1 or call.attr("sliding_window_cache", 0) or call.wants(3)
    if sink is not None or k_scale is not None or v_scale is not None or unusual:
        return NotImplemented
    q, k, v = _grouped(call, query, key, value)
    q, k = _normalized(call, q, q_norm), _normalized(call, k, k_norm)
    steps = q.shape[1]
    room = 0 if past_key is None else past_key.shape[2]
    before = total.item() - steps if total.known else room
    q, k, v = (permuted(call, x, (0, 2, 1, 3)) for x in (q, k, v))
    if call.attr("do_rotary", 0) and cos is not None and sin is not None:
        places = _places(call, steps, before) if positions is None else positions
        angles = looked_up(call, places, (cos, sin))
        interleaved = bool(call.attr("rotary_interleaved", 0))
        q, k = (rotated(call, x, angles, interleaved=interleaved) for x in (q, k))
    if past_key is not None and past_value is not None and before > 0:
        k = appended(call, cut(call, past_key, 2, 0, before), k)
        v = appended(call, cut(call, past_value, 2, 0, before), v)
    causal = bool(call.attr("causal", 1))
    mask = both(call, added, _local_mask(call, steps, k.shape[2], before))
    y = attended(call, q, k, v, mask, causal=causal, offset=before)
    return y, _present(call, past_key, k), _present(call, past_value, v)


def _grouped(call: Call, query: Tensor, key: Tensor | None, value: Tensor | None) -> list[Tensor]:
    """Queries, keys and values, each (N, T, heads, features)."""
    heads, groups = call.need("num_heads"), call.need("kv_num_heads")
    if key is None or value is None:
        features = query.shape[2] // (heads + 2 * groups)
        bounds = [0, heads * features, (heads + groups) * features, (heads + 2 * groups) * features]
        parts = [cut(call, query, 2, start, stop) for start, stop in pairwise(bounds)]
    else:
        parts = [query, key, value]
    return [
        reshaped(call, part, (*part.shape[:2], count, part.shape[2] // count))
        for part, count in zip(parts, (heads, groups, groups), strict=True)
    ]


def _normalized(call: Call, x: Tensor, weight: Tensor | None) -> Tensor:
    if weight is None:
        return x
    attrs = LayerNormAttrs(normalized_shape=x.shape[-1:], eps=call.attr("qk_norm_epsilon", 1e-6))
    result: Tensor = call.op("rms_norm", attrs, x, weight)
    return result


def _places(call: Call, steps: int, before: int) -> Tensor:
    """Positions after those of the cache."""
    return call.made((1, steps), "int64", lambda: np.arange(before, before + steps)[None])


def _local_mask(call: Call, queries: int, keys: int, before: int) -> Tensor | None:
    """The last keys up to each query's own, as many as the window has; None for all."""
    window = call.attr("local_window_size", -1)
    if window <= 0 or window >= keys:
        return None
    return call.made((queries, keys), "bool", lambda: np.arange(keys) - np.arange(queries)[:, None] - before > -window)


def _present(call: Call, past: Tensor | None, x: Tensor) -> Tensor:
    """Keys or values for the next call; in the room of the past if that has more than is needed."""
    if past is None or past.shape[2] <= x.shape[2]:
        return x
    return appended(call, x, cut(call, past, 2, x.shape[2], past.shape[2]))


@lowers(f"{_MICROSOFT}.RotaryEmbedding")
def rotary_embedding(call: Call, x: Tensor, positions: Tensor, cos: Tensor, sin: Tensor) -> Any:
    """A single position is that of the first step; others follow it."""
    if call.attr("is_packed_batching", 0):
        return NotImplemented
    heads = call.attr("num_heads", 0) or x.shape[-1] // (2 * cos.shape[1])
    headed = x if x.rank == 4 else to_heads(call, x, heads)
    if positions.shape in ((1,), ()):
        steps = _places(call, headed.shape[2], 0)
        positions = call.op("add", None, steps, reshaped(call, positions, (1, 1)))
    y = rotated(call, headed, looked_up(call, positions, (cos, sin)), interleaved=bool(call.attr("interleaved", 0)))
    return y if x.rank == 4 else from_heads(call, y)
