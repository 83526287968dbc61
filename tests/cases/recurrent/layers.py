from typing import Any

import hypothesis.strategies as st
import numpy as np
from hypothesis import assume
from hypothesis.strategies import DrawFn

from cases.draws import Case, normal
from netweight.ops.recurrent.cells import RecurrentAttrs
from netweight.ops.recurrent.rnn import RnnAttrs, rnn_forward


@st.composite
def recurrent_cases(draw: DrawFn, gates: int, states: int) -> Case:
    """Either direction, with and without each initial state and each bias."""
    t, n, c, hidden = (draw(st.integers(1, 3)) for _ in range(4))

    def optional(*shape: int) -> Any:
        return normal(draw, *shape) if draw(st.booleans()) else None

    starts = [optional(n, hidden) for _ in range(states)]
    weights = normal(draw, gates * hidden, c), normal(draw, gates * hidden, hidden)
    biases = optional(gates * hidden), optional(gates * hidden)
    attrs = RecurrentAttrs(reverse=draw(st.booleans()))
    return attrs, (normal(draw, t, n, c), *starts, *weights, *biases)


@st.composite
def rnn_cases(draw: DrawFn) -> Case:
    """Both activation functions; the argument of ReLU kept off 0, where it has a kink."""
    base, inputs = draw(recurrent_cases(1, 1))
    attrs = RnnAttrs(reverse=base.reverse, nonlinearity=draw(st.sampled_from(["tanh", "relu"])))
    if attrs.nonlinearity == "relu":
        y, _ = rnn_forward(attrs, *inputs)
        assume(np.abs(_arguments(attrs, y, *inputs)).min() > 1e-4)
    return attrs, inputs


def _arguments(attrs: RnnAttrs, y: Any, x: Any, h0: Any, weight_ih: Any, weight_hh: Any, *biases: Any) -> Any:
    """What the activation function was applied to."""
    first = np.zeros((1, *y.shape[1:])) if h0 is None else h0[None]
    before = np.concatenate([y[1:], first] if attrs.reverse else [first, y[:-1]])
    return x @ weight_ih.T + before @ weight_hh.T + sum(bias for bias in biases if bias is not None)


# The first dimension of x counts steps: they cost the same apart as together, as samples do.
CASES = {"lstm": recurrent_cases(4, 2), "gru": recurrent_cases(3, 1), "rnn": rnn_cases()}
BATCHED = {"lstm": ("x",), "gru": ("x",), "rnn": ("x",)}
