import math
from typing import Any

import numpy as np
import pytest

from netweight.errors import ShapeError
from netweight.ir import TensorSpec
from netweight.ops import REGISTRY, Cost
from netweight.ops.reduce.cumulative import CumsumAttrs
from netweight.ops.reduce.reduction import ReduceAttrs

_X = TensorSpec((4, 5))
_ROWS = ReduceAttrs(dims=(1,))


def test_work_of_rows_of_five() -> None:
    assert REGISTRY["any"].cost(_ROWS, _X) == REGISTRY["all"].cost(_ROWS, _X) == Cost(logics=4 * 4)
    assert REGISTRY["count_nonzero"].cost(_ROWS, _X) == Cost(compares=4 * 5, adds=4 * 4)
    # The largest of 5 in 4 comparisons; 5 distances, 4 sums and 1 way back; 5 exponentials, 1 logarithm.
    each = {"compares": 4, "adds": 5 + 4 + 1, "exps": 5, "logs": 1}
    assert REGISTRY["logsumexp"].cost(_ROWS, _X) == Cost(**{kind: 4 * count for kind, count in each.items()})
    assert REGISTRY["cumprod"].cost(CumsumAttrs(dim=1), _X) == Cost(muls=4 * 4)


def test_questions() -> None:
    x = np.array([[0.0, 2.0], [3.0, 4.0]])
    np.testing.assert_array_equal(REGISTRY["any"].forward(_ROWS, x), [True, True])
    np.testing.assert_array_equal(REGISTRY["all"].forward(_ROWS, x), [False, True])
    np.testing.assert_array_equal(REGISTRY["count_nonzero"].forward(_ROWS, x), [1, 2])
    assert REGISTRY["count_nonzero"].shape(_ROWS, _X) == TensorSpec((4,), "int64")
    assert REGISTRY["any"].shape(ReduceAttrs(), _X) == TensorSpec((), "bool")


def test_large_exponentials_do_not_overflow() -> None:
    x = np.array([[1000.0, 1000.0], [-np.inf, -np.inf]], np.float32)
    with np.errstate(over="raise"):
        y = REGISTRY["logsumexp"].forward(_ROWS, x)
    np.testing.assert_allclose(y, [1000 + math.log(2), -np.inf])
    assert y.dtype == np.float32


def test_a_zero_leaves_the_gradients_of_the_others() -> None:
    """2, 2 * 0, 2 * 0 * 5: the first feels 1 + 0 + 0, the zero 2 + 10, the last 0."""
    x = np.array([2.0, 0.0, 5.0])
    np.testing.assert_array_equal(REGISTRY["cumprod"].forward(CumsumAttrs(dim=0), x), [2, 0, 0])
    np.testing.assert_array_equal(REGISTRY["cumprod"].backward(CumsumAttrs(dim=0), np.ones(3), x)[0], [1, 12, 0])


@pytest.mark.parametrize(
    ("name", "attrs", "x", "message"),
    [
        ("any", ReduceAttrs(dims=(2,)), _X, "any: expected different dims from 0 to 1, got 2"),
        ("all", ReduceAttrs(), TensorSpec((0,)), "all: expected at least one element to reduce"),
        ("count_nonzero", ReduceAttrs(dims=(0, 0)), _X, "count_nonzero: expected different dims"),
        ("logsumexp", ReduceAttrs(dims=(2,)), _X, "logsumexp: expected different dims from 0 to 1, got 2"),
        ("cumprod", CumsumAttrs(dim=2), _X, "cumprod: expected different dims from 0 to 1, got 2"),
    ],
)
def test_errors(name: str, attrs: Any, x: TensorSpec, message: str) -> None:
    with pytest.raises(ShapeError, match=message):
        REGISTRY[name].shape(attrs, x)
