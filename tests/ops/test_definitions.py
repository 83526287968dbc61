"""Operators that multiply and accumulate give what plain loops give, and cost what the loops count."""

import hypothesis.strategies as st
import numpy as np
import pytest
from hypothesis import given, settings

from cases import CASES
from definitions import DEFINITIONS
from netweight.ops import REGISTRY
from netweight.testing import specs_of
from netweight.testing.laws import run


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
    expected, macs = DEFINITIONS[name](attrs, *inputs)
    outputs, _ = run(REGISTRY[name], attrs, inputs)
    np.testing.assert_allclose(outputs[0], expected, rtol=1e-9, atol=1e-11)
    assert REGISTRY[name].cost(attrs, *specs_of(inputs)).macs == macs
