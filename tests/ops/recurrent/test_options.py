"""Recurrent layers with options: by hand, what they cost and refuse."""

from typing import Any

import numpy as np
import pytest

from netweight.errors import ShapeError
from netweight.ir import TensorSpec
from netweight.ops import REGISTRY, Cost
from netweight.ops.pointwise.unary import ClampAttrs
from netweight.ops.recurrent.gru import GruAttrs
from netweight.ops.recurrent.lstm import LstmAttrs
from netweight.ops.recurrent.rnn import RnnAttrs
from netweight.ops.table import WORK_KINDS
from netweight.testing.laws import check_backward

T, N, C, H = 4, 2, 3, 5


def tensors(gates: int, states: int) -> tuple[Any, ...]:
    rng = np.random.default_rng(0)
    starts = [rng.standard_normal((N, H)) for _ in range(states)]
    weights = rng.standard_normal((gates * H, C)), rng.standard_normal((gates * H, H))
    return rng.standard_normal((T, N, C)), *starts, *weights, *rng.standard_normal((2, gates * H))


def specs(gates: int, states: int) -> tuple[TensorSpec, ...]:
    return tuple(TensorSpec(x.shape) for x in tensors(gates, states))


def test_reset_before_the_product_by_hand() -> None:
    """All gates are 1/2 and h' = 1, weight 2 and bias 4: h = (n + 1) / 2, n = tanh(2 / 2 + 4) or tanh((2 + 4) / 2)."""
    x, h0 = np.zeros((1, 1, 1)), np.ones((1, 1))
    weights, biases = (np.zeros((3, 1)), np.array([[0.0], [0.0], [2.0]])), (np.zeros(3), np.array([0.0, 0.0, 4.0]))
    for reset_after, argument in ((False, 0.5 * 2 + 4), (True, 0.5 * (2 + 4))):
        attrs = GruAttrs(reset_after=reset_after)
        y, *_ = REGISTRY["gru"].forward(attrs, x, h0, *weights, *biases, None)
        np.testing.assert_allclose(y, [[[(np.tanh(argument) + 1) / 2]]])


def test_samples_of_their_own_length() -> None:
    """A running sum: sample 0 has two steps, sample 1 three; in reverse each from its own last one."""
    x, one = np.array([[1.0, 10], [2, 20], [3, 30]])[..., None], np.ones((1, 1))
    for reverse, expected in ((False, [[1, 10], [3, 30], [0, 60]]), (True, [[3, 60], [2, 50], [0, 30]])):
        attrs = RnnAttrs(activations=(("affine", 1.0, 0.0),), reverse=reverse)
        y, h_n, _ = REGISTRY["rnn"].forward(attrs, x, None, one, one, None, None, np.array([2, 3]))
        np.testing.assert_array_equal(y[..., 0], expected)
        np.testing.assert_array_equal(h_n[:, 0], [3, 60])


def test_peepholes_coupling_and_clipping_by_hand() -> None:
    """No inputs: i = 0.1 c' + 0.2, forget = 1 - i, o = 1 c, all functions the identity, clipped at 3."""
    identity = ("affine", 1.0, 0.0)
    attrs = LstmAttrs(activations=(identity,) * 3, coupled=True, clip=3.0)
    x, states = np.zeros((1, 1, 1)), (np.zeros((1, 1)), np.full((1, 1), 10.0))
    weights, bias = (np.zeros((4, 1)), np.zeros((4, 1))), np.array([0.2, 9.0, 5.0, 0.0])
    y, h, c, *_ = REGISTRY["lstm"].forward(attrs, x, *states, *weights, bias, None, np.array([0.1, 9, 1]), None)
    i = 0.1 * 10 + 0.2
    cell = (1 - i) * 10 + i * 3  # the argument 5 of the input is clipped
    np.testing.assert_allclose(c, [[cell]])
    np.testing.assert_allclose(h, [[cell * cell]])
    np.testing.assert_allclose(y, [[[cell * cell]]])


def test_costs_of_options() -> None:
    given, states = specs(4, 2), T * N * H
    cost = REGISTRY["lstm"].cost
    plain = cost(LstmAttrs(), *given, None, None)
    peephole = TensorSpec((3 * H,))
    assert plain.macs == T * N * 4 * H * (C + H)
    assert cost(LstmAttrs(), *given, peephole, None) == plain + Cost(muls=3 * states, adds=3 * states)
    assert cost(LstmAttrs(clip=1.0), *given, None, None) == plain + Cost(compares=2 * 5 * states)
    lengths = TensorSpec((N,), "int32")
    assert cost(LstmAttrs(), *given, None, lengths) == plain  # dense: steps beyond a length count
    coupled = cost(LstmAttrs(coupled=True), *given, None, None)
    # one sigmoid less (an exponential, an addition, a division), one subtraction more
    assert plain == coupled + Cost(exps=states, divs=states)
    gru = REGISTRY["gru"].cost
    before, after = (gru(GruAttrs(reset_after=late), *specs(3, 1), None) for late in (False, True))
    assert after == before + Cost(adds=states)


_LSTM, _PLAIN = specs(4, 2), LstmAttrs()


@pytest.mark.parametrize(
    ("name", "attrs", "inputs", "message"),
    [
        ("rnn", RnnAttrs(activations=(("gelu", 0, 0),)), (*specs(1, 1), None), "expected 1 activations"),
        ("gru", GruAttrs(activations=()), (*specs(3, 1), None), "expected 2 activations of sigmoid, "),
        ("lstm", LstmAttrs(clip=0.0), (*_LSTM, None, None), "expected a positive clip, got 0.0"),
        (
            "lstm", _PLAIN, (*_LSTM, None, TensorSpec((3,), "int32")),
            r"lengths of shape \(2,\), got \(3,\)",
        ),
        ("lstm", _PLAIN, (*_LSTM, None, TensorSpec((2,))), "positions of an integer type, got float"),
        ("lstm", _PLAIN, (*_LSTM, TensorSpec((5,)), None), r"peephole of shape \(15,\), got \(5,\)"),
        ("gru", GruAttrs(), (*specs(4, 1), None), r"weight_hh \(3 \* H, H\), got \(20, 5\)"),
    ],
)  # fmt: skip
def test_errors(name: str, attrs: Any, inputs: Any, message: str) -> None:
    with pytest.raises(ShapeError, match=message):
        REGISTRY[name].shape(attrs, *inputs)


def backward_work(name: str, attrs: Any, *rest: TensorSpec | None) -> Cost:
    """Work of the gradient of x outside the products, per step, sample and hidden feature."""
    given = (*specs({"rnn": 1, "gru": 3, "lstm": 4}[name], 2 if name == "lstm" else 1), *rest)
    cost = REGISTRY[name].backward_cost(attrs, (True, *(False,) * (len(given) - 1)), *given)
    return Cost(**{kind: getattr(cost, kind) // (T * N * H) for kind in WORK_KINDS if kind != "macs"})


def test_backward_costs_of_options() -> None:
    # grad_h + grad_y, and the slope of the function: a comparison, or alpha * (1 - y ** 2) * beta of a scaled tanh.
    assert backward_work("rnn", RnnAttrs(activations=(("relu", 0, 0),))) == Cost(adds=1, compares=1)
    assert backward_work("rnn", RnnAttrs(activations=(("scaled_tanh", 2, 3),))) == Cost(adds=1 + 1, muls=4)
    # Bounds are a clamp before the function, which costs two comparisons back.
    clamp = REGISTRY["clamp"]
    bound = clamp.backward_cost(ClampAttrs(min=-3.0, max=3.0), (True,), TensorSpec((1,)))
    assert backward_work("rnn", RnnAttrs(clip=3.0)) == Cost(adds=1 + 1, muls=2) + bound
    # grad_n (1 - z), grad_z (h' - n), grad_r m, grad_n r, grad_h z; two products and an addition per slope; the sums
    # are those with grad_y, of 1 - z, h' - n, and of two ways back to h'.
    assert backward_work("gru", GruAttrs()) == Cost(muls=5 + 3 * 2, adds=4 + 3)
    # The gradient of r h' goes to r and to h': the same five products, and a third way back to h'.
    assert backward_work("gru", GruAttrs(reset_after=False)) == Cost(muls=5 + 3 * 2, adds=5 + 3)
    # o, i, g, c', grad_h tanh(c), grad_c f; coupled, i and c' are one product with g - c', and there is a gate less.
    assert backward_work("lstm", LstmAttrs()) == Cost(muls=6 + 5 * 2, adds=2 + 5, tanhs=1)
    assert backward_work("lstm", LstmAttrs(coupled=True)) == Cost(muls=5 + 4 * 2, adds=3 + 4, tanhs=1)
    # A peephole goes to the cell and to itself.
    looking = backward_work("lstm", LstmAttrs(), TensorSpec((3 * H,)))
    assert looking == Cost(muls=6 + 5 * 2 + 6, adds=2 + 5 + 6, tanhs=1)


def test_gradients_that_need_arguments_keep_them() -> None:
    given = specs(1, 1)
    for function, width in (("tanh", 0), ("softsign", H)):
        attrs = RnnAttrs(activations=((function, 0, 0),))
        assert REGISTRY["rnn"].shape(attrs, *given)[-1] == TensorSpec((T, N, width))
    for after, width in ((True, H), (False, 0)):
        assert REGISTRY["gru"].shape(GruAttrs(reset_after=after), *specs(3, 1))[-1] == TensorSpec((T, N, width))


@pytest.mark.parametrize(
    ("name", "attrs", "rest"),
    [
        ("rnn", RnnAttrs(activations=(("scaled_tanh", 0.7, 1.3),), reverse=True), ()),
        ("gru", GruAttrs(reset_after=False, reverse=True), ()),
        ("lstm", LstmAttrs(), (np.linspace(-1, 1, 3 * H),)),
        ("lstm", LstmAttrs(coupled=True, reverse=True), (np.linspace(-1, 1, 3 * H),)),
    ],
)
def test_gradients_of_options(name: str, attrs: Any, rest: Any) -> None:
    """By central differences, for samples of their own length, every peephole looking."""
    gates, states = {"rnn": (1, 1), "gru": (3, 1), "lstm": (4, 2)}[name]
    inputs = (*tensors(gates, states), *rest, np.array([T, T - 2]))
    check_backward(REGISTRY[name], attrs, inputs, np.random.default_rng(1))


@pytest.mark.parametrize("name", ["rnn", "gru", "lstm"])
def test_dimensions_have_names(name: str) -> None:
    op = REGISTRY[name]
    ranks = {"x": 3, "y": 3, "h0": 2, "c0": 2, "weight_ih": 2, "weight_hh": 2}
    for slot in (*op.inputs, "y"):
        assert len(op.dims[slot].split()) == ranks.get(slot, 1), slot
