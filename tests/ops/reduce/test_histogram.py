import numpy as np
import pytest

from netweight.errors import ShapeError
from netweight.ir import TensorSpec
from netweight.ops import REGISTRY
from netweight.ops.reduce.histogram import HistcAttrs

OP = REGISTRY["histc"]


def test_tokens_of_each_expert() -> None:
    experts = np.array([0, 2, 2, 3, 0, 2], np.float32)
    counts = OP.forward(HistcAttrs(bins=4, min=0, max=3), experts)
    np.testing.assert_array_equal(counts, [2, 0, 3, 1])
    assert counts.dtype == np.float32


def test_elements_outside_are_in_no_bin() -> None:
    x = np.array([-1.0, 0.0, 0.5, 1.0, 1.5])
    np.testing.assert_array_equal(OP.forward(HistcAttrs(bins=2, min=0, max=1), x), [1, 2])


def test_cost() -> None:
    cost = OP.cost(HistcAttrs(bins=4, min=0, max=3), TensorSpec((5, 2)))
    assert (cost.compares, cost.adds, cost.muls) == (3 * 10, 2 * 10, 10)


@pytest.mark.parametrize(("bins", "low"), [(0, 0.0), (3, 1.0)])
def test_no_interval(bins: int, low: float) -> None:
    with pytest.raises(ShapeError, match="histc: expected at least 1 bin and min < max, got"):
        OP.shape(HistcAttrs(bins=bins, min=low, max=1.0), TensorSpec((5,)))
