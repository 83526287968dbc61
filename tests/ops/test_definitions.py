"""Operators that multiply and accumulate give what plain loops give, and cost what the loops count.

Loops count every kind of work (a ``Counter``), or the multiply-accumulates alone (an ``int``).
"""

from collections import Counter
from typing import Any

import numpy as np
import pytest

from cases import CASES
from cases.shared import hold
from definitions import BACKWARD, DEFINITIONS, GRADIENTS
from netweight.index import OPERATORS, homes
from netweight.ops import REGISTRY
from netweight.ops.table import WORK_KINDS, as_tuple
from netweight.testing import specs_of
from netweight.testing.laws import gradients, run

_KINDS = ("conv", "linear", "matmul", "attention", "recurrent", "norm", "softmax", "loss")
MOST = 15
"""Cases of each: loops take long."""


def test_every_operator_that_contracts_normalises_or_reduces_is_defined_by_loops() -> None:
    reducing = {name for name, home in homes(OPERATORS).items() if home.startswith("netweight.ops.reduce.")}
    assert {name for name, op in REGISTRY.items() if op.kind in _KINDS} | reducing <= DEFINITIONS.keys()


@pytest.mark.parametrize("name", sorted(DEFINITIONS))
def test_value_and_cost_are_those_of_the_loops(name: str) -> None:
    def as_loops_compute(attrs: Any, inputs: Any) -> None:
        expected, work = DEFINITIONS[name](attrs, *inputs)
        outputs, _ = run(REGISTRY[name], attrs, inputs)
        for found, wanted in zip(outputs, as_tuple(expected), strict=False):
            np.testing.assert_allclose(found * 1, wanted * 1, rtol=1e-9, atol=1e-11)
        cost = REGISTRY[name].cost(attrs, *specs_of(inputs))
        if isinstance(work, Counter):
            assert {kind: getattr(cost, kind) for kind in WORK_KINDS if getattr(cost, kind)} == work
        else:
            assert cost.macs == work

    hold(as_loops_compute, CASES[name], MOST)


@pytest.mark.parametrize("name", sorted(BACKWARD))
def test_gradients_and_their_cost_are_those_of_the_loops(name: str) -> None:
    op = REGISTRY[name]

    def as_loops_compute(attrs: Any, inputs: Any) -> None:
        specs = specs_of(inputs)
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

    hold(as_loops_compute, CASES[name], MOST)


@pytest.mark.parametrize(("name", "slot"), sorted(GRADIENTS))
def test_a_gradient_and_all_of_its_work_are_those_of_the_loops(name: str, slot: str) -> None:
    op, at = REGISTRY[name], REGISTRY[name].inputs.index(slot)

    def as_loops_compute(attrs: Any, inputs: Any) -> None:
        outputs, saved = run(op, attrs, inputs)
        grad_y = np.random.default_rng(0).standard_normal(outputs[0].shape)
        expected, work = GRADIENTS[name, slot](attrs, grad_y, *inputs)
        grads = (grad_y, *(np.zeros(y.shape) for y in outputs[1:]))
        np.testing.assert_allclose(gradients(op, attrs, grads, inputs, saved)[at], expected, rtol=1e-8, atol=1e-10)
        cost = op.backward_cost(attrs, tuple(other == at for other in range(len(inputs))), *specs_of(inputs))
        assert {kind: getattr(cost, kind) for kind in WORK_KINDS if getattr(cost, kind)} == work

    hold(as_loops_compute, CASES[name], MOST, lambda _, inputs: inputs[at] is not None)


@pytest.mark.parametrize("name", ["scaled_dot_product_attention", "rnn", "gru", "lstm"])
def test_all_gradients_take_twice_the_macs_of_the_forward(name: str) -> None:
    op = REGISTRY[name]

    def twice(attrs: Any, inputs: Any) -> None:
        specs = specs_of(inputs)
        wanted = tuple(x is not None and x.dtype.kind == "f" for x in inputs)
        assert op.backward_cost(attrs, wanted, *specs).macs == 2 * op.cost(attrs, *specs).macs

    hold(twice, CASES[name], MOST)
