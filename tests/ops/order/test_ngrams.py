"""n-grams counted by hand; the sequences are those of the ONNX operator's own example."""

import numpy as np
import pytest

from netweight.errors import ShapeError
from netweight.ir import TensorSpec
from netweight.ops import REGISTRY, Cost
from netweight.ops.extent import Mixes
from netweight.ops.order.ngrams import NgramCountsAttrs

OP = REGISTRY["ngram_counts"]
_PAIRS = ((5, 6), (7, 8), (6, 7))
_X = np.array([[1, 1, 3, 3, 3, 7], [8, 6, 7, 5, 6, 8]], np.int32)


def attrs(**settings: object) -> NgramCountsAttrs:
    return NgramCountsAttrs(**{"ngrams": _PAIRS, "places": (0, 1, 2), "size": 3} | settings)  # type: ignore[arg-type]


def test_neighbours() -> None:
    """The second row has 6, 7 and 5, 6 next to each other."""
    y = OP.forward(attrs(), _X)
    np.testing.assert_array_equal(y, [[0, 0, 0], [1, 0, 1]])
    assert y.dtype == np.float32


def test_numbers_further_apart() -> None:
    """With up to three skipped, 7 . . 8 counts as well: 7, 5, 6, 8."""
    np.testing.assert_array_equal(OP.forward(attrs(max_skips=1), _X[1]), [1, 0, 1])
    np.testing.assert_array_equal(OP.forward(attrs(max_skips=3), _X[1]), [1, 1, 1])


def test_a_single_number_is_counted_once() -> None:
    found = attrs(ngrams=((3,), (3, 3)), places=(0, 2), max_skips=1)
    np.testing.assert_array_equal(OP.forward(found, _X[0]), [3, 0, 2 + 1])  # 3 3 twice, 3 . 3 once


def test_presence_and_weights() -> None:
    found = attrs(ngrams=((3,),), places=(1,), weights=(1.0, 0.5, 1.0))
    np.testing.assert_array_equal(OP.forward(found, _X[0]), [0, 3 * 0.5, 0])
    there = attrs(ngrams=((3,),), places=(1,), weights=(1.0, 0.5, 1.0), presence=True)
    np.testing.assert_array_equal(OP.forward(there, _X[0]), [0, 0.5, 0])


def test_work() -> None:
    """Rows of 6 have 5 pairs of neighbours and 4 with one number between: 9 windows, 2 comparisons and an add each."""
    x = TensorSpec((2, 6), "int32")
    assert OP.shape(attrs(), x) == TensorSpec((2, 3), "float32")
    assert OP.cost(attrs(max_skips=1), x) == Cost(compares=2 * (5 + 4) * 2, adds=2 * (5 + 4))
    more = attrs(presence=True, weights=(1.0, 1.0, 1.0))
    assert OP.cost(more, x) == Cost(compares=2 * 5 * 2 + 6, adds=2 * 5, muls=6)
    assert OP.extent(attrs(), x) == Mixes((-1,))


@pytest.mark.parametrize(
    ("settings", "x", "message"),
    [
        ({}, TensorSpec((2, 6)), r"expected integers \(C,\) or \(N, C\), got float32 of shape \(2, 6\)"),
        ({}, TensorSpec((), "int32"), r"expected integers \(C,\) or \(N, C\), got int32 of shape \(\)"),
        ({"places": (0, 1)}, TensorSpec((6,), "int32"), "expected one place per n-gram and no n-gram empty, got 3 n-g"),
        ({"size": 2}, TensorSpec((6,), "int32"), r"expected places from 0 to size - 1, got size 2 and \(0, 1, 2\)"),
        ({"max_skips": -1}, TensorSpec((6,), "int32"), "max_skips from 0 to 1024 and no weights or 3, got -1"),
        ({"max_skips": 1 << 62}, TensorSpec((6,), "int32"), "max_skips from 0 to 1024 and no weights or 3, got 4611"),
        ({"weights": (1.0,)}, TensorSpec((6,), "int32"), "no weights or 3, got 0 and 1 weights"),
    ],
)
def test_errors(settings: dict[str, object], x: TensorSpec, message: str) -> None:
    with pytest.raises(ShapeError, match=f"ngram_counts: .*{message}"):
        OP.shape(attrs(**settings), x)
