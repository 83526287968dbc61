"""Every operator, every law. Add an operator and this file tests it."""

import hypothesis.strategies as st
import numpy as np
import pytest
from hypothesis import given

from cases import BATCHED, CASES, LINEAR, STRAIGHT_THROUGH
from netweight.ops import REGISTRY
from netweight.testing import (
    check_adjoint,
    check_backward,
    check_backward_cost,
    check_batch,
    check_formulas,
    check_saves,
    check_shape,
    specs_of,
)

DIFFERENTIABLE = [name for name, op in REGISTRY.items() if op.differentiable]
every_operator = pytest.mark.parametrize("name", REGISTRY)
every_differentiable = pytest.mark.parametrize("name", DIFFERENTIABLE)


def test_every_operator_has_cases() -> None:
    assert CASES.keys() == REGISTRY.keys()


@every_operator
@given(data=st.data())
def test_shape_foresees_forward(name: str, data: st.DataObject) -> None:
    attrs, inputs = data.draw(CASES[name])
    check_shape(REGISTRY[name], attrs, inputs)


@pytest.mark.parametrize("name", [name for name in DIFFERENTIABLE if name not in STRAIGHT_THROUGH])
@given(data=st.data())
def test_backward_is_the_gradient(name: str, data: st.DataObject) -> None:
    attrs, inputs = data.draw(CASES[name])
    check_backward(REGISTRY[name], attrs, inputs, np.random.default_rng(0))


@every_differentiable
@given(data=st.data())
def test_backward_reads_only_what_it_saves(name: str, data: st.DataObject) -> None:
    attrs, inputs = data.draw(CASES[name])
    check_saves(REGISTRY[name], attrs, inputs, np.random.default_rng(0))


@every_differentiable
@given(data=st.data())
def test_backward_costs_what_is_wanted(name: str, data: st.DataObject) -> None:
    attrs, inputs = data.draw(CASES[name])
    check_backward_cost(REGISTRY[name], attrs, inputs, np.random.default_rng(0))


@pytest.mark.parametrize("name", sorted(LINEAR))
@given(data=st.data())
def test_backward_of_a_linear_operator_is_its_adjoint(name: str, data: st.DataObject) -> None:
    attrs, inputs = data.draw(CASES[name])
    check_adjoint(REGISTRY[name], attrs, inputs, np.random.default_rng(0))


@pytest.mark.parametrize("name", sorted(BATCHED))
@given(data=st.data())
def test_samples_cost_the_same_apart_as_together(name: str, data: st.DataObject) -> None:
    attrs, inputs = data.draw(CASES[name])
    check_batch(REGISTRY[name], attrs, inputs, BATCHED[name])


@every_operator
@given(data=st.data())
def test_formulas_give_what_they_stand_beside(name: str, data: st.DataObject) -> None:
    attrs, inputs = data.draw(CASES[name])
    check_formulas(REGISTRY[name], attrs, inputs)


@every_operator
@given(data=st.data())
def test_reach_answers_for_every_case(name: str, data: st.DataObject) -> None:
    attrs, inputs = data.draw(CASES[name])
    assert REGISTRY[name].reach(attrs, *specs_of(inputs)) is not None
