import hypothesis.strategies as st
import numpy as np
from hypothesis.strategies import DrawFn

from cases.draws import Case, generator, normal, shapes
from netweight.ops.contract.attention import AttentionAttrs


@st.composite
def attention_cases(draw: DrawFn) -> Case:
    """With and without batch and heads, grouped heads, every mask, causal or not, more keys than queries or fewer."""
    queries, keys, e, e_v = (draw(st.integers(1, 3)) for _ in range(4))
    batch = draw(shapes(0, 2, 2))
    heads, group = (draw(st.integers(1, 2)), draw(st.integers(1, 2))) if batch else (1, 1)
    q_heads, kv_heads = ((heads * group,), (heads,)) if batch else ((), ())
    scores = (*batch, *q_heads, queries, keys)
    mask_shape = tuple(draw(st.sampled_from([1, size])) for size in scores[draw(st.integers(0, len(scores))) :])
    kind = draw(st.sampled_from(["none", "bool", "added", "infinite"]))
    mask = None if kind == "none" else normal(draw, *mask_shape)
    if mask is not None and kind != "added":
        keep = np.asarray(generator(draw).random(mask_shape) < 0.7)
        mask = keep if kind == "bool" else np.asarray(np.where(keep, mask, -np.inf))
    attrs = AttentionAttrs(
        scale=draw(st.sampled_from([1.0, 0.5])),
        is_causal=draw(st.booleans()),
        causal_offset=draw(st.sampled_from([0, 0, 1, 2, -1])),
        softcap=draw(st.sampled_from([0.0, 0.0, 0.8, 2.5])),
    )
    query = normal(draw, *batch, *q_heads, queries, e)
    return attrs, (query, normal(draw, *batch, *kv_heads, keys, e), normal(draw, *batch, *kv_heads, keys, e_v), mask)


CASES = {"scaled_dot_product_attention": attention_cases()}
