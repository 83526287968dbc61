"""Positions of what is not zero, and distinct elements, by hand."""

from typing import Any

import numpy as np
import pytest

from netweight import build
from netweight.errors import ShapeError
from netweight.ir import TensorSpec
from netweight.ops import REGISTRY, Cost
from netweight.ops.extent import Mixes
from netweight.ops.order.nonzero import NonzeroAttrs
from netweight.ops.order.unique import RunsAttrs, UniqueAttrs

X = np.array([2, 3, 3, 1, 1, 2])
EVERYTHING = ("first", "inverse", "counts")


def test_nonzero() -> None:
    y = REGISTRY["nonzero"].forward(NonzeroAttrs(), np.array([[0.0, 5.0], [7.0, 0.0]]))
    np.testing.assert_array_equal(y, [[0, 1], [1, 0]])
    op, x = REGISTRY["nonzero"], TensorSpec((4, 5), "bool")
    assert op.shape(NonzeroAttrs(), x) == TensorSpec((20, 2), "int64")
    assert op.shape(NonzeroAttrs(count=3), x) == TensorSpec((3, 2), "int64")
    assert op.cost(NonzeroAttrs(count=3), x) == Cost(compares=20)
    assert op.extent(NonzeroAttrs(), x) == Mixes((0, 1))


@pytest.mark.parametrize(
    ("in_order", "expected"),
    [
        (True, ([1, 2, 3], [3, 0, 1], [1, 2, 2, 0, 0, 1], [2, 2, 2])),
        (False, ([2, 3, 1], [0, 1, 3], [0, 1, 1, 2, 2, 0], [2, 2, 2])),
    ],
)
def test_unique(in_order: bool, expected: Any) -> None:
    found = REGISTRY["unique"].forward(UniqueAttrs(sorted=in_order, also=EVERYTHING), X)
    for part, wanted in zip(found, expected, strict=True):
        np.testing.assert_array_equal(part, wanted)


def test_no_number_is_like_no_other() -> None:
    for name, attrs in (("unique", UniqueAttrs()), ("unique_consecutive", RunsAttrs())):
        np.testing.assert_array_equal(REGISTRY[name].forward(attrs, np.array([np.nan, np.nan]))[0], [np.nan, np.nan])


def test_unique_consecutive() -> None:
    found = REGISTRY["unique_consecutive"].forward(RunsAttrs(also=EVERYTHING), X)
    for part, wanted in zip(found, ([2, 3, 1, 2], [0, 1, 3, 5], [0, 1, 1, 2, 2, 3], [1, 2, 2, 1]), strict=True):
        np.testing.assert_array_equal(part, wanted)
    (columns,) = REGISTRY["unique_consecutive"].forward(RunsAttrs(dim=1), np.array([[1, 1, 2], [0, 0, 0]]))
    np.testing.assert_array_equal(columns, [[1, 2], [0, 0]])


def test_work() -> None:
    """Merge sort of 5 rows of 3: 8 comparisons of rows, and 4 of neighbours; two distinct rows are counted."""
    x, attrs = TensorSpec((5, 3)), UniqueAttrs(dim=0, count=2, also=EVERYTHING)
    assert REGISTRY["unique"].cost(attrs, x) == Cost(compares=8 * 3 + 4 * 3, adds=2)
    assert REGISTRY["unique"].shape(attrs, x)[:2] == (TensorSpec((2, 3)), TensorSpec((2,), "int64"))
    assert REGISTRY["unique_consecutive"].cost(RunsAttrs(), x) == Cost(compares=14)
    assert REGISTRY["unique"].cost(UniqueAttrs(), TensorSpec((0,))).ops_total == 0


@pytest.mark.parametrize(
    ("name", "attrs", "message"),
    [
        ("nonzero", NonzeroAttrs(count=7), "nonzero: expected a count from 0 to 6, got 7"),
        ("unique", UniqueAttrs(count=-1), "unique: expected a count from 0 to 6, got -1"),
        ("unique_consecutive", RunsAttrs(count=3, dim=0), "unique_consecutive: expected a count from 0 to 2, got 3"),
        ("unique", UniqueAttrs(dim=2), "unique: expected different dims from 0 to 1, got 2"),
        (
            "unique",
            UniqueAttrs(also=("counts", "first")),
            "expected also to be of first, inverse, counts in this order",
        ),
    ],
)
def test_refused(name: str, attrs: Any, message: str) -> None:
    with pytest.raises(ShapeError, match=message):
        REGISTRY[name].shape(attrs, TensorSpec((2, 3)))


def test_builders() -> None:
    def network(x: Any) -> Any:
        found = build.nonzero(x, count=4)
        rows = build.unique(x, dim=-1, count=2, return_inverse=True)
        return found, *rows, *build.unique_consecutive(x, return_counts=True)

    graph = build.graph(network, (3, 5))
    shapes = [graph.spec(name).shape for name in graph.outputs]
    assert shapes == [(4, 2), (3, 2), (5,), (15,), (15,)]
