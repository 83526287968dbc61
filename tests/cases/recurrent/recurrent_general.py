from typing import Any

import hypothesis.strategies as st
import numpy as np
from hypothesis.strategies import DrawFn

from cases.draws import Case, generator, normal
from netweight.ops.recurrent.recurrent_general import GruGeneralAttrs, LstmGeneralAttrs, RnnGeneralAttrs

_NAMES = [
    "sigmoid", "tanh", "relu", "affine", "leaky_relu", "thresholded_relu", "scaled_tanh", "hardsigmoid", "elu",
    "softsign", "softplus",
]  # fmt: skip


def options(draw: DrawFn, count: int) -> dict[str, Any]:
    """Any activation functions, clipped or not, in either direction."""
    named = tuple(
        (draw(st.sampled_from(_NAMES)), draw(st.sampled_from([0.3, 0.7])), draw(st.sampled_from([0.2, 0.5])))
        for _ in range(count)
    )
    return {"activations": named, "clip": draw(st.sampled_from([None, 0.6])), "reverse": draw(st.booleans())}


def tensors(draw: DrawFn, gates: int, states: int) -> tuple[Any, ...]:
    """With and without each initial state, each bias, and lengths, which may be 0."""
    t, n, c, hidden = (draw(st.integers(1, 3)) for _ in range(4))

    def optional(*shape: int) -> Any:
        return normal(draw, *shape) if draw(st.booleans()) else None

    starts = [optional(n, hidden) for _ in range(states)]
    weights = normal(draw, gates * hidden, c), normal(draw, gates * hidden, hidden)
    biases = optional(gates * hidden), optional(gates * hidden)
    lengths = generator(draw).integers(0, t + 1, n) if draw(st.booleans()) else None
    return normal(draw, t, n, c), *starts, *weights, *biases, lengths


@st.composite
def rnn_cases(draw: DrawFn) -> Case:
    return RnnGeneralAttrs(**options(draw, 1)), tensors(draw, 1, 1)


@st.composite
def gru_cases(draw: DrawFn) -> Case:
    return GruGeneralAttrs(**options(draw, 2), reset_after=draw(st.booleans())), tensors(draw, 3, 1)


@st.composite
def lstm_cases(draw: DrawFn) -> Case:
    attrs = LstmGeneralAttrs(**options(draw, 3), coupled=draw(st.booleans()))
    *others, lengths = tensors(draw, 4, 2)
    hidden = others[4].shape[1]
    peephole = np.asarray(normal(draw, 3 * hidden)) if draw(st.booleans()) else None
    return attrs, (*others, peephole, lengths)


CASES = {"rnn_general": rnn_cases(), "gru_general": gru_cases(), "lstm_general": lstm_cases()}
BATCHED = {"rnn_general": ("x",), "gru_general": ("x",), "lstm_general": ("x",)}
