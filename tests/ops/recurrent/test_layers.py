import math

import numpy as np
import pytest

from netweight.count import formula, named_formula
from netweight.errors import ShapeError
from netweight.ir import TensorSpec
from netweight.ops import REGISTRY
from netweight.ops.recurrent.activations import RELU
from netweight.ops.recurrent.gru import GruAttrs, gru_cost
from netweight.ops.recurrent.lstm import LstmAttrs, lstm_cost
from netweight.ops.recurrent.rnn import RnnAttrs, rnn_cost
from netweight.ops.table import Cost

ATTRS = {"rnn": RnnAttrs(), "gru": GruAttrs(), "lstm": LstmAttrs()}
rnn_forward, gru_forward, lstm_forward = (REGISTRY[name].forward for name in ATTRS)
X = TensorSpec((7, 2, 3))  # 7 steps, 2 samples, 3 features
UNITS = 7 * 2 * 5  # hidden features, of all steps and samples


def parameters(gates: int) -> tuple[TensorSpec, ...]:
    return tuple(TensorSpec(shape) for shape in ((5 * gates, 3), (5 * gates, 5), (5 * gates,), (5 * gates,)))


def test_lstm_cost_by_hand() -> None:
    cost = lstm_cost(LstmAttrs(), X, None, None, *parameters(4))
    macs = 7 * 2 * 4 * 5 * (3 + 5)
    assert cost == Cost(
        macs=macs, muls=3 * UNITS, adds=(3 + 1) * UNITS + 2 * 4 * UNITS, divs=3 * UNITS, exps=3 * UNITS, tanhs=2 * UNITS
    )
    assert macs == 2_240
    assert formula(cost.macs) == "7 * 2 * 4 * 5 * (3 + 5)"
    assert named_formula(cost.macs) == "7 (t) * 2 (n) * 4 (gates) * 5 (hidden) * (3 (c) + 5 (hidden)) (c + hidden)"


def test_gru_cost_by_hand() -> None:
    weights = parameters(3)[:2]
    assert gru_cost(GruAttrs(), X, None, *weights, None, None) == Cost(
        macs=7 * 2 * 3 * 5 * (3 + 5), muls=3 * UNITS, adds=5 * UNITS, divs=2 * UNITS, exps=2 * UNITS, tanhs=UNITS
    )


def test_rnn_cost_by_hand() -> None:
    weight_ih, weight_hh, bias, _ = parameters(1)
    macs = 7 * 2 * 5 * (3 + 5)
    relu = RnnAttrs(activations=(RELU,))
    assert rnn_cost(RnnAttrs(), X, None, weight_ih, weight_hh, None, None) == Cost(macs=macs, tanhs=UNITS)
    assert rnn_cost(relu, X, None, weight_ih, weight_hh, bias, None) == Cost(macs=macs, compares=UNITS, adds=UNITS)


def test_two_steps_of_an_rnn_by_hand_in_both_directions() -> None:
    x, one = np.array([[[1.0]], [[10.0]]]), np.array([[1.0]])
    relu = RnnAttrs(activations=(RELU,))
    y, h_n, _ = rnn_forward(relu, x, one, one, 2 * one, None, None)
    np.testing.assert_array_equal(y.ravel(), [1 + 2 * 1, 10 + 2 * 3])
    assert h_n.item() == 16
    y, h_n, _ = rnn_forward(RnnAttrs(activations=(RELU,), reverse=True), x, one, one, 2 * one, None, None)
    np.testing.assert_array_equal(y.ravel(), [1 + 2 * 12, 10 + 2 * 1])
    assert h_n.item() == 25


def test_an_lstm_whose_gates_are_half_open() -> None:
    zero, x = np.zeros((4, 1)), np.zeros((1, 1, 1))
    bias = np.array([0, 0, math.atanh(0.5), 0])  # i = f = o = 1/2, g = 1/2
    y, h_n, c_n, _, _ = lstm_forward(LstmAttrs(), x, None, np.array([[3.0]]), zero, zero, bias, None)
    np.testing.assert_allclose(c_n, [[3 / 2 + 1 / 4]])
    np.testing.assert_allclose(h_n, [[math.tanh(1.75) / 2]])
    np.testing.assert_array_equal(y[0], h_n)


def test_a_gru_whose_gates_are_half_open() -> None:
    zero, x = np.zeros((3, 1)), np.zeros((1, 1, 1))
    inner = np.array([0, 0, 2 * math.atanh(0.5)])  # r = 1/2 halves it: n = 1/2
    _, h_n, _, _ = gru_forward(GruAttrs(), x, np.array([[3.0]]), zero, zero, None, inner)
    np.testing.assert_allclose(h_n, [[0.5 / 2 + 3 / 2]])


@pytest.mark.parametrize(("op", "gates", "states"), [("rnn", 1, 1), ("gru", 3, 1), ("lstm", 4, 2)])
@pytest.mark.parametrize(
    ("slot", "shape", "message"),
    [
        ("x", (7, 3), r"expected x \(T, N, C\) and weight_hh \(. \* H, H\), got \(7, 3\)"),
        ("weight_hh", (20,), r"expected x \(T, N, C\) and weight_hh .* got \(7, 2, 3\), \(20,\)"),
        ("weight_hh", (7, 5), r"expected weight_hh \(. \* H, H\), got \(7, 5\)"),
        ("weight_ih", (5, 4), r"expected weight_ih of shape \(\d+, 3\), got \(5, 4\)"),
        ("h0", (1, 2, 5), r"expected an initial state of shape \(2, 5\), got \(1, 2, 5\)"),
        ("bias_ih", (1,), r"expected biases of shape \(\d+,\), got \(1,\)"),
        ("bias_hh", (1,), r"expected biases of shape \(\d+,\), got \(1,\)"),
    ],
)
def test_errors_name_what_was_expected_and_what_came(
    op: str, gates: int, states: int, slot: str, shape: tuple[int, ...], message: str
) -> None:
    definition = REGISTRY[op]
    specs = dict(zip(definition.slot_names(5 + states), (X, *(None,) * states, *parameters(gates)), strict=True))
    specs[slot] = TensorSpec(shape)
    with pytest.raises(ShapeError, match=f"{op}: {message}"):
        definition.shape(ATTRS[op], *specs.values())
