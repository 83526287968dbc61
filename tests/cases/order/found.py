import hypothesis.strategies as st
from hypothesis.strategies import DrawFn

from cases.draws import Case, generator, shapes
from netweight.ops import REGISTRY
from netweight.ops.order.nonzero import NonzeroAttrs
from netweight.ops.order.unique import RunsAttrs, UniqueAttrs


@st.composite
def nonzero_cases(draw: DrawFn) -> Case:
    """As many as there are, or all; nothing small enough to be taken for a zero."""
    shape = draw(shapes(min_dims=0))
    if draw(st.booleans()):
        return NonzeroAttrs(), (generator(draw).uniform(1, 2, shape),)
    x = generator(draw).integers(-1, 2, shape).astype(float)
    return NonzeroAttrs(count=int((x != 0).sum())), (x,)


@st.composite
def runs_cases(draw: DrawFn, name: str) -> Case:
    shape = draw(shapes(max_dims=3))
    settings = {
        "dim": draw(st.none() | st.integers(0, len(shape) - 1)),
        "also": tuple(part for part in ("first", "inverse", "counts") if draw(st.booleans())),
    }
    if name == "unique":
        settings["sorted"] = draw(st.booleans())
    make = UniqueAttrs if name == "unique" else RunsAttrs
    x = generator(draw).integers(0, draw(st.integers(1, 4)), shape).astype(float)
    found = REGISTRY[name].forward(make(**settings), x)[0]
    return make(**settings, count=found.shape[settings["dim"] or 0]), (x,)


CASES = {
    "nonzero": nonzero_cases(),
    "unique": runs_cases("unique"),
    "unique_consecutive": runs_cases("unique_consecutive"),
}
