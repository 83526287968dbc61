import itertools
from typing import Any

import numpy as np
import pytest

from netweight.errors import ShapeError
from netweight.ir import TensorSpec
from netweight.ops import REGISTRY, Cost
from netweight.ops.extent import Mixes
from netweight.ops.order.order_statistics import KthvalueAttrs
from netweight.ops.order.sort import PickAttrs, SortAttrs, TopkAttrs, selection_compares

_X = TensorSpec((3, 8))
TIES = np.array([2, 3, 2, 1, 3])


def merge_sort(values: list[int]) -> tuple[list[int], int]:
    """In order, and how many comparisons it took."""
    if len(values) < 2:
        return values, 0
    (left, first), (right, second) = merge_sort(values[: len(values) // 2]), merge_sort(values[len(values) // 2 :])
    merged, compares = [], first + second
    while left and right:
        compares += 1
        merged.append(right.pop(0) if right[0] < left[0] else left.pop(0))
    return merged + left + right, compares


@pytest.mark.parametrize("n", range(1, 8))
def test_sorting_costs_what_merge_sort_takes_at_worst(n: int) -> None:
    worst = max(merge_sort(list(order))[1] for order in itertools.permutations(range(n)))
    assert selection_compares(n, n) == worst


def test_picking_a_few_is_cheaper_than_sorting() -> None:
    """The largest of 8 takes 7 comparisons; it has met 3 others, so 2 more find the second."""
    assert [selection_compares(8, k) for k in (1, 2, 8)] == [7, 7 + 2, 17]
    assert REGISTRY["topk"].cost(TopkAttrs(k=2, dim=1), _X) == Cost(compares=3 * 9)
    assert REGISTRY["sort"].cost(SortAttrs(dim=1), _X) == Cost(compares=3 * 17)
    assert REGISTRY["argsort"].cost(SortAttrs(dim=0), _X) == Cost(compares=8 * 3)
    assert REGISTRY["max"].cost(PickAttrs(dim=1), _X) == Cost(compares=3 * 7)


@pytest.mark.parametrize(("descending", "expected"), [(False, [3, 0, 2, 1, 4]), (True, [1, 4, 0, 2, 3])])
def test_equal_elements_stay_as_they_stood(descending: bool, expected: list[int]) -> None:
    attrs = SortAttrs(dim=0, descending=descending)
    np.testing.assert_array_equal(REGISTRY["argsort"].forward(attrs, TIES), expected)
    values, indices = REGISTRY["sort"].forward(attrs, TIES)
    np.testing.assert_array_equal(indices, expected)
    np.testing.assert_array_equal(values, TIES[expected])


def test_the_first_of_equal_elements_is_picked_and_gets_the_gradient() -> None:
    x = TIES.astype(float)
    values, indices = REGISTRY["topk"].forward(TopkAttrs(k=2, dim=0), x)
    np.testing.assert_array_equal((values, indices), ([3, 3], [1, 4]))
    np.testing.assert_array_equal(REGISTRY["topk"].forward(TopkAttrs(k=2, dim=0, largest=False), x)[1], [3, 0])
    value, index = REGISTRY["max"].forward(PickAttrs(dim=0), x)
    assert (value, index) == (3, 1)
    grad = REGISTRY["max"].backward(PickAttrs(dim=0), (np.array(5.0), np.array(0)), x, y1=index)[0]
    np.testing.assert_array_equal(grad, [0, 5, 0, 0, 0])
    assert REGISTRY["min"].forward(PickAttrs(dim=0, keepdim=True), x)[1].tolist() == [3]


def test_booleans_and_unsigned_numbers_have_an_order_too() -> None:
    values, _ = REGISTRY["sort"].forward(SortAttrs(dim=0, descending=True), np.array([0, 200, 7], np.uint8))
    np.testing.assert_array_equal(values, [200, 7, 0])
    _, indices = REGISTRY["max"].forward(PickAttrs(dim=0), np.array([False, True]))
    assert indices == 1


def test_what_an_order_sees() -> None:
    assert REGISTRY["sort"].extent(SortAttrs(dim=1), _X) == Mixes((1,))
    assert REGISTRY["topk"].shape(TopkAttrs(k=2, dim=1), _X) == (TensorSpec((3, 2)), TensorSpec((3, 2), "int64"))


@pytest.mark.parametrize(
    ("name", "attrs", "x", "message"),
    [
        ("sort", SortAttrs(dim=2), _X, "sort: expected different dims from 0 to 1, got 2"),
        ("argsort", SortAttrs(dim=-1), _X, "argsort: expected different dims from 0 to 1, got -1"),
        ("topk", TopkAttrs(k=9, dim=1), _X, r"topk: expected 1 <= k <= 8, got 9 for shape \(3, 8\)"),
        ("topk", TopkAttrs(k=1, dim=2), _X, "topk: expected different dims"),
        ("max", PickAttrs(dim=2), _X, "max: expected different dims from 0 to 1, got 2"),
        (
            "min",
            PickAttrs(dim=0),
            TensorSpec((0, 2)),
            r"min: expected at least one element along dim 0, got .* \(0, 2\)",
        ),
    ],
)
def test_errors(name: str, attrs: Any, x: TensorSpec, message: str) -> None:
    with pytest.raises(ShapeError, match=message):
        REGISTRY[name].shape(attrs, x)


@pytest.mark.parametrize(("k", "each"), [(1, 7), (8, 7), (2, 9), (7, 9)])
def test_a_number_is_looked_for_from_the_nearer_end(k: int, each: int) -> None:
    """A tournament of 8 is 7 matches; who comes second is one of the 3 that lost to the first: 2 matches more."""
    assert REGISTRY["kthvalue"].cost(KthvalueAttrs(k=k, dim=1), _X) == Cost(compares=3 * each)
