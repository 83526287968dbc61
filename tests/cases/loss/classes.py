import hypothesis.strategies as st
from hypothesis.strategies import DrawFn

from cases.draws import Case, generator, normal, shapes
from netweight.ops.loss.classes import CrossEntropyAttrs, MseLossAttrs

REDUCTIONS = st.sampled_from(["mean", "sum", "none"])


@st.composite
def cross_entropy_cases(draw: DrawFn) -> Case:
    n, c, *rest = draw(shapes(2, 4))
    attrs = CrossEntropyAttrs(reduction=draw(REDUCTIONS), label_smoothing=draw(st.sampled_from([0.0, 0.1, 1.0])))
    dtype = draw(st.sampled_from(["int64", "int32", "uint8"]))
    target = generator(draw).integers(0, c, (n, *rest)).astype(dtype)
    return attrs, (normal(draw, n, c, *rest), target)


@st.composite
def mse_loss_cases(draw: DrawFn) -> Case:
    shape = draw(shapes(0))
    return MseLossAttrs(reduction=draw(REDUCTIONS)), (normal(draw, *shape), normal(draw, *shape))


CASES = {"cross_entropy": cross_entropy_cases(), "mse_loss": mse_loss_cases()}
