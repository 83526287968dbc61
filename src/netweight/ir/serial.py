"""Graph to JSON and back.

Attributes are written as plain objects; reading them needs the class of each operator's attributes, which the caller
passes in: the graph has no operator knowledge.
"""

import json
from collections.abc import Mapping
from dataclasses import asdict, fields
from typing import Any

from netweight.errors import FormatError
from netweight.ir.graph import Graph, Init, Node, Quantization, Temporary, Value, validate
from netweight.ir.spec import TensorSpec

SCHEMA = "netweight/graph/1"


def graph_to_json(graph: Graph, *, indent: int | None = None) -> str:
    """The graph as JSON text."""
    data = {
        "schema": SCHEMA,
        "name": graph.name,
        "values": [_value_to_dict(value) for value in graph.values.values()],
        "nodes": [_node_to_dict(node) for node in graph.nodes],
        "inputs": graph.inputs,
        "outputs": graph.outputs,
        "modules": dict(graph.modules),
        "updates": dict(graph.updates),
        "lifetimes": dict(graph.lifetimes),
        "frozen": graph.frozen,
        "fused": graph.fused,
        "diverted": dict(graph.diverted),
        "leaves": graph.leaves,
        "temporaries": [asdict(temporary) for temporary in graph.temporaries],
    }
    return json.dumps(data, indent=indent)


def graph_from_json(text: str, attrs_types: Mapping[str, type | None]) -> Graph:
    """Read what ``graph_to_json`` wrote.

    Args:
        text: JSON.
        attrs_types: Class of the attributes of each operator; None for an operator without.

    Raises:
        FormatError: If the text is not a graph of this schema.
        GraphError: If the graph contradicts itself.
    """
    try:
        data = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise FormatError(f"json: expected a graph, got text that is no JSON: {error}") from error
    return graph_from_dict(data, attrs_types)


def graph_from_dict(data: Any, attrs_types: Mapping[str, type | None]) -> Graph:
    """The graph of what is in a JSON text, as ``graph_from_json``."""
    if not isinstance(data, dict) or data.get("schema") != SCHEMA:
        raise FormatError(f"json: expected schema {SCHEMA!r}, got {_schema_of(data)}")
    try:
        graph = _graph(data, attrs_types)
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise FormatError(f"json: expected a graph of schema {SCHEMA!r}, got a malformed one: {error!r}") from error
    validate(graph)
    return graph


def _schema_of(data: Any) -> str:
    return repr(data.get("schema")) if isinstance(data, dict) else f"a {type(data).__name__}"


def _value_to_dict(value: Value) -> dict[str, Any]:
    data: dict[str, Any] = {
        "name": value.name,
        "shape": value.spec.shape,
        "dtype": value.spec.dtype,
        "kind": value.kind,
    }
    if value.storage != value.name:
        data["storage"] = value.storage
    if value.init is not None:
        data["init"] = asdict(value.init)
    if value.quantization is not None:
        data["quantization"] = asdict(value.quantization)
    return data


def _node_to_dict(node: Node) -> dict[str, Any]:
    attrs = None if node.attrs is None else {f.name: getattr(node.attrs, f.name) for f in fields(node.attrs)}
    return {
        "op": node.op,
        "attrs": attrs,
        "inputs": node.inputs,
        "outputs": node.outputs,
        "layer": node.layer,
        "origin": node.origin,
    }


def _graph(data: dict[str, Any], attrs_types: Mapping[str, type | None]) -> Graph:
    values = [_value_from_dict(item) for item in data["values"]]
    return Graph(
        name=data["name"],
        values={value.name: value for value in values},
        nodes=tuple(_node_from_dict(item, attrs_types) for item in data["nodes"]),
        inputs=tuple(data["inputs"]),
        outputs=tuple(data["outputs"]),
        modules=dict(data["modules"]),
        updates=dict(data["updates"]),
        lifetimes=dict(data.get("lifetimes", {})),
        frozen=tuple(data.get("frozen", ())),
        fused=_tuple_of(data.get("fused", [])),
        diverted=dict(data.get("diverted", {})),
        leaves=tuple(data.get("leaves", ())),
        temporaries=tuple(Temporary(**{**item, "names": tuple(item["names"])}) for item in data.get("temporaries", ())),
    )


def _value_from_dict(data: dict[str, Any]) -> Value:
    init = data.get("init")
    quantization = data.get("quantization")
    return Value(
        name=data["name"],
        spec=TensorSpec(tuple(data["shape"]), data["dtype"]),
        kind=data["kind"],
        storage=data.get("storage", ""),
        init=None if init is None else Init(**_tupled(init)),
        quantization=None if quantization is None else Quantization(**quantization),
    )


def _node_from_dict(data: dict[str, Any], attrs_types: Mapping[str, type | None]) -> Node:
    attrs_type = attrs_types.get(data["op"])
    attrs = data["attrs"]
    return Node(
        op=data["op"],
        attrs=None if attrs is None or attrs_type is None else attrs_type(**_tupled(attrs)),
        inputs=tuple(data["inputs"]),
        outputs=tuple(data["outputs"]),
        layer=data["layer"],
        origin=data["origin"],
    )


def _tupled(attrs: dict[str, Any]) -> dict[str, Any]:
    return {name: _tuple_of(value) for name, value in attrs.items()}


def _tuple_of(value: Any) -> Any:
    return tuple(_tuple_of(item) for item in value) if isinstance(value, list) else value
