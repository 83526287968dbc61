from typing import Any

import hypothesis.strategies as st
import numpy as np
from hypothesis.strategies import DrawFn

from cases.draws import Case, distinct, generator, normal, shapes
from cases.loss.classes import REDUCTIONS
from netweight.ops.loss.distance import HuberLossAttrs, SmoothL1LossAttrs
from netweight.ops.loss.probabilities import KlDivAttrs
from netweight.ops.loss.reduction import LossAttrs


@st.composite
def apart(draw: DrawFn) -> tuple[Any, Any]:
    """Two tensors; their differences are multiples of 0.2, 0.05 beside."""
    shape = draw(shapes())
    target = normal(draw, *shape)
    return target + distinct(draw, *shape) * 10, target


@st.composite
def l1_cases(draw: DrawFn) -> Case:
    return LossAttrs(reduction=draw(REDUCTIONS)), draw(apart())


@st.composite
def smooth_l1_cases(draw: DrawFn) -> Case:
    return SmoothL1LossAttrs(reduction=draw(REDUCTIONS), beta=draw(st.sampled_from([0.0, 0.4, 1.0]))), draw(apart())


@st.composite
def huber_cases(draw: DrawFn) -> Case:
    return HuberLossAttrs(reduction=draw(REDUCTIONS), delta=draw(st.sampled_from([0.4, 1.0]))), draw(apart())


@st.composite
def kl_cases(draw: DrawFn) -> Case:
    shape = draw(shapes())
    log_target = draw(st.booleans())
    reduction = draw(st.sampled_from(["mean", "sum", "none", "batchmean"]))
    target = normal(draw, *shape)
    return KlDivAttrs(reduction=reduction, log_target=log_target), (
        normal(draw, *shape),
        target if log_target else np.abs(target) + 0.1,
    )


@st.composite
def weights(draw: DrawFn, shape: tuple[int, ...]) -> Any:
    """None, or a tensor that broadcasts to the shape."""
    if draw(st.booleans()):
        return None
    sizes = tuple(1 if draw(st.booleans()) else size for size in shape)[draw(st.integers(0, len(shape))) :]
    return np.abs(normal(draw, *sizes)) + 0.1


@st.composite
def bce_cases(draw: DrawFn) -> Case:
    shape = draw(shapes())
    x, target = generator(draw).uniform(0.1, 0.9, shape), generator(draw).uniform(0, 1, shape)
    return LossAttrs(reduction=draw(REDUCTIONS)), (x, target, draw(weights(shape)))


@st.composite
def bce_with_logits_cases(draw: DrawFn) -> Case:
    shape = draw(shapes())
    x, target = distinct(draw, *shape) * 20, generator(draw).uniform(0, 1, shape)
    return LossAttrs(reduction=draw(REDUCTIONS)), (x, target, draw(weights(shape)), draw(weights(shape)))


CASES = {
    "l1_loss": l1_cases(),
    "smooth_l1_loss": smooth_l1_cases(),
    "huber_loss": huber_cases(),
    "kl_div": kl_cases(),
    "binary_cross_entropy": bce_cases(),
    "binary_cross_entropy_with_logits": bce_with_logits_cases(),
}
