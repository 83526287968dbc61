import hypothesis.strategies as st
from hypothesis.strategies import DrawFn

from cases.draws import Case, normal
from netweight.ops.contract.linear_attention import LinearAttentionAttrs


@st.composite
def linear_attention_cases(draw: DrawFn) -> Case:
    """Grouped heads; with and without a state, a decay per feature or per head, a rate per head or for all."""
    n, heads, group, t, k, v = (draw(st.integers(1, 3)) for _ in range(6))
    state = normal(draw, n, heads, k, v) if draw(st.booleans()) else None
    decay = normal(draw, n, heads, t, draw(st.sampled_from([1, k]))) if draw(st.booleans()) else None
    beta = normal(draw, n, draw(st.sampled_from([1, heads])), t, 1) if draw(st.booleans()) else None
    query, key = normal(draw, n, heads * group, t, k), normal(draw, n, heads, t, k)
    attrs = LinearAttentionAttrs(scale=draw(st.sampled_from([1.0, 0.5])))
    return attrs, (query, key, normal(draw, n, heads, t, v), state, decay, beta)


CASES = {"linear_attention": linear_attention_cases()}
BATCHED = {"linear_attention": ("query", "key", "value", "state0", "decay", "beta")}
