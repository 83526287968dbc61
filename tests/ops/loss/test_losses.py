import math
from typing import Any

import numpy as np
import pytest

from netweight.errors import ShapeError, UsageError
from netweight.ir import TensorSpec
from netweight.ops import REGISTRY, Cost
from netweight.ops.extent import Mixes
from netweight.ops.loss.classes import NllLossAttrs
from netweight.ops.loss.distance import HuberLossAttrs, SmoothL1LossAttrs
from netweight.ops.loss.probabilities import KlDivAttrs
from netweight.ops.loss.reduction import LossAttrs

_EACH = LossAttrs(reduction="none")
_X, _TARGET = TensorSpec((2, 5)), TensorSpec((2,), "int64")


def test_distances_near_and_far() -> None:
    x, target = np.array([0.5, 3.0]), np.array([0.0, 0.0])
    np.testing.assert_array_equal(REGISTRY["l1_loss"].forward(_EACH, x, target), [0.5, 3])
    smooth = REGISTRY["smooth_l1_loss"].forward(SmoothL1LossAttrs(reduction="none", beta=2), x, target)
    np.testing.assert_array_equal(smooth, [0.5**2 / (2 * 2), 3 - 2 / 2])
    huber = REGISTRY["huber_loss"].forward(HuberLossAttrs(reduction="none", delta=2), x, target)
    np.testing.assert_array_equal(huber, [0.5**2 / 2, 2 * (3 - 2 / 2)])
    sharp = SmoothL1LossAttrs(reduction="none", beta=0)
    np.testing.assert_array_equal(REGISTRY["smooth_l1_loss"].forward(sharp, x, target), [0.5, 3])
    grad_x, grad_target = REGISTRY["huber_loss"].backward(HuberLossAttrs(delta=2), np.array(1.0), x, target)
    np.testing.assert_array_equal(grad_x, [0.5 / 2, 2 / 2])  # a mean of two
    np.testing.assert_array_equal(grad_target, -grad_x)


def test_a_weighted_mean_leaves_out_what_is_ignored() -> None:
    """Losses 1 and 4 with weights 3 and 1; the third position is ignored."""
    x, target, weight = -np.array([[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]]), np.array([0, 1, 9]), np.array([3.0, 1.0])
    attrs = NllLossAttrs(ignore_index=9)
    loss = REGISTRY["nll_loss"].forward(attrs, x, target, weight)
    np.testing.assert_allclose(loss, (3 * 1 + 1 * 4) / (3 + 1))
    grad_x, _, grad_weight = REGISTRY["nll_loss"].backward(attrs, np.array(1.0), x, target, weight, y=loss)
    np.testing.assert_allclose(grad_x, [[-3 / 4, 0], [0, -1 / 4], [0, 0]])
    np.testing.assert_allclose(grad_weight, [(1 - 7 / 4) / 4, (4 - 7 / 4) / 4])


def test_divergence_by_hand() -> None:
    target, x = np.array([[0.0, 1.0]]), np.log(np.array([[0.5, 0.25]]))
    y = REGISTRY["kl_div"].forward(KlDivAttrs(reduction="none"), x, target)
    np.testing.assert_allclose(y, [[0, math.log(4)]])
    two = np.concatenate([x, x]), np.concatenate([target, target])
    np.testing.assert_allclose(REGISTRY["kl_div"].forward(KlDivAttrs(reduction="batchmean"), *two), math.log(4))
    with np.errstate(divide="ignore"):
        logs = np.log(target[:, 1:])
    same = REGISTRY["kl_div"].forward(KlDivAttrs(reduction="none", log_target=True), x[:, 1:], logs)
    np.testing.assert_allclose(same, [[math.log(4)]])


def test_certainty_that_is_wrong_costs_a_hundred() -> None:
    x, target = np.array([0.0, 1.0, 0.5]), np.array([1.0, 1.0, 0.0])
    y = REGISTRY["binary_cross_entropy"].forward(_EACH, x, target, None)
    np.testing.assert_allclose(y, [100, 0, math.log(2)])
    logits = REGISTRY["binary_cross_entropy_with_logits"]
    far = np.array([-1000.0, 1000.0, 0.0], np.float32)
    with np.errstate(over="raise"):
        y = logits.forward(_EACH, far, target.astype(np.float32), None, None)
    np.testing.assert_allclose(y, [1000, 0, math.log(2)], rtol=1e-6)
    heavy = logits.forward(_EACH, np.zeros(2), np.array([1.0, 0.0]), None, np.array(3.0))
    np.testing.assert_allclose(heavy, [3 * math.log(2), math.log(2)])


def test_work() -> None:
    """10 elements, or 2 positions of 5 classes."""
    none, mean = _EACH, LossAttrs()
    assert REGISTRY["l1_loss"].cost(mean, _X, _X) == Cost(adds=10 + 10, compares=10, divs=1)
    assert REGISTRY["smooth_l1_loss"].cost(SmoothL1LossAttrs(reduction="sum"), _X, _X) == Cost(
        adds=10 + 10, compares=20, muls=20
    )
    assert REGISTRY["huber_loss"].cost(HuberLossAttrs(reduction="none"), _X, _X) == Cost(adds=10, compares=20, muls=20)
    assert REGISTRY["nll_loss"].cost(NllLossAttrs(), _X, _TARGET, None) == Cost(adds=2, divs=1)
    assert REGISTRY["nll_loss"].cost(NllLossAttrs(), _X, _TARGET, TensorSpec((5,))) == Cost(adds=2 + 2, muls=2, divs=1)
    assert REGISTRY["kl_div"].cost(KlDivAttrs(reduction="batchmean"), _X, _X) == Cost(
        logs=10, compares=10, adds=10 + 10, muls=10, divs=1
    )
    assert REGISTRY["kl_div"].cost(KlDivAttrs(reduction="none", log_target=True), _X, _X) == Cost(
        exps=10, adds=10, muls=10
    )
    assert REGISTRY["binary_cross_entropy"].cost(none, _X, _X, None) == Cost(logs=20, compares=20, muls=20, adds=30)
    logits = REGISTRY["binary_cross_entropy_with_logits"]
    assert logits.cost(none, _X, _X, None, None) == Cost(compares=20, exps=10, logs=10, adds=30, muls=10)
    assert logits.cost(none, _X, _X, _X, _X) == Cost(compares=20, exps=10, logs=10, adds=60, muls=40)


def test_what_a_loss_sees() -> None:
    assert REGISTRY["l1_loss"].extent(_EACH, _X, _X) == Mixes(())
    assert REGISTRY["nll_loss"].extent(NllLossAttrs(reduction="none"), _X, _TARGET, None) == Mixes((1,))
    assert REGISTRY["nll_loss"].extent(NllLossAttrs(), _X, _TARGET, None) == Mixes((0, 1))


@pytest.mark.parametrize("wrong", [-1, 5])
def test_a_class_out_of_range_is_refused(wrong: int) -> None:
    with pytest.raises(UsageError, match=rf"nll_loss: expected classes from 0 to 4, got {wrong}"):
        REGISTRY["nll_loss"].forward(NllLossAttrs(), np.zeros((2, 5)), np.array([0, wrong]), None)


_BAD: Any = "max"
_ROW = TensorSpec((7,))


@pytest.mark.parametrize(
    ("name", "attrs", "inputs", "message"),
    [
        ("l1_loss", LossAttrs(), (_X, _ROW), r"l1_loss: expected x and target of the same shape, got \(2, 5\) and"),
        (
            "l1_loss",
            LossAttrs(reduction=_BAD),
            (_X, _X),
            "l1_loss: expected reduction 'mean', 'sum' or 'none', got 'max'",
        ),
        ("smooth_l1_loss", SmoothL1LossAttrs(beta=-1), (_X, _X), "smooth_l1_loss: expected beta of at least 0, got -1"),
        ("huber_loss", HuberLossAttrs(delta=0), (_X, _X), "huber_loss: expected delta above 0, got 0"),
        ("nll_loss", NllLossAttrs(), (_X, _X, None), r"nll_loss: expected x \(N, C, ...\) and target \(N, ...\), got"),
        (
            "nll_loss",
            NllLossAttrs(),
            (_X, TensorSpec((2,)), None),
            "class numbers of an integer type, got target of float",
        ),
        ("nll_loss", NllLossAttrs(), (_X, _TARGET, _ROW), r"nll_loss: expected weight of shape \(5,\), got \(7,\)"),
        ("kl_div", KlDivAttrs(), (_X, _ROW), "kl_div: expected x and target of the same shape"),
        ("kl_div", KlDivAttrs(reduction=_BAD), (_X, _X), "kl_div: expected reduction"),
        (
            "kl_div",
            KlDivAttrs(reduction="batchmean"),
            (TensorSpec(()),) * 2,
            "kl_div: expected samples for the reduction",
        ),
        (
            "binary_cross_entropy",
            LossAttrs(),
            (_X, _ROW, None),
            "binary_cross_entropy: expected x and target of the same",
        ),
        (
            "binary_cross_entropy",
            LossAttrs(),
            (_X, _X, TensorSpec((3, 2, 5))),
            r"weight that broadcasts to \(2, 5\), got",
        ),
        (
            "binary_cross_entropy_with_logits",
            LossAttrs(),
            (_X, _X, None, TensorSpec((3, 2, 5))),
            "expected pos_weight that",
        ),
        ("binary_cross_entropy_with_logits", LossAttrs(), (_X, _X, _ROW, None), "expected shapes that broadcast"),
    ],
)
def test_errors(name: str, attrs: Any, inputs: tuple[Any, ...], message: str) -> None:
    with pytest.raises(ShapeError, match=message):
        REGISTRY[name].shape(attrs, *inputs)


@pytest.mark.parametrize("name", ["huber_loss", "l1_loss", "mse_loss", "smooth_l1_loss"])
def test_the_gradient_of_a_target_beside_that_of_the_input_is_its_sign_turned(name: str) -> None:
    op, spec = REGISTRY[name], TensorSpec((2, 3))
    assert op.attrs is not None
    attrs = op.attrs(reduction="none")
    alone = op.backward_cost(attrs, (True, False), spec, spec)
    both = op.backward_cost(attrs, (True, True), spec, spec)
    assert both == alone + Cost(adds=2 * 3)
