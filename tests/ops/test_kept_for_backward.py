"""The runtime keeps what an operator says it saves; backward from that alone gives the same gradients."""

from functools import partial
from typing import Any

import numpy as np
import pytest

from cases import CASES
from cases.shared import hold
from netweight import Graph
from netweight.ir import Node, Value
from netweight.ops import REGISTRY
from netweight.ops.table import output_specs
from netweight.runtime import backward, run
from netweight.testing import specs_of
from netweight.testing.laws import gradients
from netweight.testing.laws import run as forward


@pytest.mark.parametrize("name", [name for name, op in REGISTRY.items() if op.differentiable])
def test_every_operator_does_with_what_it_saves(name: str) -> None:
    """Whole numbers that are not kept are the lowest of their type, others NaN: neither would go unnoticed."""
    hold(partial(check, name), CASES[name], 3)


def check(name: str, attrs: Any, arrays: Any) -> None:
    specs = specs_of(arrays)
    given_specs = {f"x{at}": spec for at, spec in enumerate(specs) if spec is not None}
    made = {f"y{at}": spec for at, spec in enumerate(output_specs(REGISTRY[name], attrs, *specs))}
    node = Node(
        op=name,
        attrs=attrs,
        inputs=tuple(None if spec is None else f"x{at}" for at, spec in enumerate(specs)),
        outputs=tuple(made),
        layer="one",
    )
    values = {key: Value(name=key, spec=spec, kind="input") for key, spec in given_specs.items()}
    values |= {key: Value(name=key, spec=spec) for key, spec in made.items()}
    graph = Graph(name="one", values=values, nodes=(node,), inputs=tuple(given_specs), outputs=tuple(made))
    inputs = {f"x{at}": array for at, array in enumerate(arrays) if array is not None}
    outputs, saved = forward(REGISTRY[name], attrs, arrays)
    grad_outputs = tuple(np.ones_like(y) for y in outputs)
    expected = gradients(REGISTRY[name], attrs, grad_outputs, arrays, saved)
    found = backward(graph, run(graph, inputs, {}, keep="saved"), dict(zip(made, grad_outputs, strict=True)))
    wanted = {f"x{at}": grad for at, grad in enumerate(expected) if grad is not None and f"x{at}" in inputs}
    assert set(found) == {key for key in wanted if given_specs[key].dtype.startswith(("float", "complex"))}
    for key, grad in found.items():
        np.testing.assert_array_equal(grad, wanted[key])
