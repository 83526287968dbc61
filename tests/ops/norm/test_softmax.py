import math
from typing import Any

import numpy as np
import pytest

from netweight.errors import ShapeError
from netweight.ir import TensorSpec
from netweight.ops import REGISTRY
from netweight.ops.extent import Mixes
from netweight.ops.norm.softmax import (
    SoftmaxAttrs,
    log_softmax_backward,
    log_softmax_cost,
    log_softmax_forward,
    softmax_backward,
    softmax_cost,
    softmax_extent,
    softmax_forward,
)

LAST = SoftmaxAttrs(dim=-1)


def test_softmax_by_hand() -> None:
    x = np.log([[1.0, 2.0, 5.0]])
    np.testing.assert_allclose(softmax_forward(LAST, x), [[1 / 8, 2 / 8, 5 / 8]])
    np.testing.assert_allclose(log_softmax_forward(LAST, x), np.log([[1 / 8, 2 / 8, 5 / 8]]))
    np.testing.assert_allclose(softmax_forward(SoftmaxAttrs(dim=0), x), [[1, 1, 1]])


def test_work_per_element_and_row() -> None:
    x = TensorSpec((2, 3, 10))
    cost = softmax_cost(LAST, x)
    assert (cost.compares, cost.adds, cost.exps, cost.divs) == (60, 60 * 2, 60, 60)
    cost = log_softmax_cost(SoftmaxAttrs(dim=1), x)
    assert (cost.compares, cost.adds, cost.exps, cost.logs) == (60, 60 * 3, 60, 2 * 10)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_large_numbers_neither_overflow_nor_warn(dtype: Any) -> None:
    x = np.array([[1e4, -1e4, 1e4]], dtype)
    grad_y = np.array([[1, 2, 3]], dtype)
    with np.errstate(over="raise", divide="raise", invalid="raise"):
        y, log_y = softmax_forward(LAST, x), log_softmax_forward(LAST, x)
        (grad,) = softmax_backward(LAST, grad_y, x, y=y)
        (log_grad,) = log_softmax_backward(LAST, grad_y, x, y=log_y)
    np.testing.assert_array_equal(y, [[0.5, 0, 0.5]])
    np.testing.assert_allclose(log_y, [[-math.log(2), -2e4 - math.log(2), -math.log(2)]], rtol=1e-6)
    np.testing.assert_allclose(grad, [[0.5 * (1 - 2), 0, 0.5 * (3 - 2)]])  # less the mean of 1 and 3
    np.testing.assert_allclose(log_grad, [[1 - 0.5 * 6, 2, 3 - 0.5 * 6]], atol=1e-6)


def test_one_dimension_is_mixed() -> None:
    assert softmax_extent(SoftmaxAttrs(dim=1), TensorSpec((2, 3, 4))) == Mixes((1,))


@pytest.mark.parametrize("op", ["softmax", "log_softmax"])
@pytest.mark.parametrize(("dim", "shape"), [(2, (3, 4)), (-3, (3, 4)), (0, ())])
def test_errors_name_what_was_expected_and_what_came(op: str, dim: int, shape: tuple[int, ...]) -> None:
    rank = len(shape)
    with pytest.raises(ShapeError, match=rf"{op}: expected dim from {-rank} to {rank - 1}, got {dim} for x of shape"):
        REGISTRY[op].shape(SoftmaxAttrs(dim=dim), TensorSpec(shape))
