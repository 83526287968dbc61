"""Why a case of the official suite may go unsupported; every other case must pass."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import onnx

from sources.onnx.suite.cases import Case

_RANDOM = frozenset({
    "Bernoulli", "Multinomial", "RandomNormal", "RandomNormalLike", "RandomUniform", "RandomUniformLike",
})  # fmt: skip
_TEXT = frozenset({"RegexFullMatch", "StringConcat", "StringNormalizer", "StringSplit"})
_STRING = onnx.TensorProto.STRING

BUGS = {
    "node/test_loop16_seq_none": "its runner takes the length of a tensor without dimensions in a sequence, which "
    "NumPy refuses; what is computed is what the case expects",
}
"""Cases that are shown to be wrong themselves, with what shows it."""


def excuse(case: Case, model: onnx.ModelProto) -> str:
    """Why the case may fail, empty if it may not."""
    nodes = list(_nodes(model.graph.node))
    domains = {node.domain for node in nodes}
    if case.title in BUGS:
        return f"bug of the test: {BUGS[case.title]}"
    if "ai.onnx.ml" in domains:
        return "ai.onnx.ml: trees and tables, no network"
    if "ai.onnx.preview.training" in domains:
        return "training operator: netweight trains with its own optimisers"
    kinds = {node.op_type for node in nodes if not node.domain}
    if "ImageDecoder" in kinds:
        return "image decoding"
    if kinds & _RANDOM or any(_drops(node) for node in nodes):
        return "random generator: the numbers expected are those of one implementation"
    return "strings" if kinds & _TEXT or any(_is_text(value) for value in _types(model, nodes)) else ""


def _drops(node: Any) -> bool:
    """Whether it is dropout that is told to drop: it says so by its third input."""
    return node.op_type == "Dropout" and len(node.input) > 2 and bool(node.input[2])


def _nodes(nodes: Any) -> Iterator[Any]:
    for node in nodes:
        yield node
        for attribute in node.attribute:
            for graph in (attribute.g, *attribute.graphs):
                yield from _nodes(graph.node)


def _types(model: onnx.ModelProto, nodes: list[Any]) -> Iterator[Any]:
    for entry in (*model.graph.input, *model.graph.output, *model.graph.value_info):
        yield entry.type
    yield from model.graph.initializer
    for node in nodes:
        for attribute in node.attribute:
            yield from (attribute.t, *attribute.tensors)
            if node.op_type == "Cast" and attribute.name == "to":
                yield onnx.TensorProto(data_type=attribute.i)


def _is_text(value: Any) -> bool:
    if isinstance(value, onnx.TensorProto):
        return value.data_type == _STRING
    if value.HasField("sequence_type"):
        return _is_text(value.sequence_type.elem_type)
    if value.HasField("optional_type"):
        return _is_text(value.optional_type.elem_type)
    return value.tensor_type.elem_type == _STRING
