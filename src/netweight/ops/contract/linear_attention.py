"""Attention by a state that every token updates, whose work grows with the tokens and not with their square.

Shapes
    query       (N, H, T, K), H a multiple of H_kv, each state serving H / H_kv neighbouring query heads
    key         (N, H_kv, T, K)
    value       (N, H_kv, T, V)
    state0      (N, H_kv, K, V), or None for zeros
    decay       (N, H_kv, T, K) or (N, H_kv, T, 1), logarithms of what is left of the state, or None for all of it
    beta        (N, H_kv, T, 1) or (N, 1, T, 1), the rate of the delta rule, or None to write without it
    y           (N, H, T, V)
    state_n     (N, H_kv, K, V)

Per token, S the state and ⊗ the outer product:
    S = exp(decay) S
    v' = beta (value - Sᵀ key), or value without beta
    S = S + key ⊗ v'
    y = scale Sᵀ query

In the einsum strings below: h key head, r query head of the group, k and v features. Backward computes the states again
and goes through them from the last token to the first.

Source: Katharopoulos et al. 2020, "Transformers are RNNs"; Yang et al. 2024, "Gated delta networks"; ONNX
LinearAttention, version 27.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from netweight.count import product, total
from netweight.errors import ShapeError
from netweight.ir import TensorSpec
from netweight.lazy import Array, np
from netweight.ops.extent import Extent, Mixes
from netweight.ops.table import FREE, Cost, Wanted, define

_Optional = TensorSpec | None


@dataclass(frozen=True, slots=True, kw_only=True)
class LinearAttentionAttrs:
    """Attributes of linear attention.

    Attributes:
        scale: Factor of ``y``; 1 / sqrt(K) unless the model says otherwise.
    """

    scale: float


def linear_attention_shape(
    _attrs: LinearAttentionAttrs, query: TensorSpec, key: TensorSpec, value: TensorSpec,
    state0: _Optional, decay: _Optional, beta: _Optional,
) -> tuple[TensorSpec, TensorSpec]:  # fmt: skip
    """Sizes of ``query`` with the features of ``value``; the last state."""
    q, k, v = query.shape, key.shape, value.shape
    if not len(q) == len(k) == len(v) == 4 or k[:-1] != v[:-1] or (q[0], *q[2:]) != (k[0], *k[2:]) or not k[1]:
        raise ShapeError(
            f"linear_attention: expected query (N, H, T, K), key (N, H_kv, T, K) and value (N, H_kv, T, V), "
            f"got {q}, {k} and {v}"
        )
    n, heads, t, features = k
    if q[1] % heads:
        raise ShapeError(f"linear_attention: expected query heads divisible by key heads, got {q[1]} and {heads}")
    state = (n, heads, features, v[-1])
    for name, spec, wanted in (
        ("state0", state0, (state,)),
        ("decay", decay, ((n, heads, t, features), (n, heads, t, 1))),
        ("beta", beta, ((n, heads, t, 1), (n, 1, t, 1))),
    ):
        if spec is not None and spec.shape not in wanted:
            shapes = " or ".join(map(str, wanted))
            raise ShapeError(f"linear_attention: expected {name} of shape {shapes}, got {spec.shape}")
    return TensorSpec((*q[:-1], v[-1]), query.dtype), TensorSpec(state, (state0 or query).dtype)


def linear_attention_cost(
    _attrs: LinearAttentionAttrs, query: TensorSpec, key: TensorSpec, value: TensorSpec,
    _state0: _Optional, decay: _Optional, beta: _Optional,
) -> Cost:  # fmt: skip
    """Per token K V MACs to write and, per query head, K V MACs to read; the delta rule reads once more.

    Besides: an exponential per number of ``decay`` and a multiplication per element of the state; a subtraction and a
    multiplication per feature for the delta rule; the scale per element of ``y``. As if token by token: kernels that
    take several at once do more.
    """
    n, heads, t, features = key.shape
    v = value.shape[-1]
    state = {"n": n, "heads": heads, "t": t, "k": features, "v": v}
    macs = product(state, each=1 if beta is None else 2) + product({**state, "heads": query.shape[1]})
    muls = product(n=n, heads=query.shape[1], t=t, v=v)
    if decay is not None:
        muls += product(state)
    if beta is not None:
        muls += product(n=n, heads=heads, t=t, v=v)
    return Cost(
        macs=macs,
        muls=muls,
        adds=0 if beta is None else product(n=n, heads=heads, t=t, v=v),
        exps=0 if decay is None else product(elements=decay.numel),
    )


def linear_attention_forward(
    attrs: LinearAttentionAttrs, query: Array, key: Array, value: Array,
    state0: Array | None, decay: Array | None, beta: Array | None,
) -> tuple[Array, Array]:  # fmt: skip
    """Token by token; the state is (N, H_kv, K, V). Numbers of 16 bits are added up in 32."""
    if query.dtype.itemsize == 2:
        wide: Any = [None if x is None else x.astype(np.float32) for x in (query, key, value, state0, decay, beta)]
        y, state = linear_attention_forward(attrs, *wide)
        return y.astype(query.dtype), state.astype((query if state0 is None else state0).dtype)
    y = np.empty((*query.shape[:-1], value.shape[-1]), query.dtype)
    state = _first(query, key, value, state0)
    for step in range(key.shape[2]):
        _, _, _, state = _token(state, step, key, value, decay, beta)
        read = np.einsum("nhkv,nhrk->nhrv", attrs.scale * state, _grouped(query[:, :, step], key))
        y[:, :, step] = read.reshape(y[:, :, step].shape)
    return y, np.array(state, (query if state0 is None else state0).dtype)


def linear_attention_backward(
    attrs: LinearAttentionAttrs, grad_outputs: tuple[Array, Array], query: Array, key: Array, value: Array,
    state0: Array | None, decay: Array | None, beta: Array | None,
) -> tuple[Array | None, ...]:  # fmt: skip
    """Back through the tokens, with the gradient of the state after each."""
    tensors = query, key, value, state0, decay, beta
    grads: list[Any] = [None if x is None else np.zeros(x.shape, query.dtype) for x in tensors]
    grad_query, grad_key, grad_value, _, grad_decay, grad_beta = grads
    states = [_first(query, key, value, state0)]
    for step in range(key.shape[2]):
        states.append(_token(states[-1], step, key, value, decay, beta)[-1])
    grad_state = grad_outputs[1]
    for step in reversed(range(key.shape[2])):
        left, missing, written, state = _token(states[step], step, key, value, decay, beta)
        k, grad_y = key[:, :, step], attrs.scale * _grouped(grad_outputs[0][:, :, step], key)
        grad_query[:, :, step] = np.einsum("nhkv,nhrv->nhrk", state, grad_y).reshape(query[:, :, step].shape)
        grad_state = grad_state + np.einsum("nhrk,nhrv->nhkv", _grouped(query[:, :, step], key), grad_y)
        grad_written = np.einsum("nhkv,nhk->nhv", grad_state, k)
        grad_key[:, :, step] = np.einsum("nhkv,nhv->nhk", grad_state, written)
        if beta is not None:
            grad_beta[:, :, step] = _summed(
                np.einsum("nhv,nhv->nh", grad_written, missing)[..., None], beta[:, :, step]
            )
            grad_written = beta[:, :, step] * grad_written
            grad_key[:, :, step] -= np.einsum("nhkv,nhv->nhk", left, grad_written)
            grad_state = grad_state - np.einsum("nhk,nhv->nhkv", k, grad_written)
        grad_value[:, :, step] = grad_written
        if decay is not None:
            grad_decay[:, :, step] = _summed(np.einsum("nhkv,nhkv->nhk", grad_state, left), decay[:, :, step])
            grad_state = np.exp(decay[:, :, step])[..., None] * grad_state
    return grad_query, grad_key, grad_value, None if state0 is None else grad_state, grad_decay, grad_beta


def linear_attention_backward_cost(
    _attrs: LinearAttentionAttrs, wanted: Wanted, query: TensorSpec, key: TensorSpec, value: TensorSpec,
    _state0: _Optional, decay: _Optional, beta: _Optional,
) -> Cost:  # fmt: skip
    """Twice the MACs of the forward if all is wanted, and K V more per token for ``decay``.

    Per token and query head K V for the query, and K V into the state for any other; then K V for the key and for what
    was written, both once more for the delta rule. Besides: the scale on the gradient of ``y``, the decay on that of
    the state, and the rate; states that are computed again are not counted.
    """
    if not any(wanted):
        return FREE
    n, heads, t, features = key.shape
    v, delta, through = value.shape[-1], beta is not None, any(wanted[1:])
    state = {"n": n, "heads": heads, "t": t, "k": features, "v": v}
    read, row = product({**state, "heads": query.shape[1]}), product(n=n, heads=heads, t=t, v=v)
    writes = wanted[1] * (1 + delta) + (2 * through if delta else wanted[2]) + wanted[4]
    macs = [read] * (wanted[0] + through) + [product(state)] * writes + [row] * wanted[5]
    muls = [product(n=n, heads=query.shape[1], t=t, v=v)]
    muls += [product(state)] * (through and decay is not None) + [row] * (through and delta)
    keys = product(n=n, heads=heads, t=t, k=features)
    return Cost(macs=total(macs), muls=total(muls), adds=keys if wanted[1] and delta else 0)


def linear_attention_extent(_attrs: LinearAttentionAttrs, *_inputs: _Optional) -> Extent:
    """All tokens, and all features of a head."""
    return Mixes((-2, -1))


def _first(query: Array, key: Array, value: Array, state0: Array | None) -> Array:
    """The state given, or zeros."""
    return np.zeros((*key.shape[:2], key.shape[-1], value.shape[-1]), query.dtype) if state0 is None else state0


def _grouped(x: Array, key: Array) -> Array:
    """View one token of (N, H, ...) as (N, H_kv, H / H_kv, ...)."""
    return x.reshape(*key.shape[:2], x.shape[1] // key.shape[1], x.shape[-1])


def _token(
    state: Array, step: int, key: Array, value: Array, decay: Array | None, beta: Array | None
) -> tuple[Array, Array, Array, Array]:
    """What is left of the state, what it lacks of the value, what is written, and the state after it."""
    k, v = key[:, :, step], value[:, :, step]
    left = state if decay is None else np.exp(decay[:, :, step])[..., None] * state
    missing = v if beta is None else v - np.einsum("nhkv,nhk->nhv", left, k)
    written = missing if beta is None else beta[:, :, step] * missing
    return left, missing, written, left + k[..., :, None] * written[..., None, :]


def _summed(grad: Array, of: Array) -> Array:
    """Sum over the heads or features that share a number."""
    shared = tuple(dim for dim, size in enumerate(of.shape) if size == 1)
    return grad.sum(axis=shared, keepdims=True)


LINEAR_ATTENTION = define(
    name="linear_attention",
    kind="attention",
    attrs=LinearAttentionAttrs,
    inputs=("query", "key", "value", "state0", "decay", "beta"),
    shape=linear_attention_shape,
    cost=linear_attention_cost,
    forward=linear_attention_forward,
    backward=linear_attention_backward,
    backward_cost=linear_attention_backward_cost,
    saves=("query", "key", "value", "state0", "decay", "beta"),
    extent=linear_attention_extent,
    dims={"query": "n heads t k", "key": "n kv_heads t k", "value": "n kv_heads t v", "y": "n heads t v"},
)
