import hypothesis.strategies as st
from hypothesis.strategies import DrawFn

from cases.draws import Case, generator, shapes


@st.composite
def dynamic_quantize_cases(draw: DrawFn) -> Case:
    """Numbers on one side of zero as well, and zeros alone."""
    low, high = draw(st.sampled_from([(-3.0, 5.0), (1.0, 4.0), (-9.0, -0.5), (0.0, 0.0)]))
    return None, (generator(draw).uniform(low, high, draw(shapes())),)


CASES = {"dynamic_quantize": dynamic_quantize_cases()}
