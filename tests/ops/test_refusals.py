"""What a shape rule accepts, forward computes: each tensor in turn gets another shape, and is refused or fits."""

import itertools
from typing import Any

import numpy as np
import pytest

from cases import CASES
from cases.shared import hold
from netweight.errors import ShapeError
from netweight.index import OPERATORS
from netweight.ops import REGISTRY
from netweight.ops.table import as_tuple
from netweight.testing import specs_of

# Operators whose result has as many elements as their attributes say that the numbers hold.
COUNTED = {"nms", "nms_per_class", "nonzero", "unique", "unique_consecutive"}
GROUPS = ("contract", "recurrent", "order", "algebra")
NAMES = sorted(
    name
    for home, names in OPERATORS.items()
    if home.split(".")[1] in GROUPS
    for name in names.split()
    if name not in COUNTED
)


def altered(x: Any, dim: int, change: str) -> Any:
    """A dimension more, one fewer, or one of another size."""
    if change == "more":
        return np.stack([x] * 2, dim)
    if change == "fewer":
        return x.take(0, dim)
    return np.concatenate([x, x.take([0], dim)], dim)


@pytest.mark.parametrize("name", NAMES)
def test_what_shape_accepts_forward_computes(name: str) -> None:
    def refused_or_computed(attrs: Any, inputs: Any) -> None:
        for place, x in enumerate(inputs):
            if x is None or not x.ndim or not x.size:
                continue
            for dim, change in itertools.product(range(x.ndim), ("more", "fewer", "longer")):
                check(name, attrs, (*inputs[:place], altered(x, dim, change), *inputs[place + 1 :]))

    hold(refused_or_computed, CASES[name], 10)


def check(name: str, attrs: Any, changed: Any) -> None:
    try:
        foreseen = as_tuple(REGISTRY[name].shape(attrs, *specs_of(changed)))
    except ShapeError:
        return
    try:
        results = as_tuple(REGISTRY[name].forward(attrs, *changed))
    except np.linalg.LinAlgError:
        return  # equal rows are of the right shape
    assert [spec.shape for spec in foreseen] == [np.shape(y) for y in results]
