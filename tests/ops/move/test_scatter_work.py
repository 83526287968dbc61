"""What joining by position costs, there and back, counted by hand."""

from typing import Any

import numpy as np
import pytest

from netweight import build
from netweight.ir import TensorSpec
from netweight.ops import REGISTRY, Cost
from netweight.ops.move.scatter import IndexAddAttrs, ScatterReduceAttrs
from netweight.ops.table import COPIED, FREE
from netweight.runtime import run

_X, _INDEX, _SRC = TensorSpec((4, 3)), TensorSpec((2, 3), "int64"), TensorSpec((2, 3))
_BOTH = (True, False, True)


@pytest.mark.parametrize(
    ("reduce", "there", "back"),
    [
        # 6 elements go to 12 places
        ("sum", Cost(adds=6), COPIED),
        ("prod", Cost(muls=6), Cost(muls=12 + 6)),
        ("mean", Cost(adds=6 + 6, divs=12), Cost(muls=12 + 6, divs=12)),
        # who is the extreme, of places and of elements, and how many share it
        ("amax", Cost(compares=6), Cost(muls=12 + 6, compares=12 + 6, adds=12 + 6, divs=12)),
        ("amin", Cost(compares=6), Cost(muls=12 + 6, compares=12 + 6, adds=12 + 6, divs=12)),
    ],
)
def test_work_of_joining(reduce: Any, there: Cost, back: Cost) -> None:
    op, attrs = REGISTRY["scatter_reduce"], ScatterReduceAttrs(dim=0, reduce=reduce)
    assert op.cost(attrs, _X, _INDEX, _SRC) == there
    assert op.backward_cost(attrs, _BOTH, _X, _INDEX, _SRC) == back
    assert op.backward_cost(attrs, (False,) * 3, _X, _INDEX, _SRC) is FREE


def test_a_factor_is_a_product_each_there_and_back() -> None:
    op, listed = REGISTRY["index_add"], TensorSpec((2,), "int64")
    assert op.cost(IndexAddAttrs(dim=0, alpha=2), _X, listed, _SRC) == Cost(adds=6, muls=6)
    assert op.cost(IndexAddAttrs(dim=0), _X, listed, _SRC) == Cost(adds=6)
    assert op.backward_cost(IndexAddAttrs(dim=0, alpha=2), _BOTH, _X, listed, _SRC) == Cost(muls=6)


def test_every_other_column_is_written() -> None:
    x = np.arange(12.0).reshape(2, 6)
    graph = build.graph(lambda x: build.slice_scatter(x, x[:, :2] * 0, 1, 1, -1, 2), (2, 6))
    expected = x.copy()
    expected[:, 1:-1:2] = 0
    np.testing.assert_array_equal(run(graph, {"x": x}, {}).outputs[graph.outputs[0]], expected)
