from typing import Any

import hypothesis.strategies as st
import numpy as np
from hypothesis.strategies import DrawFn

from cases.draws import Case, generator, normal, shapes
from netweight.ops.loss.classes import CrossEntropyAttrs, NllLossAttrs
from netweight.ops.loss.reduction import LossAttrs

REDUCTIONS = st.sampled_from(["mean", "sum", "none"])


@st.composite
def targets(draw: DrawFn) -> Any:
    """A shape (N, C, ...), class numbers, weights or none; a class that is ignored now and then, never everything."""
    n, c, *rest = draw(shapes(2, 4))
    target = generator(draw).integers(0, c, (n, *rest)).astype(draw(st.sampled_from(["int64", "int32", "uint8"])))
    ignore = draw(st.sampled_from([-100, 0])) if c > 1 else -100
    if ignore == 0:
        target.flat[0] = c - 1
    weight = np.abs(normal(draw, c)) + 0.1 if draw(st.booleans()) else None
    return (n, c, *rest), target, weight, ignore


@st.composite
def cross_entropy_cases(draw: DrawFn) -> Case:
    shape, target, weight, ignore = draw(targets())
    smoothing = draw(st.sampled_from([0.0, 0.1, 1.0]))
    attrs = CrossEntropyAttrs(reduction=draw(REDUCTIONS), ignore_index=ignore, label_smoothing=smoothing)
    return attrs, (normal(draw, *shape), target, weight)


@st.composite
def nll_cases(draw: DrawFn) -> Case:
    shape, target, weight, ignore = draw(targets())
    return NllLossAttrs(reduction=draw(REDUCTIONS), ignore_index=ignore), (normal(draw, *shape), target, weight)


@st.composite
def mse_loss_cases(draw: DrawFn) -> Case:
    shape = draw(shapes(0))
    return LossAttrs(reduction=draw(REDUCTIONS)), (normal(draw, *shape), normal(draw, *shape))


CASES = {"cross_entropy": cross_entropy_cases(), "nll_loss": nll_cases(), "mse_loss": mse_loss_cases()}
