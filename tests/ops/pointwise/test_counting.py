"""Operators on each element cost exactly what their formulas do, forward and backward, and give their values."""

import inspect
from collections import Counter
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from definitions.pointwise.counting import WORK, Number, plain
from definitions.pointwise.define import Definition
from definitions.pointwise.formulas import APART, FORMULAS
from netweight.ops import REGISTRY, Cost
from netweight.ops.table import FREE, WORK_KINDS
from netweight.testing import specs_of
from netweight.testing.laws import gradients, run

CASES = [
    (name, definition)
    for name, entry in FORMULAS.items()
    for definition in (entry if isinstance(entry, list) else [entry])
]
GRAD = 1.7


def _work(cost: Cost) -> Counter[str]:
    return Counter({kind: int(getattr(cost, kind)) for kind in WORK_KINDS if int(getattr(cost, kind))})


def _attrs(name: str, definition: Definition) -> Any:
    make = REGISTRY[name].attrs
    return None if make is None else make(**definition.settings)


def _points(name: str, definition: Definition) -> list[tuple[Any, ...]]:
    points = [at if isinstance(at, tuple) else (at,) for at in definition.at]
    return [(*at, *(None,) * (len(REGISTRY[name].inputs) - len(at))) for at in points]


def _arrays(at: tuple[Any, ...]) -> tuple[Any, ...]:
    return tuple(None if x is None else np.array([x]) for x in at)


def _counted(function: Callable[..., Any], *xs: Any) -> tuple[Any, Counter[str]]:
    WORK.clear()
    return plain(function(*xs)), Counter(WORK)


def _numbers(at: tuple[Any, ...]) -> list[Number]:
    return [Number(x) for x in at if x is not None]


def test_every_operator_on_each_element_is_defined() -> None:
    ours = {name for name, op in REGISTRY.items() if op.shape.__module__.startswith("netweight.ops.pointwise.")}
    assert ours == FORMULAS.keys() | APART.keys()


@pytest.mark.parametrize(("name", "definition"), CASES)
def test_value_and_work_are_those_of_the_formula(name: str, definition: Definition) -> None:
    op, attrs, dearest = REGISTRY[name], _attrs(name, definition), Counter[str]()
    for at in _points(name, definition):
        value, work = _counted(definition.y, *_numbers(at))
        (found,), _ = run(op, attrs, _arrays(at))
        np.testing.assert_allclose(found, value, rtol=1e-9, atol=1e-12)
        dearest |= work
    assert _work(op.cost(attrs, *specs_of(_arrays(at)))) == dearest


@pytest.mark.parametrize(("name", "definition"), CASES)
def test_each_gradient_and_its_work_are_those_of_the_formula(name: str, definition: Definition) -> None:
    op, attrs = REGISTRY[name], _attrs(name, definition)
    if not op.differentiable:
        assert not definition.gradients
        return
    dearest = {slot: Counter[str]() for slot in definition.gradients}
    for at in _points(name, definition):
        arrays = _arrays(at)
        (y,), saved = run(op, attrs, arrays)
        found = dict(zip(op.inputs, gradients(op, attrs, (np.full(y.shape, GRAD),), arrays, saved), strict=True))
        known = dict(zip(op.inputs, (Number(x) for x in at), strict=True)) | {"y": Number(y.item()), "g": Number(GRAD)}
        for slot, formula in definition.gradients.items():
            names = _reads(name, slot, formula)
            value, work = _counted(formula, *(known[read] for read in names))
            np.testing.assert_allclose(found[slot], value, rtol=1e-9, atol=1e-12)
            dearest[slot] |= work
    for slot, work in dearest.items():
        wanted = tuple(other == slot for other in op.inputs)
        assert _work(op.backward_cost(attrs, wanted, *specs_of(arrays))) == work
    assert op.backward_cost(attrs, (False,) * len(op.inputs), *specs_of(arrays)) is FREE


def _reads(name: str, slot: str, formula: Callable[..., Any]) -> tuple[str, ...]:
    """Names of its arguments; a choice reads the condition of its operator."""
    names = tuple(inspect.signature(formula).parameters)
    return ("g", {"where": "condition", "masked_fill": "mask"}[name]) if names == ("xs",) else names
