from typing import Any

import numpy as np
import pytest

from netweight.errors import ShapeError
from netweight.ir import TensorSpec
from netweight.ops import REGISTRY, Cost
from netweight.ops.extent import Mixes
from netweight.ops.move.places import GatherAttrs, IndexAttrs
from netweight.ops.move.scatter import IndexAddAttrs, IndexPutAttrs, ScatterAttrs
from netweight.ops.pointwise.masking import MaskedFillAttrs

_X = TensorSpec((5, 6, 7))
_I = TensorSpec((2,), "int64")


def test_positions_take_the_place_of_neighbouring_dimensions_or_come_first() -> None:
    op = REGISTRY["index"]
    assert op.shape(IndexAttrs(dims=(1, 2)), _X, _I, _I) == TensorSpec((5, 2))
    assert op.shape(IndexAttrs(dims=(0, 2)), _X, _I, _I) == TensorSpec((2, 6))
    assert op.shape(IndexAttrs(dims=(0, 1)), _X, TensorSpec((3, 1), "int32"), _I) == TensorSpec((3, 2, 7))
    x = np.arange(6.0).reshape(2, 3)
    picked = op.forward(IndexAttrs(dims=(0, 1)), x, np.array([1, 0, 1]), np.array([2, 0, -1]))
    np.testing.assert_array_equal(picked, [5, 0, 5])
    grad, *rest = op.backward(IndexAttrs(dims=(0, 1)), np.ones(3), x, np.array([1, 0, 1]), np.array([2, 0, -1]))
    np.testing.assert_array_equal(grad, [[1, 0, 0], [0, 0, 2]])
    assert rest == [None, None]
    assert op.cost(IndexAttrs(dims=(0,)), _X, _I) == Cost()
    assert op.extent(IndexAttrs(dims=(0, 2)), _X, _I, _I) == Mixes((0, 2))


def test_the_table_of_relative_positions_of_a_swin_window() -> None:
    """(2 * 7 - 1)² = 169 rows for 3 heads, looked up for 49 * 49 pairs."""
    table, pairs = TensorSpec((169, 3)), TensorSpec((49 * 49,), "int64")
    assert REGISTRY["index"].shape(IndexAttrs(dims=(0,)), table, pairs) == TensorSpec((2401, 3))


def test_putting_replaces_or_adds() -> None:
    op, x, index = REGISTRY["index_put"], np.array([1.0, 2.0, 3.0]), np.array([2, 2])
    values = np.array([10.0, 20.0])
    added = op.forward(IndexPutAttrs(dims=(0,), accumulate=True), x, values, index)
    np.testing.assert_array_equal(added, [1, 2, 3 + 10 + 20])
    np.testing.assert_array_equal(op.forward(IndexPutAttrs(dims=(0,)), x, values, index), [1, 2, 20])
    grad_x, grad_values, _ = op.backward(IndexPutAttrs(dims=(0,)), np.array([1.0, 2.0, 3.0]), x, values, index)
    np.testing.assert_array_equal(grad_x, [1, 2, 0])
    np.testing.assert_array_equal(grad_values, [3, 3])
    assert op.cost(IndexPutAttrs(dims=(0,), accumulate=True), _X, TensorSpec(()), _I) == Cost(adds=2 * 6 * 7)
    assert op.cost(IndexPutAttrs(dims=(0,)), _X, TensorSpec(()), _I) == Cost()


def test_scatter_by_hand() -> None:
    """Row 0 goes to columns 2 and 0, row 1 to columns 1 and 1."""
    x, index = np.zeros((2, 3)), np.array([[2, 0], [1, 1]])
    src = np.array([[1.0, 2.0, 9.0], [3.0, 4.0, 9.0]])  # a column more than the positions: never read
    added = REGISTRY["scatter_add"].forward(GatherAttrs(dim=1), x, index, src)
    np.testing.assert_array_equal(added, [[2, 0, 1], [0, 3 + 4, 0]])
    replaced = REGISTRY["scatter"].forward(ScatterAttrs(dim=1), x, index, src)
    np.testing.assert_array_equal(replaced, [[2, 0, 1], [0, 4, 0]])
    filled = REGISTRY["scatter"].forward(ScatterAttrs(dim=1, value=7), x, index, None)
    np.testing.assert_array_equal(filled, [[7, 0, 7], [0, 7, 0]])
    grad_x, _, grad_src = REGISTRY["scatter"].backward(ScatterAttrs(dim=1), np.arange(6.0).reshape(2, 3), x, index, src)
    np.testing.assert_array_equal(grad_x, [[0, 1, 0], [3, 0, 5]])
    np.testing.assert_array_equal(grad_src, [[2, 0, 0], [4, 4, 0]])
    two = TensorSpec((2, 2))
    assert REGISTRY["scatter_add"].cost(GatherAttrs(dim=1), two, TensorSpec((2, 2), "int64"), two) == Cost(adds=2 * 2)


def test_slices_copied_and_added() -> None:
    x, index, src = np.ones((3, 2)), np.array([2, 2]), np.array([[1.0, 2.0], [3.0, 4.0]])
    y = REGISTRY["index_add"].forward(IndexAddAttrs(dim=0, alpha=2), x, index, src)
    np.testing.assert_array_equal(y, [[1, 1], [1, 1], [1 + 2 * 4, 1 + 2 * 6]])
    np.testing.assert_array_equal(REGISTRY["index_copy"].forward(GatherAttrs(dim=0), x, index, src)[2], [3, 4])
    spec = TensorSpec((2, 6, 7))
    assert REGISTRY["index_add"].cost(IndexAddAttrs(dim=0), _X, _I, spec) == Cost(adds=84)
    assert REGISTRY["index_add"].cost(IndexAddAttrs(dim=0, alpha=2), _X, _I, spec) == Cost(adds=84, muls=84)


def test_masked_scores_of_an_attention() -> None:
    mask = np.array([[False, True], [False, False]])
    y = REGISTRY["masked_fill"].forward(MaskedFillAttrs(value=float("-inf")), np.zeros((2, 2), np.float32), mask)
    np.testing.assert_array_equal(y, [[0, -np.inf], [0, 0]])
    assert y.dtype == np.float32
    scores, square = TensorSpec((2, 4, 8, 8)), TensorSpec((8, 8), "bool")
    assert REGISTRY["masked_fill"].cost(MaskedFillAttrs(value=0), scores, square) == Cost(logics=2 * 4 * 8 * 8)


_SLICES = TensorSpec((2, 6, 7))


@pytest.mark.parametrize(
    ("name", "attrs", "inputs", "message"),
    [
        ("index", IndexAttrs(dims=(0, 1)), (_X, _I), r"one tensor of positions per dim, .* got 1 for dims \(0, 1\)"),
        ("index", IndexAttrs(dims=(1, 0)), (_X, _I, _I), r"dims ascending, got 2 for dims \(1, 0\)"),
        ("index", IndexAttrs(dims=()), (_X,), r"got 0 for dims \(\)"),
        ("index", IndexAttrs(dims=(3,)), (_X, _I), "index: expected different dims from 0 to 2, got 3"),
        ("index", IndexAttrs(dims=(0,)), (_X, TensorSpec((5,), "bool")), "positions of an integer type, got bool"),
        (
            "index",
            IndexAttrs(dims=(0, 1)),
            (_X, _I, TensorSpec((3,), "int64")),
            "index: expected shapes that broadcast",
        ),
        ("index_put", IndexPutAttrs(dims=(0,)), (_X, TensorSpec((3, 2, 6, 7)), _I), r"values .* \(2, 6, 7\), got \(3,"),
        (
            "index_put",
            IndexPutAttrs(dims=(0,)),
            (_X, TensorSpec((5,)), _I),
            "index_put: expected shapes that broadcast",
        ),
        ("scatter", ScatterAttrs(dim=0), (_X, _I, None), "scatter: expected either src or value, got neither"),
        ("scatter", ScatterAttrs(dim=0, value=1), (_X, _I, _X), "scatter: expected either src or value, got both"),
        ("scatter", ScatterAttrs(dim=0), (_X, _I, _X), r"index no larger than src, .* got \(2,\) for x .* and src"),
        (
            "scatter",
            ScatterAttrs(dim=0, value=1),
            (_X, TensorSpec((9, 7, 7), "int8"), None),
            r"along dim 0, got \(9, 7",
        ),
        ("scatter", ScatterAttrs(dim=0), (_X, _X, _X), "scatter: expected positions of an integer type, got float32"),
        (
            "scatter_add",
            GatherAttrs(dim=0),
            (_X, TensorSpec((5, 6, 7), "int8"), _SLICES),
            "scatter_add: expected index no",
        ),
        ("scatter_add", GatherAttrs(dim=3), (_X, _I, _X), "scatter_add: expected different dims"),
        (
            "index_copy",
            GatherAttrs(dim=1),
            (_X, _I, _SLICES),
            r"one slice of x per position \(5, 2, 7\), got \(2, 6, 7\)",
        ),
        (
            "index_copy",
            GatherAttrs(dim=0),
            (_X, TensorSpec((2, 2), "int64"), _X),
            r"index with one dimension, got \(2, 2\)",
        ),
        (
            "index_add",
            IndexAddAttrs(dim=0),
            (_X, TensorSpec((2,)), _SLICES),
            "index_add: expected positions of an integer",
        ),
        ("index_add", IndexAddAttrs(dim=4), (_X, _I, _SLICES), "index_add: expected different dims from 0 to 2, got 4"),
        (
            "masked_fill",
            MaskedFillAttrs(value=0),
            (_X, TensorSpec((5,), "bool")),
            "masked_fill: expected shapes that broad",
        ),
    ],
)
def test_errors(name: str, attrs: Any, inputs: tuple[Any, ...], message: str) -> None:
    with pytest.raises(ShapeError, match=message):
        REGISTRY[name].shape(attrs, *inputs)
