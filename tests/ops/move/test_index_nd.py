from typing import Any

import numpy as np
import pytest

from netweight.errors import ShapeError
from netweight.ir import TensorSpec
from netweight.ops import REGISTRY, Cost
from netweight.ops.move.places import GatherNdAttrs
from netweight.ops.move.scatter import ScatterNdReduceAttrs

X = np.array([[0.0, 1.0], [2.0, 3.0]])
_INDEX = TensorSpec((5, 2), "int64")


@pytest.mark.parametrize(
    ("batch_dims", "index", "expected"),
    [
        (0, [[0, 0], [1, -1]], [0, 3]),  # elements
        (0, [[1], [0]], [[2, 3], [0, 1]]),  # rows
        (1, [[1], [0]], [1, 2]),  # an element of each row
    ],
)
def test_gather(batch_dims: int, index: Any, expected: Any) -> None:
    y = REGISTRY["gather_nd"].forward(GatherNdAttrs(batch_dims=batch_dims), X, np.array(index))
    np.testing.assert_array_equal(y, expected)


def test_scatter_of_rows_and_of_elements_named_twice() -> None:
    rows, twice = np.array([[1]]), np.array([[0, 1], [0, 1], [1, 0]])
    np.testing.assert_array_equal(
        REGISTRY["scatter_nd"].forward(None, X, rows, np.array([[8.0, 9.0]])), [[0, 1], [8, 9]]
    )
    src = np.array([5.0, 7.0, -1.0])
    np.testing.assert_array_equal(REGISTRY["scatter_nd"].forward(None, X, twice, src), [[0, 7], [-1, 3]])
    np.testing.assert_array_equal(REGISTRY["scatter_nd_add"].forward(None, X, twice, src), [[0, 13], [1, 3]])
    for reduce, expected in (("prod", [[0, 35], [-2, 3]]), ("amax", [[0, 7], [2, 3]]), ("amin", [[0, 1], [-1, 3]])):
        attrs = ScatterNdReduceAttrs(reduce=reduce)  # type: ignore[arg-type]
        np.testing.assert_array_equal(REGISTRY["scatter_nd_reduce"].forward(attrs, X, twice, src), expected)


def test_costs() -> None:
    x, src = TensorSpec((4, 6, 8)), TensorSpec((5, 8))
    assert REGISTRY["gather_nd"].cost(GatherNdAttrs(), x, _INDEX) == Cost()
    assert REGISTRY["scatter_nd"].cost(None, x, _INDEX, src) == Cost()
    assert REGISTRY["scatter_nd_add"].cost(None, x, _INDEX, src) == Cost(adds=5 * 8)
    assert REGISTRY["scatter_nd_reduce"].cost(ScatterNdReduceAttrs(reduce="prod"), x, _INDEX, src) == Cost(muls=5 * 8)
    least = ScatterNdReduceAttrs(reduce="amin")
    assert REGISTRY["scatter_nd_reduce"].cost(least, x, _INDEX, src) == Cost(compares=5 * 8)
    gather = REGISTRY["gather_nd"]
    assert gather.backward_cost(GatherNdAttrs(), (True, False), x, _INDEX) == Cost(adds=5 * 8)


_X = TensorSpec((4, 6, 8))
_BAD: Any = "add"


@pytest.mark.parametrize(
    ("name", "attrs", "inputs", "message"),
    [
        ("gather_nd", GatherNdAttrs(), (_X, TensorSpec((5, 2))), "gather_nd: expected positions of an integer type"),
        ("gather_nd", GatherNdAttrs(), (_X, TensorSpec((5, 4), "int64")), r"0 batch dimensions and k from 1 to 3"),
        ("gather_nd", GatherNdAttrs(batch_dims=1), (_X, _INDEX), r"k from 1 to 2, got \(4, 6, 8\) and \(5, 2\)"),
        ("gather_nd", GatherNdAttrs(), (_X, TensorSpec((), "int64")), "gather_nd: expected x"),
        ("scatter_nd", None, (_X, _INDEX, TensorSpec((5, 6))), r"src \(\*out, \*in\[k:\]\), got x \(4, 6, 8\), index"),
        ("scatter_nd_add", None, (_X, TensorSpec((5, 0), "int64"), _X), r"k from 1 to 3, and src"),
        ("scatter_nd_add", None, (_X, TensorSpec((5, 2)), _X), "scatter_nd_add: expected positions of an integer"),
        (
            "scatter_nd_reduce",
            ScatterNdReduceAttrs(reduce=_BAD),
            (_X, _INDEX, TensorSpec((5, 8))),
            "scatter_nd_reduce: expected reduce 'prod', 'amax', 'amin', got 'add'",
        ),
    ],
)
def test_errors(name: str, attrs: Any, inputs: tuple[TensorSpec, ...], message: str) -> None:
    with pytest.raises(ShapeError, match=message):
        REGISTRY[name].shape(attrs, *inputs)
