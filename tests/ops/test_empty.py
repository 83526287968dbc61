"""Tensors without elements: what a shape rule accepts is computed, forward and backward, with no warning."""

import warnings
from typing import Any

import numpy as np
import pytest

from cases import BATCHED, CASES
from cases.shared import hold
from netweight.errors import ShapeError, UsageError
from netweight.ops import REGISTRY
from netweight.ops.table import as_tuple, forward
from netweight.testing import specs_of
from netweight.testing.laws import gradients as gradients_of

# Operators whose result has as many elements as their attributes say that the numbers hold.
COUNTED = {"nms", "nms_per_class", "nonzero", "unique", "unique_consecutive"}


@pytest.mark.parametrize("name", sorted(CASES.keys() - COUNTED))
def test_dimensions_of_size_zero(name: str) -> None:
    """Each dimension of the first tensor that is any, and the batch of all that have one."""

    def without_elements(attrs: Any, inputs: Any) -> None:
        place = next((at for at, x in enumerate(inputs) if x is not None and x.ndim), None)
        if place is None:
            return
        for dim in range(inputs[place].ndim):
            check(name, attrs, (*inputs[:place], inputs[place].take([], dim), *inputs[place + 1 :]))
        slots = REGISTRY[name].slot_names(len(inputs))
        batched = BATCHED.get(name, ())
        pairs = zip(slots, inputs, strict=False)
        check(name, attrs, tuple(x[:0] if slot in batched and x is not None and x.ndim else x for slot, x in pairs))

    hold(without_elements, CASES[name], 5)


def check(name: str, attrs: Any, changed: Any) -> None:
    op = REGISTRY[name]
    try:
        foreseen = as_tuple(op.shape(attrs, *specs_of(changed)))
    except ShapeError:
        return
    rng = {"rng": np.random.default_rng(0)} if op.random else {}
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        try:
            results = as_tuple(op.forward(attrs, *changed, **rng))
        except (IndexError, UsageError):
            return  # positions of the case are in no tensor that is empty
        assert [spec.shape for spec in foreseen] == [np.shape(y) for y in results]
        if op.differentiable:
            visible, saved = forward(op, attrs, changed, **rng)
            gradients = gradients_of(op, attrs, tuple(np.ones_like(y) for y in visible), changed, saved)
            for x, gradient in zip(changed, gradients, strict=True):
                assert gradient is None or gradient.shape == x.shape
