"""Products in a fast type: exact where integers are multiplied, rounded once where halves are."""

from __future__ import annotations

import numpy as np
import pytest

from netweight.ops.arrays.fast_types import widened


def product(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    left, right, back = widened(a, b, (0,))
    return back(left @ right)


@pytest.mark.parametrize(
    ("most", "terms", "kind"),
    [
        (1, 2**10, "float32"),
        (255, 257, "float32"),  # 255 * 255 * 257 == 16,711,425 < 2^24
        (255, 259, "float64"),  # 255 * 255 * 259 == 16,841,475 >= 2^24
        (2**20, 4, "float64"),
        (2**26, 2, "int64"),  # 2^53: beyond what double precision has in whole numbers
    ],
)
def test_integers_are_summed_exactly(most: int, terms: int, kind: str) -> None:
    """The largest operands, and the largest but one, whose products are odd."""
    for less in (0, 1):
        a, b = np.full((2, terms), most - less, np.int64), np.full((terms, 3), most, np.int64)
        assert less or widened(a, b, (0,))[0].dtype == kind
        assert product(a, b).tolist() == [[(most - less) * most * terms] * 3] * 2


def test_sums_wrap_around_as_integers_do() -> None:
    """3 * 2^30 in 32 bits."""
    a, b = np.full((1, 3), 2**15, np.int32), np.full((3, 1), 2**15, np.int32)
    assert product(a, b).tolist() == [[3 * 2**30 - 2**32]]


@pytest.mark.parametrize("low", [-128, 0])
def test_random_bytes(low: int) -> None:
    rng = np.random.default_rng(0)
    a = rng.integers(low, low + 255, (5, 1000)).astype(np.int32)
    b = rng.integers(-128, 127, (1000, 4)).astype(np.int32)
    wanted = [[sum(int(x) * int(y) for x, y in zip(row, column, strict=True)) for column in b.T] for row in a]
    assert product(a, b).tolist() == wanted


def test_halves_are_rounded_once() -> None:
    """1 + 2^-11 + 2^-11 is 1 + 2^-10, which has half precision; added one by one each small number is lost."""
    a, b = np.array([[1, 2**-11, 2**-11]], np.float16), np.ones((3, 1), np.float16)
    assert product(a, b).tolist() == [[1 + 2**-10]]
    assert product(a, b).dtype == np.float16


@pytest.mark.parametrize("kind", [np.float32, np.float64, np.complex64])
def test_other_types_are_left_alone(kind: type) -> None:
    a, b = np.ones((2, 3), kind), np.ones((3, 2), kind)
    left, right, _ = widened(a, b, (0,))
    assert left is a
    assert right is b


def test_empty_operands() -> None:
    assert product(np.zeros((2, 0), np.int32), np.zeros((0, 3), np.int32)).tolist() == [[0] * 3] * 2
    assert product(np.zeros((0, 2), np.int32), np.zeros((2, 3), np.int32)).shape == (0, 3)
