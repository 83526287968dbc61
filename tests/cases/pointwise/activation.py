import hypothesis.strategies as st
from hypothesis.strategies import DrawFn

from cases.draws import Case, distinct, generator, shapes
from netweight.ops.pointwise.activation import EluAttrs, LeakyReluAttrs
from netweight.ops.pointwise.activation_smooth import GeluAttrs, SoftplusAttrs


def spread(draw: DrawFn, *shape: int) -> object:
    """Numbers on both sides of every kink, 0, 3, 6 and the thresholds below, and away from them at each scale."""
    return distinct(draw, *shape) * draw(st.sampled_from([1, 25, 110]))


@st.composite
def unary_cases(draw: DrawFn, attrs: st.SearchStrategy[object]) -> Case:
    return draw(attrs), (spread(draw, *draw(shapes())),)


@st.composite
def prelu_cases(draw: DrawFn) -> Case:
    x = spread(draw, *draw(shapes()))
    channels = x.shape[1] if x.ndim > 1 else 1
    weight = generator(draw).uniform(-1, 1, draw(st.sampled_from([1, channels])))
    return None, (x, weight)


LEAKY = st.sampled_from([0.0, 0.01, 0.3, 1.5]).map(lambda slope: LeakyReluAttrs(negative_slope=slope))
ELU = st.sampled_from([0.0, 0.5, 1.0, 1.7]).map(lambda alpha: EluAttrs(alpha=alpha))
GELU = st.sampled_from(["none", "tanh"]).map(lambda approximate: GeluAttrs(approximate=approximate))
SOFTPLUS = st.builds(SoftplusAttrs, beta=st.sampled_from([0.5, 1.0, 2.0]), threshold=st.sampled_from([1.0, 2.0, 20.0]))
PLAIN = ("relu", "relu6", "selu", "hardswish", "sigmoid", "tanh", "silu", "mish")

CASES = {
    **{name: unary_cases(st.none()) for name in PLAIN},
    "elu": unary_cases(ELU),
    "gelu": unary_cases(GELU),
    "leaky_relu": unary_cases(LEAKY),
    "prelu": prelu_cases(),
    "softplus": unary_cases(SOFTPLUS),
}
BATCHED = dict.fromkeys(CASES, ("x",))
