"""Operators of a model that cannot be computed, found without reading its graph."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING

from netweight.sources.onnx.function_bodies import Functions
from netweight.sources.onnx.lower import RULES

if TYPE_CHECKING:
    from onnx import FunctionProto, ModelProto, NodeProto, OperatorSetIdProto


def unknown_operators(model: ModelProto) -> tuple[str, ...]:
    """Operators without a rule, a function of the model, or a body that ONNX gives them, in the order of the model."""
    functions = Functions(model)
    found: dict[str, None] = {}
    seen: set[int] = set()
    todo = [(list(model.graph.node), _versions(model.opset_import))]
    while todo:
        nodes, opsets = todo.pop()
        for node in _with_parts(nodes):
            function = functions.find(node)
            if function is None:
                domain = "" if node.domain == "ai.onnx" else node.domain
                if not _is_known(node.op_type, domain, opsets.get(domain, 1)):
                    found[f"{domain or 'onnx'}.{node.op_type}"] = None
            elif id(function) not in seen:
                seen.add(id(function))
                todo.append(_body(function, opsets))
    return tuple(found)


def _body(function: FunctionProto, opsets: Mapping[str, int]) -> tuple[list[NodeProto], dict[str, int]]:
    return list(function.node), {**opsets, **_versions(function.opset_import)}


def _versions(entries: Iterable[OperatorSetIdProto]) -> dict[str, int]:
    return {"" if entry.domain == "ai.onnx" else entry.domain: entry.version for entry in entries}


def _with_parts(nodes: Iterable[NodeProto]) -> Iterator[NodeProto]:
    """Nodes and those of the graphs inside them."""
    todo = list(nodes)
    while todo:
        node = todo.pop()
        yield node
        for attribute in node.attribute:
            for graph in (*((attribute.g,) if attribute.HasField("g") else ()), *attribute.graphs):
                todo.extend(graph.node)


def _is_known(op_type: str, domain: str, opset: int) -> bool:
    import onnx

    if RULES.find(f"{domain}.{op_type}" if domain else op_type) is not None:
        return True
    try:
        schema = onnx.defs.get_schema(op_type, opset, domain)
    except onnx.defs.SchemaError:
        return False
    return bool(schema.has_function or schema.has_context_dependent_function)
