"""Attention, and what goes with it: rotated positions, states instead of scores, gates."""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import partial
from typing import Any

from netweight.errors import FormatError
from netweight.functions.move.embed import embedding
from netweight.lazy import Array, np
from netweight.ops.contract.attention import AttentionAttrs
from netweight.ops.contract.linear_attention import LinearAttentionAttrs
from netweight.ops.contract.rotary import RotaryAttrs
from netweight.ops.move.rearrange import PadAttrs
from netweight.ops.move.slicing import ConcatAttrs
from netweight.ops.norm.softmax import SoftmaxAttrs
from netweight.sources.onnx.call import Call
from netweight.sources.onnx.lower import lowers
from netweight.sources.onnx.lower.common import cast_to, permuted, reshaped, scaled, transposed
from netweight.sources.onnx.numbers import dtype_of
from netweight.sources.onnx.tensor import Tensor


def to_heads(call: Call, x: Tensor, heads: int) -> Tensor:
    """(N, T, heads * features) as (N, heads, T, features).

    Raises:
        FormatError: If the features do not divide by the heads.
    """
    if not heads or x.shape[2] % heads:
        raise FormatError(f"{call.node.op_type}: expected features divisible by {heads} heads, got {x.shape}")
    n, t, features = x.shape
    return permuted(call, reshaped(call, x, (n, t, heads, features // heads)), (0, 2, 1, 3))


def from_heads(call: Call, x: Tensor) -> Tensor:
    """(N, heads, T, features) as (N, T, heads * features)."""
    n, heads, t, features = x.shape
    return reshaped(call, permuted(call, x, (0, 2, 1, 3)), (n, t, heads * features))


def appended(call: Call, past: Tensor | None, x: Tensor) -> Tensor:
    """Keys or values after those of the past."""
    if past is None or past.shape[2] == 0:
        return x
    result: Tensor = call.op("concat", ConcatAttrs(dim=2), past, x)
    return result


def both(call: Call, mask: Tensor | None, seen: Tensor | None) -> Tensor | None:
    """A mask that lets pass what both masks let pass; the second one is of booleans."""
    if mask is None or seen is None:
        return seen if mask is None else mask
    if mask.dtype == "bool":
        result: Tensor = call.op("logical_and", None, mask, seen)
    else:
        result = call.op("where", None, seen, mask, call.like(-math.inf, mask))
    return result


@lowers("Attention")
def attention(
    call: Call, q: Tensor, k: Tensor, v: Tensor, mask: Tensor | None = None, past_key: Tensor | None = None,
    past_value: Tensor | None = None, lengths: Tensor | None = None,
) -> Any:  # fmt: skip
    packed = q.rank == 3
    if packed:
        q = to_heads(call, q, call.need("q_num_heads"))
        k, v = (to_heads(call, x, call.need("kv_num_heads")) for x in (k, v))
    key, value = appended(call, past_key, k), appended(call, past_value, v)
    offset = key.shape[2] - k.shape[2]
    causal = bool(call.attr("is_causal", 0))
    mask = _padded_mask(call, mask, key.shape[2])
    if lengths is not None:
        mask = both(call, mask, _within_lengths(call, lengths, q.shape[2], key.shape[2], causal=causal))
        causal = False
    else:
        mask = both(call, mask, window_mask(call, q.shape[2], key.shape[2], offset))
    attrs = AttentionAttrs(
        scale=_scale(call, q),
        is_causal=causal,
        causal_offset=offset if causal else 0,
        softcap=call.attr("softcap", 0.0),
    )
    y = call.op("scaled_dot_product_attention", attrs, q, key, value, mask)
    scores = _scores_output(call, attrs, q, key, mask) if call.wants(3) else None
    return from_heads(call, y) if packed else y, key, value, scores


def _scale(call: Call, q: Tensor) -> float:
    given = call.attr("scale")
    return float(given) if given else 1 / math.sqrt(q.shape[-1])


def _padded_mask(call: Call, mask: Tensor | None, keys: int) -> Tensor | None:
    """The mask for all keys; those beyond it are not seen."""
    if mask is None or mask.shape[-1] in (1, keys):
        return mask
    value = 0.0 if mask.dtype == "bool" else -math.inf
    padding = (*((0, 0),) * (mask.rank - 1), (0, keys - mask.shape[-1]))
    result: Tensor = call.op("pad", PadAttrs(padding=padding, value=value), mask)
    return result


def window_mask(call: Call, queries: int, keys: int, offset: int) -> Tensor | None:
    """Which keys lie in the window around each query, None if there is no window."""
    left, right = call.attr("left_window_size", -1), call.attr("right_window_size", -1)
    if left < 0 and right < 0:
        return None

    def mask() -> Array:
        distance = np.arange(keys) - np.arange(queries)[:, None] - offset
        seen: Array = distance >= (-left if left >= 0 else -keys - queries - offset)
        return seen & (distance <= right) if right >= 0 else seen

    return call.made((queries, keys), "bool", mask)


def _within_lengths(call: Call, lengths: Tensor, queries: int, keys: int, *, causal: bool) -> Tensor:
    """Which keys each query sees, if a sample has only its first ``lengths`` keys and the queries are its last ones."""
    count = reshaped(call, lengths, (lengths.spec.numel, 1, 1, 1))
    seen: Tensor = call.op("lt", None, call.made((keys,), "int64", lambda: np.arange(keys)), count)
    left, right = call.attr("left_window_size", -1), call.attr("right_window_size", -1)
    bounds = [("ge", left)] if left >= 0 else []
    bounds += [("le", -right)] if right >= 0 else []
    bounds += [("le", 0)] if causal else []
    for op, moved in bounds:
        place = call.made((queries, keys), "int64", partial(_places, queries, keys, moved))
        seen = call.op("logical_and", None, seen, call.op(op, None, place, count))
    return seen


def _places(queries: int, keys: int, moved: int) -> Array:
    places: Array = np.arange(keys) - np.arange(queries)[:, None] + (queries + moved)
    return places


def _scores_output(call: Call, attrs: AttentionAttrs, q: Tensor, key: Tensor, mask: Tensor | None) -> Tensor:
    """The scores as a network asked to see them: raw, capped, masked, or probabilities; extra work."""
    mode = call.attr("qk_matmul_output_mode", 0)
    scores = scaled(call, _products(call, q, key), attrs.scale)
    if mode >= 1 and attrs.softcap:
        capped = call.op("tanh", None, call.op("div", None, scores, call.like(attrs.softcap, scores)))
        scores = scaled(call, capped, attrs.softcap)
    if mode >= 2:
        seen = None
        if attrs.is_causal:
            sizes = q.shape[2], key.shape[2]
            seen = call.made(sizes, "bool", lambda: np.tri(*sizes, attrs.causal_offset, dtype=np.bool_))
        for boolean in (seen, mask):
            scores = _masked(call, scores, boolean)
    if mode == 3:
        return _probabilities(call, scores)
    return scores


def _masked(call: Call, scores: Tensor, mask: Tensor | None) -> Tensor:
    if mask is None:
        return scores
    if mask.dtype == "bool":
        result: Tensor = call.op("where", None, mask, scores, call.like(-math.inf, scores))
    else:
        result = call.op("add", None, scores, mask)
    return result


def _probabilities(call: Call, scores: Tensor) -> Tensor:
    """Softmax of the scores; zeros for a query that sees nothing."""
    p = call.op("softmax", SoftmaxAttrs(dim=scores.rank - 1), scores)
    result: Tensor = call.op("where", None, call.op("isnan", None, p), call.like(0.0, p), p)
    return result


def _products(call: Call, q: Tensor, key: Tensor) -> Tensor:
    """Every query times every key of its head; one key head may serve several query heads."""
    n, heads, queries, features = q.shape
    groups = key.shape[1]
    if groups == heads:
        result: Tensor = call.op("matmul", None, q, transposed(call, key))
        return result
    grouped = reshaped(call, q, (n, groups, heads // groups * queries, features))
    return reshaped(call, call.op("matmul", None, grouped, transposed(call, key)), (n, heads, queries, key.shape[2]))


@lowers("ai.onnx.preview.FlexAttention")
def flex_attention(call: Call, q: Tensor, k: Tensor, v: Tensor) -> Any:
    """Attention whose scores and probabilities go through graphs of their own."""
    scale = _scale(call, q)
    graphs = call.attr("score_mod"), call.attr("prob_mod")
    if not any(graphs):
        return call.op("scaled_dot_product_attention", AttentionAttrs(scale=scale), q, k, v, None)
    number = call.attr("softmax_precision")
    wide = "float64" if q.dtype == "float64" else "float32"
    dtype = dtype_of(number, call.node.name) if number else wide
    scores = cast_to(call, scaled(call, _products(call, q, k), scale), dtype)
    scores = _through(call, graphs[0], scores)
    p = _through(call, graphs[1], call.op("softmax", SoftmaxAttrs(dim=3), scores))
    n, heads, queries, keys = p.shape
    grouped = reshaped(call, p, (n, v.shape[1], heads // v.shape[1] * queries, keys))
    y = call.op("matmul", None, grouped, cast_to(call, v, dtype))
    return cast_to(call, reshaped(call, y, (n, heads, queries, v.shape[3])), v.dtype)


def _through(call: Call, graph: Any, x: Tensor) -> Tensor:
    if not graph:
        return x
    (result,) = call.reader.subgraph(call, graph, {graph.input[0].name: x})
    made: Tensor = result
    return made


@lowers("LinearAttention")
def linear_attention(
    call: Call, q: Tensor, k: Tensor, v: Tensor, state: Tensor | None = None, decay: Tensor | None = None,
    beta: Tensor | None = None,
) -> Any:  # fmt: skip
    heads, groups = call.need("q_num_heads"), call.need("kv_num_heads")
    query, key, value = to_heads(call, q, heads), to_heads(call, k, groups), to_heads(call, v, groups)
    rule = call.attr("update_rule", "gated_delta")
    fading = to_heads(call, decay, groups) if decay is not None and "gated" in rule else None
    rate = to_heads(call, beta, beta.shape[2]) if beta is not None and "delta" in rule else None
    attrs = LinearAttentionAttrs(scale=_scale(call, query))
    y, after = call.op("linear_attention", attrs, query, key, value, state, fading, rate)
    return from_heads(call, y), after


@lowers("RotaryEmbedding")
def rotary_embedding(call: Call, x: Tensor, cos: Tensor, sin: Tensor, positions: Tensor | None = None) -> Any:
    """Angles of every position, or a table of them and where to look."""
    headed = x if x.rank == 4 else to_heads(call, x, call.need("num_heads"))
    tables = (cos, sin) if positions is None else looked_up(call, positions, (cos, sin))
    width = call.attr("rotary_embedding_dim", 0) or headed.shape[3]
    if 2 * cos.shape[-1] != width:
        raise FormatError(f"RotaryEmbedding: expected {width // 2} angles of a position, got {cos.shape}")
    y = rotated(call, headed, tables, interleaved=bool(call.attr("interleaved", 0)))
    return y if x.rank == 4 else from_heads(call, y)


def looked_up(call: Call, positions: Tensor, tables: Sequence[Tensor]) -> list[Tensor]:
    """Rows of tables of angles."""
    return [embedding(call, positions, table) for table in tables]


def rotated(call: Call, x: Tensor, angles: Sequence[Tensor], *, interleaved: bool) -> Tensor:
    """Queries or keys by head, turned by cosines and sines of (N or 1, T, pairs)."""
    result: Tensor = call.op("rotary_embedding", RotaryAttrs(interleaved=interleaved), x, *angles)
    return result


@lowers("SwiGLU")
def swiglu(call: Call, a: Tensor, b: Tensor) -> Any:
    """A sigmoid-weighted gate times the other half."""
    alpha = call.attr("alpha", 1.0)
    gate = call.op("silu", None, a) if alpha == 1.0 else _swish(call, a, alpha)
    return call.op("mul", None, gate, b)


def _swish(call: Call, x: Tensor, alpha: float) -> Tensor:
    result: Tensor = call.op("mul", None, x, call.op("sigmoid", None, scaled(call, x, alpha)))
    return result
