"""Operators that multiply and accumulate give what plain loops give, and cost what the loops count.

Loops count every kind of work (a ``Counter``), or the multiply-accumulates alone (an ``int``).
"""

from collections import Counter

import hypothesis.strategies as st
import numpy as np
import pytest
from hypothesis import given, settings

from cases import CASES
from definitions import BACKWARD, DEFINITIONS
from netweight.ops import REGISTRY
from netweight.ops.table import WORK_KINDS
from netweight.testing import specs_of
from netweight.testing.laws import gradients, run


def test_every_operator_that_contracts_is_defined_by_loops() -> None:
    contracting = {
        name for name, op in REGISTRY.items() if op.kind in ("conv", "linear", "matmul", "attention", "recurrent")
    }
    assert contracting == DEFINITIONS.keys()


@pytest.mark.parametrize("name", sorted(DEFINITIONS))
@settings(max_examples=15)
@given(data=st.data())
def test_value_and_cost_are_those_of_the_loops(name: str, data: st.DataObject) -> None:
    attrs, inputs = data.draw(CASES[name])
    expected, work = DEFINITIONS[name](attrs, *inputs)
    outputs, _ = run(REGISTRY[name], attrs, inputs)
    np.testing.assert_allclose(outputs[0], expected, rtol=1e-9, atol=1e-11)
    cost = REGISTRY[name].cost(attrs, *specs_of(inputs))
    if isinstance(work, Counter):
        assert {kind: getattr(cost, kind) for kind in WORK_KINDS if getattr(cost, kind)} == work
    else:
        assert cost.macs == work


@pytest.mark.parametrize("name", sorted(BACKWARD))
@settings(max_examples=15)
@given(data=st.data())
def test_gradients_and_their_cost_are_those_of_the_loops(name: str, data: st.DataObject) -> None:
    attrs, inputs = data.draw(CASES[name])
    op, specs = REGISTRY[name], specs_of(inputs)
    outputs, saved = run(op, attrs, inputs)
    grad_y = np.random.default_rng(0).standard_normal(outputs[0].shape)
    expected, macs = BACKWARD[name](attrs, grad_y, *inputs)
    for found, wanted in zip(gradients(op, attrs, (grad_y,), inputs, saved), expected, strict=True):
        if wanted is not None:
            np.testing.assert_allclose(found, wanted, rtol=1e-9, atol=1e-11)
    rest = (False,) * (len(inputs) - 2)
    assert op.backward_cost(attrs, (True, False, *rest), *specs).macs == macs[0]
    assert op.backward_cost(attrs, (False, True, *rest), *specs).macs == macs[1]
    assert op.backward_cost(attrs, (True, True, *rest), *specs).macs == sum(macs)


@pytest.mark.parametrize("name", ["scaled_dot_product_attention", "rnn", "gru", "lstm"])
@settings(max_examples=15)
@given(data=st.data())
def test_all_gradients_take_twice_the_macs_of_the_forward(name: str, data: st.DataObject) -> None:
    attrs, inputs = data.draw(CASES[name])
    op, specs = REGISTRY[name], specs_of(inputs)
    wanted = tuple(x is not None and x.dtype.kind == "f" for x in inputs)
    assert op.backward_cost(attrs, wanted, *specs).macs == 2 * op.cost(attrs, *specs).macs
