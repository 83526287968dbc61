"""What a shape rule accepts, forward computes: each tensor in turn gets another shape, and is refused or fits."""

from typing import Any

import hypothesis.strategies as st
import numpy as np
import pytest
from hypothesis import assume, given

from cases import CASES
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
@given(data=st.data())
def test_what_shape_accepts_forward_computes(name: str, data: st.DataObject) -> None:
    attrs, inputs = data.draw(CASES[name])
    given_ones = [place for place, x in enumerate(inputs) if x is not None and x.ndim and x.size]
    assume(given_ones)
    place = data.draw(st.sampled_from(given_ones))
    x = inputs[place]
    dim, change = data.draw(st.integers(0, x.ndim - 1)), data.draw(st.sampled_from(["more", "fewer", "longer"]))
    changed = (*inputs[:place], altered(x, dim, change), *inputs[place + 1 :])
    try:
        foreseen = as_tuple(REGISTRY[name].shape(attrs, *specs_of(changed)))
    except ShapeError:
        return
    try:
        results = as_tuple(REGISTRY[name].forward(attrs, *changed))
    except np.linalg.LinAlgError:
        return  # equal rows are of the right shape
    assert [spec.shape for spec in foreseen] == [np.shape(y) for y in results]
