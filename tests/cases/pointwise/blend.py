import hypothesis.strategies as st
import numpy as np
from hypothesis.strategies import DrawFn

from cases.draws import Case, distinct, generator, normal, shapes
from cases.pointwise.binary import broadcasting
from netweight.ops.pointwise.activation import CeluAttrs, HardsigmoidAttrs, ShrinkAttrs, ThresholdAttrs
from netweight.ops.pointwise.blend import AddcAttrs, LerpAttrs
from netweight.ops.pointwise.gate import GluAttrs
from netweight.ops.pointwise.masking import MaskedFillAttrs


@st.composite
def plain_cases(draw: DrawFn) -> Case:
    return None, (distinct(draw, *draw(shapes(1, 4))) * 20,)


@st.composite
def celu_cases(draw: DrawFn) -> Case:
    return CeluAttrs(alpha=draw(st.sampled_from([1.0, 0.25, 2.5]))), (distinct(draw, *draw(shapes())) * 20,)


@st.composite
def hardsigmoid_cases(draw: DrawFn) -> Case:
    """The bounds are at multiples of 0.2 / alpha: no element, a multiple of 0.4 and 0.1 beside, is there."""
    attrs = HardsigmoidAttrs(
        alpha=draw(st.sampled_from([0.5, 0.25])), beta=draw(st.sampled_from([0.5, 0.2, -0.4, 1.4]))
    )
    return attrs, (distinct(draw, *draw(shapes())) * 20,)


@st.composite
def shrink_cases(draw: DrawFn) -> Case:
    """No element within 0.1 of a bound: those are multiples of 0.4, 0.1 beside."""
    return ShrinkAttrs(lambd=draw(st.sampled_from([0.0, 0.4, 1.2]))), (distinct(draw, *draw(shapes())) * 20,)


@st.composite
def threshold_cases(draw: DrawFn) -> Case:
    attrs = ThresholdAttrs(threshold=draw(st.sampled_from([0.0, -0.8, 1.2])), value=draw(st.sampled_from([0, -7.5])))
    return attrs, (distinct(draw, *draw(shapes())) * 20,)


@st.composite
def glu_cases(draw: DrawFn) -> Case:
    shape = [*draw(shapes())]
    dim = draw(st.integers(0, len(shape) - 1))
    shape[dim] *= 2
    return GluAttrs(dim=dim), (normal(draw, *shape),)


@st.composite
def lerp_cases(draw: DrawFn) -> Case:
    """The weight a number or a tensor."""
    first, second, third = draw(broadcasting(3))
    number = draw(st.sampled_from([None, 0.25, -1.5]))
    weight = normal(draw, *third) if number is None else None
    return LerpAttrs(weight=number), (normal(draw, *first), normal(draw, *second), weight)


@st.composite
def addc_cases(draw: DrawFn) -> Case:
    first, second, third = draw(broadcasting(3))
    denominator = np.abs(normal(draw, *third)) + 0.5
    return AddcAttrs(value=draw(st.sampled_from([1, -0.5]))), (normal(draw, *first), normal(draw, *second), denominator)


@st.composite
def masked_fill_cases(draw: DrawFn) -> Case:
    first, second = draw(broadcasting(2))
    mask = generator(draw).integers(0, 2, second).astype(draw(st.sampled_from(["bool", "int64"])))
    return MaskedFillAttrs(value=draw(st.sampled_from([0, -1e9]))), (normal(draw, *first), mask)


CASES = {
    **{name: plain_cases() for name in ("log_sigmoid", "tanhshrink", "softsign")},
    "celu": celu_cases(),
    "hardsigmoid": hardsigmoid_cases(),
    "softshrink": shrink_cases(),
    "hardshrink": shrink_cases(),
    "threshold": threshold_cases(),
    "glu": glu_cases(),
    "lerp": lerp_cases(),
    "addcmul": addc_cases(),
    "addcdiv": addc_cases(),
    "masked_fill": masked_fill_cases(),
}
BATCHED = dict.fromkeys(
    ("log_sigmoid", "tanhshrink", "softsign", "celu", "hardsigmoid", "softshrink", "threshold"), ("x",)
)
