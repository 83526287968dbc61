"""Attention, taken apart: the operator Attention came with operator set 23."""

from __future__ import annotations

from netweight.lazy import np
from netweight.sources.onnx.write import writes
from netweight.sources.onnx.write.step import Step


@writes("scaled_dot_product_attention")
def scaled_dot_product_attention(step: Step) -> None:
    """Scores, masks, Softmax, and the sum of the values; rows with nothing to attend to become zeros."""
    attrs, rank = step.attrs, len(step.x.shape)
    query, key, value, mask = step.names
    key, value = (_all_heads(step, name, at) for at, name in ((1, key), (2, value)))
    turned = step.value("Transpose", key, perm=[*range(rank - 2), rank - 1, rank - 2])
    # The query is smaller than the scores, but then the product would be that of other numbers.
    scores = step.value("Mul", step.value("MatMul", query, turned), step.scalar(attrs.scale))
    if attrs.softcap:
        bent = step.value("Tanh", step.value("Div", scores, step.scalar(attrs.softcap)))
        scores = step.value("Mul", bent, step.scalar(attrs.softcap))
    boolean = mask and step.spec(3).dtype == "bool"
    if mask and not boolean:
        scores = step.value("Add", scores, step.typed(3, step.x.dtype))
    seen = [mask] if boolean else []
    if attrs.is_causal:
        seen.append(_causal(step))
    for allowed in seen:
        scores = step.value("Where", allowed, scores, step.scalar(-np.inf))
    shares = step.value("Softmax", scores, axis=-1)
    if mask or attrs.causal_offset < 0:
        shares = step.value("Where", step.value("IsNaN", shares), step.scalar(0), shares)
    step.result("MatMul", shares, value)


def _all_heads(step: Step, name: str, at: int) -> str:
    """Each head of keys or values as often as query heads read it."""
    shape = step.spec(at).shape
    if len(shape) < 3 or shape[-3] == step.x.shape[-3]:
        return name
    *batch, heads, length, features = shape
    repeats = step.x.shape[-3] // heads
    apart = step.reshaped(name, (*batch, heads, 1, length, features))
    wide = step.value("Expand", apart, step.ints(*batch, heads, repeats, length, features))
    return step.reshaped(wide, (*batch, heads * repeats, length, features))


def _causal(step: Step) -> str:
    """Which keys each query sees: made once for all layers of the same sizes."""
    queries, keys, offset = step.x.shape[-2], step.spec(1).shape[-2], step.attrs.causal_offset
    shared = step.body.shared
    key = "causal", queries, keys, offset
    if key not in shared:
        ones = step.filled(1, (queries, keys), "int64")
        triangle = step.value("Trilu", ones, step.scalar(offset, "int64"), upper=0)
        shared[key] = step.cast(triangle, "int64", "bool")
    return shared[key]


@writes("rotary_embedding")
def rotary_embedding(step: Step) -> None:
    """Pairs turned by their angles: RotaryEmbedding came with operator set 23."""
    n, heads, length, features = step.x.shape
    half = step.spec(1).shape[2]
    together, pairs = (n, heads, length, 2 * half), [half, half]
    turned = step.sliced(step.names[0], 3, 0, 2 * half) if 2 * half < features else step.names[0]
    if step.attrs.interleaved:
        turned = step.reshaped(turned, (n, heads, length, half, 2))
        pairs = [1, 1]
    a, b = step.several("Split", 2, turned, step.ints(*pairs), axis=-1)
    if step.attrs.interleaved:
        a, b = (step.reshaped(part, (n, heads, length, half)) for part in (a, b))
    cos, sin = (step.value("Unsqueeze", name, step.ints(1)) for name in step.names[1:])
    first = step.value("Sub", step.value("Mul", a, cos), step.value("Mul", b, sin))
    second = step.value("Add", step.value("Mul", a, sin), step.value("Mul", b, cos))
    parts = [first, second]
    if step.attrs.interleaved:
        parts = [step.value("Unsqueeze", part, step.ints(-1)) for part in parts]
        parts = [step.reshaped(step.value("Concat", *parts, axis=-1), together)]
    if 2 * half < features:
        parts.append(step.sliced(step.names[0], 3, 2 * half, features))
    step.result("Concat", *parts, axis=-1)


@writes("grouped_matmul")
def grouped_matmul(step: Step) -> None:
    """Every row times the matrix of its group: as many products as there are groups, the others taken off."""
    a, b, _ = step.names
    rows, _ = step.x.shape
    groups = step.spec(1).shape[0]
    ends = step.reshaped(step.typed(2, "int64"), (groups, 1))
    place = step.reshaped(step.ints(*range(rows)), (1, rows))
    before = step.value("Less", place, ends)
    after = step.value("Pad", step.cast(before, "bool", "int64"), step.ints(1, 0, -1, 0), step.scalar(0, "int64"))
    own = step.value("Xor", before, step.cast(after, "int64", "bool"))
    mask = step.reshaped(own, (groups, rows, 1))
    products = step.value("MatMul", a, b)
    step.result("ReduceSum", step.value("Where", mask, products, step.scalar(0)), step.ints(0), keepdims=0)
