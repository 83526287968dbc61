import hypothesis.strategies as st
from hypothesis.strategies import DrawFn

from cases.draws import Case, normal
from netweight.ops.contract.rotary import RotaryAttrs


@st.composite
def rotary_cases(draw: DrawFn) -> Case:
    """Angles of each sample or of all; some features, or all of them, turned."""
    n, heads, t, pairs, rest = (draw(st.integers(1, 3)) for _ in range(5))
    rest = draw(st.sampled_from([0, rest]))
    samples = draw(st.sampled_from([1, n]))
    angles = [normal(draw, samples, t, pairs) for _ in range(2)]
    attrs = RotaryAttrs(interleaved=draw(st.booleans()))
    return attrs, (normal(draw, n, heads, t, 2 * pairs + rest), *angles)


CASES = {"rotary_embedding": rotary_cases()}
LINEAR = ["rotary_embedding"]
