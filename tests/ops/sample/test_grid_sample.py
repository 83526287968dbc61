"""Work of sampling at the positions of a grid: 2 samples, 3 channels, 4 x 7 positions of two coordinates each."""

from typing import Any

import pytest

from netweight.ir import TensorSpec
from netweight.ops import REGISTRY, Cost
from netweight.ops.sample.grid_sample import GridSampleAttrs
from netweight.ops.table import COPIED, FREE

SAMPLE = REGISTRY["grid_sample"]
X, GRID = TensorSpec((2, 3, 5, 6)), TensorSpec((2, 4, 7, 2))
POSITIONS, COORDINATES, ELEMENTS = 2 * 4 * 7, 2 * 4 * 7 * 2, 2 * 3 * 4 * 7


@pytest.mark.parametrize(
    ("mode", "beyond", "expected"),
    [
        # A coordinate is scaled, shifted and rounded; both ends are compared with.
        ("nearest", "zeros", Cost(muls=COORDINATES, adds=COORDINATES, compares=COORDINATES * (1 + 2))),
        ("nearest", "border", Cost(muls=COORDINATES, adds=COORDINATES, compares=COORDINATES * (1 + 2))),
        # Two shares along each coordinate; four weights of a position; four products and three sums of an element.
        (
            "linear",
            "zeros",
            Cost(
                muls=COORDINATES + POSITIONS * 4 + ELEMENTS * 4,
                adds=COORDINATES * (1 + 2) + ELEMENTS * 3,
                compares=COORDINATES * (1 + 2 * 2),
            ),
        ),
        # Distances take 4 sums, shares 2 * 3 + 2 * 3 products and 2 * 2 + 2 * 3 sums; each of four elements is turned
        # back by itself.
        (
            "cubic",
            "reflection",
            Cost(
                muls=COORDINATES * (1 + 4 + 12) + POSITIONS * 16 + ELEMENTS * 16,
                adds=COORDINATES * (1 + 4 * 3 + 14) + ELEMENTS * 15,
                divs=COORDINATES * 4,
                compares=COORDINATES * (1 + 4 * 5),
            ),
        ),
    ],
)
def test_work(mode: Any, beyond: Any, expected: Cost) -> None:
    assert SAMPLE.cost(GridSampleAttrs(mode=mode, padding_mode=beyond), X, GRID) == expected


@pytest.mark.parametrize(
    ("mode", "wanted", "expected"),
    [
        ("nearest", (True, False), Cost(adds=ELEMENTS)),
        ("linear", (True, False), Cost(adds=ELEMENTS * 4, muls=ELEMENTS * 4)),
        # The sum over channels of each of 4 corners, times the share of the other coordinate and the scale, with the
        # sign of the slope.
        (
            "linear",
            (False, True),
            Cost(adds=ELEMENTS * 4 + POSITIONS * 4 * 2, muls=ELEMENTS * 4 + POSITIONS * 4 * 2 * 2),
        ),
        # Slopes along a coordinate: 10 products and 6 sums; and a product with them.
        (
            "cubic",
            (False, True),
            Cost(
                adds=ELEMENTS * 16 + POSITIONS * 16 * 2 + COORDINATES * 6,
                muls=ELEMENTS * 16 + POSITIONS * 16 * 2 * 3 + COORDINATES * 10,
            ),
        ),
        ("cubic", (True, False), Cost(adds=ELEMENTS * 16, muls=ELEMENTS * 16)),
    ],
)
def test_work_of_gradients(mode: Any, wanted: tuple[bool, bool], expected: Cost) -> None:
    assert SAMPLE.backward_cost(GridSampleAttrs(mode=mode), wanted, X, GRID) == expected


def test_the_nearest_element_does_not_move_with_the_grid() -> None:
    assert SAMPLE.backward_cost(GridSampleAttrs(mode="nearest"), (False, True), X, GRID) is COPIED
    assert SAMPLE.backward_cost(GridSampleAttrs(), (False, False), X, GRID) is FREE
