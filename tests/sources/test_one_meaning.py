"""The same function means the same operators and figures, whoever says it: the table, PyTorch, the builder, ONNX."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

from cases import CASES
from cases.shared import GATE, drawn

pytest.importorskip("torch")
pytest.importorskip("onnx")

from netweight import build
from netweight.errors import UnsupportedOpError
from netweight.ops import REGISTRY
from netweight.sources.onnx.write import RULES
from sources.one_meaning import arguments_of, built, captured, differences, exported, figures, one_node
from sources.onnx_spellings import LEFT_OUT, QUIET, SOMETIMES, WRITTEN_OTHERWISE
from sources.spellings import APART, PLAIN, SAYABLE, SPELLED, sayable
from witness import NARROWED, WITNESSES

# Functions that the builder has under the name of an operator, with all of its settings and tensors as arguments.
BUILT = [name for name in sorted(CASES) if hasattr(build, name) and arguments_of(name)]
BUILT_APART = {
    "embedding": "it makes its weight",
    "expand": "sizes are given one by one",
    "fold": "of pictures",
    "grid_sample": "modes have PyTorch's names",
    "linear": "it makes its weights",
    "nms": "an input without elements is refused",
    "permute": "dimensions are given one by one",
    "repeat": "counts are given one by one",
    "reshape": "sizes are given one by one",
    "unfold": "of pictures",
}
# Settings in which an operator is another one.
NOT_ANOTHER = {"smooth_l1_loss": lambda attrs, _: attrs.beta > 0}

# PyTorch writes the new statistics over the old ones; the operator gives both.
WRITTEN_OVER = {"batch_norm_training"}


def _alike(name: str, inputs: Any) -> Any:
    """Operators on each element get one type, without what PyTorch casts before them."""
    if REGISTRY[name].kind != "elementwise" or name in SAYABLE or len(REGISTRY[name].inputs) != 2:
        return inputs
    dtype = np.result_type(*inputs)
    return tuple(np.asarray(x).astype(np.int64 if dtype.kind == "b" and "bitwise" in name else dtype) for x in inputs)


def captured_otherwise(name: str) -> list[str]:
    """What differs, case by case."""
    found: list[str] = []
    said = SPELLED.get(name, WITNESSES.get(name))

    for attrs, arrays in drawn(NARROWED.get(name, CASES[name]), 4, sayable(name)):
        settings, inputs = PLAIN[name](attrs, arrays) if name in PLAIN else (attrs, _alike(name, arrays))
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            graph = captured(said, inputs, settings)
        both = figures(graph), figures(one_node(name, settings, inputs))
        for part in both if name in WRITTEN_OVER else ():
            del part["activations"]["torch-eager"]
        found.append(differences(*both))
    assert found
    return [text for text in found if text]


@pytest.mark.parametrize("name", sorted({*WITNESSES, *SPELLED} - APART.keys()))
def test_a_function_of_pytorch_is_the_operator_of_the_table(name: str) -> None:
    assert not captured_otherwise(name)


def test_most_functions_of_the_builder_take_what_the_operator_takes() -> None:
    assert len(BUILT) > 140
    assert BUILT_APART.keys() <= set(BUILT)


@pytest.mark.parametrize("name", sorted(set(BUILT) - BUILT_APART.keys()))
def test_a_function_of_the_builder_is_the_operator_of_the_table(name: str) -> None:
    """A smooth L1 loss whose ``beta`` is zero is the L1 loss, in PyTorch as well."""

    for attrs, inputs in drawn(CASES[name], 3, NOT_ANOTHER.get(name)):
        assert not differences(figures(built(name, attrs, inputs)), figures(one_node(name, attrs, inputs)))


def _single(array: Any) -> Any:
    """In the precision that exported networks have."""
    return (
        None if array is None else np.asarray(array).astype({"f": "f4", "c": "c8"}.get(array.dtype.kind, array.dtype))
    )


def _read_back(name: str, *, examples: int) -> Iterator[str]:
    """What differs, case by case, of those in which something happens and ONNX has the settings."""
    for attrs, arrays in drawn(CASES[name], examples):
        graph = one_node(name, attrs, tuple(map(_single, _alike(name, arrays))))
        try:
            read = figures(exported(graph))
        except UnsupportedOpError:
            continue
        if read["operators"] or not (name in QUIET and _stays(graph)):
            yield differences(read, figures(graph))


def _stays(graph: Any) -> bool:
    """Whether what comes out can be what goes in, for a view under the same shape."""
    x, y = graph.spec(graph.inputs[0]), graph.spec(graph.outputs[0])
    return x == y if REGISTRY[graph.nodes[0].op].view else x.numel == y.numel


@pytest.mark.parametrize(
    "name", sorted(RULES.keys() & CASES.keys() - WRITTEN_OTHERWISE.keys() - SOMETIMES - LEFT_OUT.keys())
)
def test_what_is_read_back_from_onnx_is_the_operator_of_the_table(name: str) -> None:
    found = list(_read_back(name, examples=12 if name in QUIET else 4))
    assert found
    assert not any(found), found


@pytest.mark.parametrize("name", sorted(WRITTEN_OTHERWISE))
def test_what_onnx_says_otherwise_is_listed(name: str) -> None:
    assert any(_read_back(name, examples=GATE)), f"{name} is read back as it is: take it off WRITTEN_OTHERWISE"


@pytest.mark.parametrize("name", sorted(SOMETIMES))
def test_settings_that_onnx_has_are_read_back_as_they_are(name: str) -> None:
    assert any(not text for text in _read_back(name, examples=GATE))
