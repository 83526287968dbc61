import hypothesis.strategies as st
from hypothesis.strategies import DrawFn

from cases.draws import Case, distinct, shapes
from netweight.ops.reduce.histogram import HistcAttrs


@st.composite
def histc_cases(draw: DrawFn) -> Case:
    """Elements on both sides of the ends, or at the last; none where rounding could move one from bin to bin."""
    x = distinct(draw, *draw(shapes(0, 3, 5)))
    if x.size and draw(st.booleans()):
        x.flat[0] = 0.25
    return HistcAttrs(bins=draw(st.sampled_from([1, 2, 4, 8])), min=-0.25, max=0.25), (x,)


CASES = {"histc": histc_cases()}
