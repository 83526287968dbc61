import math
from typing import Any

import numpy as np
import pytest

from netweight.errors import ShapeError, UsageError
from netweight.ir import TensorSpec
from netweight.ops import REGISTRY
from netweight.ops.extent import Mixes
from netweight.ops.loss.classes import (
    CrossEntropyAttrs,
    classes_extent,
    cross_entropy_backward,
    cross_entropy_cost,
    cross_entropy_forward,
    cross_entropy_shape,
)
from netweight.ops.loss.reduction import LossAttrs

PROBABILITIES = np.log([[1.0, 2.0, 5.0], [2.0, 2.0, 4.0]])  # in eighths
TARGET = np.array([2, 0])


def test_cross_entropy_by_hand() -> None:
    each = [math.log(8 / 5), math.log(8 / 2)]
    for reduction, expected in (("none", each), ("sum", sum(each)), ("mean", sum(each) / 2)):
        attrs = CrossEntropyAttrs(reduction=reduction)  # type: ignore[arg-type]
        loss, _ = cross_entropy_forward(attrs, PROBABILITIES, TARGET)
        np.testing.assert_allclose(loss, expected)


def test_gradient_of_cross_entropy_is_probability_less_target() -> None:
    attrs = CrossEntropyAttrs(reduction="mean")
    _, log_probs = cross_entropy_forward(attrs, PROBABILITIES, TARGET)
    grad_x, none, _ = cross_entropy_backward(attrs, np.array(1.0), PROBABILITIES, TARGET, log_probs=log_probs)
    np.testing.assert_allclose(grad_x, np.array([[1, 2, 5 - 8], [2 - 8, 2, 4]]) / 8 / 2)
    assert none is None


def test_smoothing_mixes_in_the_mean_over_all_classes() -> None:
    attrs = CrossEntropyAttrs(reduction="none", label_smoothing=0.3)
    (loss,), _ = cross_entropy_forward(attrs, PROBABILITIES[:1], TARGET[:1])
    everywhere = (math.log(8 / 1) + math.log(8 / 2) + math.log(8 / 5)) / 3
    np.testing.assert_allclose(loss, 0.7 * math.log(8 / 5) + 0.3 * everywhere)


def test_mse_loss_by_hand() -> None:
    x, target = np.array([[1.0, 5.0]]), np.array([[3.0, 4.0]])
    np.testing.assert_array_equal(REGISTRY["mse_loss"].forward(LossAttrs(reduction="none"), x, target), [[4, 1]])
    np.testing.assert_array_equal(REGISTRY["mse_loss"].forward(LossAttrs(), x, target), (4 + 1) / 2)
    grad_x, grad_target = REGISTRY["mse_loss"].backward(LossAttrs(), np.array(1.0), x, target)
    np.testing.assert_array_equal(grad_x, [[2 * -2 / 2, 2 * 1 / 2]])
    np.testing.assert_array_equal(grad_target, -grad_x)


def test_work() -> None:
    x, target = TensorSpec((2, 10, 3)), TensorSpec((2, 3), "int64")
    cost = cross_entropy_cost(CrossEntropyAttrs(), x, target)
    assert (cost.compares, cost.exps, cost.logs) == (60, 60, 6)  # as log-softmax
    assert (cost.adds, cost.divs, cost.muls) == (60 * 3 + 6, 1, 0)  # and the mean of 6 losses
    smoothed = cross_entropy_cost(CrossEntropyAttrs(reduction="none", label_smoothing=0.1), x, target)
    assert (smoothed.adds, smoothed.divs, smoothed.muls) == (60 * 3 + 60 + 6, 0, 6 * 2)
    square = REGISTRY["mse_loss"].cost(LossAttrs(reduction="sum"), x, x)
    assert (square.adds, square.muls, square.divs) == (60 + 60, 60, 0)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_large_numbers_neither_overflow_nor_warn(dtype: Any) -> None:
    x = np.array([[1e4, -1e4], [1e4, -1e4]], dtype)
    attrs = CrossEntropyAttrs(reduction="sum")
    with np.errstate(over="raise", divide="raise", invalid="raise"):
        loss, log_probs = cross_entropy_forward(attrs, x, np.array([0, 1]))
        grad_x, _, _ = cross_entropy_backward(attrs, np.array(1, dtype), x, np.array([0, 1]), log_probs=log_probs)
    assert loss == 0 + 2e4
    np.testing.assert_array_equal(grad_x, [[0, 0], [1, -1]])


def test_what_a_loss_sees() -> None:
    x, target = TensorSpec((2, 5, 7)), TensorSpec((2, 7), "int64")
    assert classes_extent(CrossEntropyAttrs(reduction="none"), x, target) == Mixes((1,))
    assert classes_extent(CrossEntropyAttrs(), x, target) == Mixes((0, 1, 2))
    y, _ = cross_entropy_shape(CrossEntropyAttrs(reduction="none"), x, target)
    assert y == TensorSpec((2, 7))


@pytest.mark.parametrize("wrong", [-1, 3])
def test_a_class_out_of_range_is_refused(wrong: int) -> None:
    with pytest.raises(UsageError, match=rf"cross_entropy: expected classes from 0 to 2, got {wrong}"):
        cross_entropy_forward(CrossEntropyAttrs(), PROBABILITIES, np.array([0, wrong]))


@pytest.mark.parametrize(
    ("op", "attrs", "x", "target", "message"),
    [
        ("cross_entropy", CrossEntropyAttrs(), (5,), (), r"x \(N, C, ...\) and target \(N, ...\), got \(5,\) and \(\)"),
        ("cross_entropy", CrossEntropyAttrs(), (2, 5), (2, 5), r"got \(2, 5\) and \(2, 5\)"),
        ("cross_entropy", CrossEntropyAttrs(label_smoothing=2.0), (2, 5), (2,), r"0 <= label_smoothing <= 1, got 2.0"),
        ("cross_entropy", CrossEntropyAttrs(reduction="max"), (2, 5), (2,), r"'mean', 'sum' or 'none', got 'max'"),  # type: ignore[arg-type]
        ("mse_loss", LossAttrs(), (2, 5), (2,), r"mse_loss: .* of the same shape, got \(2, 5\) and \(2,\)"),
    ],
)
def test_errors_name_what_was_expected_and_what_came(
    op: str, attrs: Any, x: tuple[int, ...], target: tuple[int, ...], message: str
) -> None:
    with pytest.raises(ShapeError, match=message):
        REGISTRY[op].shape(attrs, TensorSpec(x), TensorSpec(target, "int64"))


def test_probabilities_as_targets_are_refused() -> None:
    with pytest.raises(ShapeError, match=r"class numbers of an integer type, got target of float32"):
        cross_entropy_shape(CrossEntropyAttrs(), TensorSpec((2, 5)), TensorSpec((2,)))
