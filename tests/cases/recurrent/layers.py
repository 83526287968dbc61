from typing import Any

import hypothesis.strategies as st
import numpy as np
from hypothesis import assume
from hypothesis.strategies import DrawFn

from cases.draws import Case, generator, normal
from definitions.recurrent.layers import FUNCTIONS, arguments
from netweight.ops.recurrent.gru import GruAttrs
from netweight.ops.recurrent.lstm import LstmAttrs
from netweight.ops.recurrent.rnn import RnnAttrs

_COUNTS = {"rnn": 1, "gru": 2, "lstm": 3}


def options(draw: DrawFn, name: str) -> dict[str, Any]:
    """The usual activation functions or any, clipped or not, in either direction."""
    found: dict[str, Any] = {"reverse": draw(st.booleans()), "clip": draw(st.sampled_from([None, None, 0.6]))}
    if draw(st.booleans()):
        found["activations"] = tuple(
            (
                draw(st.sampled_from(sorted(FUNCTIONS))),
                draw(st.sampled_from([0.3, 0.7])),
                draw(st.sampled_from([0.2, 0.5])),
            )
            for _ in range(_COUNTS[name])
        )
    return found


def tensors(draw: DrawFn, gates: int, states: int) -> list[Any]:
    """With and without each initial state, each bias, and lengths, which may be 0."""
    t, n, c, hidden = (draw(st.integers(1, 3)) for _ in range(4))

    def optional(*shape: int) -> Any:
        return normal(draw, *shape) if draw(st.booleans()) else None

    starts = [optional(n, hidden) for _ in range(states)]
    weights = normal(draw, gates * hidden, c), normal(draw, gates * hidden, hidden)
    biases = optional(gates * hidden), optional(gates * hidden)
    lengths = generator(draw).integers(0, t + 1, n) if draw(st.booleans()) else None
    return [normal(draw, t, n, c), *starts, *weights, *biases, lengths]


def _kinks(attrs: Any, place: int) -> list[float]:
    """Arguments at which a function or its bounds have a corner or a jump."""
    name, alpha, beta = attrs.activations[place]
    bounds = [] if attrs.clip is None else [-attrs.clip, attrs.clip]
    corners = {"thresholded_relu": [alpha], "hardsigmoid": [-beta / alpha, (1 - beta) / alpha]} if alpha else {}
    return bounds + corners.get(name, [0.0])


def _smooth(name: str, attrs: Any, inputs: list[Any]) -> Case:
    """Kept off corners; what is left out at the end may be missing."""
    required = {"rnn": 6, "gru": 6, "lstm": 7}[name]
    while inputs[-1] is None and len(inputs) > required:
        inputs = inputs[:-1]
    for place, seen in enumerate(arguments(name, attrs, *inputs)):
        for kink in _kinks(attrs, place):
            assume(not seen or np.abs(np.array(seen) - kink).min() > 1e-4)
    return attrs, tuple(inputs)


@st.composite
def rnn_cases(draw: DrawFn) -> Case:
    return _smooth("rnn", RnnAttrs(**options(draw, "rnn")), tensors(draw, 1, 1))


@st.composite
def gru_cases(draw: DrawFn) -> Case:
    attrs = GruAttrs(**options(draw, "gru"), reset_after=draw(st.booleans()))
    return _smooth("gru", attrs, tensors(draw, 3, 1))


@st.composite
def lstm_cases(draw: DrawFn) -> Case:
    attrs = LstmAttrs(**options(draw, "lstm"), coupled=draw(st.booleans()))
    *others, lengths = tensors(draw, 4, 2)
    peephole = normal(draw, 3 * others[4].shape[1]) if draw(st.booleans()) else None
    return _smooth("lstm", attrs, [*others, peephole, lengths])


# The first dimension of x counts steps: they cost the same apart as together, as samples do.
CASES = {"lstm": lstm_cases(), "gru": gru_cases(), "rnn": rnn_cases()}
BATCHED = {"lstm": ("x",), "gru": ("x",), "rnn": ("x",)}
