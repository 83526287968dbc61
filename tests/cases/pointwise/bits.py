import hypothesis.strategies as st
from hypothesis.strategies import DrawFn

from cases.draws import Case, generator, shapes
from netweight.ops.pointwise.unary import CastAttrs


@st.composite
def bitcast_cases(draw: DrawFn) -> Case:
    """Integers of any width as another type of that width; those that are no number may come out."""
    width = draw(st.sampled_from([8, 16, 32, 64]))
    x = generator(draw).integers(0, 2**7, draw(shapes())).astype(f"{draw(st.sampled_from(['', 'u']))}int{width}")
    floats = [] if width == 8 else [f"float{width}"]
    return CastAttrs(dtype=draw(st.sampled_from([f"int{width}", f"uint{width}", *floats]))), (x,)


CASES = {"bitcast": bitcast_cases()}
