"""Graph to JSON and back.

Attributes are written as plain objects; reading them needs the class of each operator's attributes, which the caller
passes in: the graph has no operator knowledge.
"""

import json
from collections.abc import Mapping
from dataclasses import asdict, fields
from typing import Any

from netweight.errors import FormatError
from netweight.ir.graph import Checkpoint, Function, Graph, Node, NoShape, Temporary
from netweight.ir.spec import TensorSpec
from netweight.ir.validity import validate
from netweight.ir.value import Init, Quantization, Stored, Value

SCHEMA = "netweight/graph/1"
OWN = "own rule"
"""In the place of an operator's name: the class of the attributes of those that a rule of the user's counts."""


def graph_to_json(graph: Graph, *, indent: int | None = None) -> str:
    """The graph as JSON text."""
    return json.dumps(_graph_to_dict(graph), indent=indent)


def _graph_to_dict(graph: Graph) -> dict[str, Any]:
    data: dict[str, Any] = {
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
        "experts": {name: list(share) for name, share in graph.experts.items()},
        "fused": graph.fused,
        "unread": [_value_to_dict(value) for value in graph.unread],
        "diverted": dict(graph.diverted),
        "leaves": graph.leaves,
        "temporaries": [asdict(temporary) for temporary in graph.temporaries],
    }
    if graph.functions:
        data["functions"] = [_function_to_dict(function) for function in graph.functions]
    if graph.checkpoints:
        data["checkpoints"] = [asdict(checkpoint) for checkpoint in graph.checkpoints]
    return data


def _function_to_dict(function: Function) -> dict[str, Any]:
    backward = None if function.backward is None else _graph_to_dict(function.backward)
    return {**{f.name: getattr(function, f.name) for f in fields(function)}, "backward": backward}


def graph_from_json(text: str, attrs_types: Mapping[str, type | None]) -> Graph:
    """Read what ``graph_to_json`` wrote.

    Args:
        text: JSON.
        attrs_types: Class of the attributes of each operator; None for an operator without. That of operators which
            rules of the user's count is under ``OWN``.

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
    if value.stored is not None:
        data["stored"] = asdict(value.stored)
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
        experts={name: (share[0], share[1]) for name, share in data.get("experts", {}).items()},
        fused=_tuple_of(data.get("fused", [])),
        unread=tuple(map(_value_from_dict, data.get("unread", []))),
        diverted=dict(data.get("diverted", {})),
        leaves=tuple(data.get("leaves", ())),
        temporaries=tuple(Temporary(**{**item, "names": tuple(item["names"])}) for item in data.get("temporaries", ())),
        functions=tuple(_function_from_dict(item, attrs_types) for item in data.get("functions", ())),
        checkpoints=tuple(Checkpoint(**_tupled(item)) for item in data.get("checkpoints", ())),
    )


def _function_from_dict(data: dict[str, Any], attrs_types: Mapping[str, type | None]) -> Function:
    backward = None if data["backward"] is None else graph_from_dict(data["backward"], attrs_types)
    return Function(**{**_tupled(data), "backward": backward})


def _value_from_dict(data: dict[str, Any]) -> Value:
    init = data.get("init")
    quantization = data.get("quantization")
    stored = data.get("stored")
    return Value(
        name=data["name"],
        spec=TensorSpec(tuple(data["shape"]), data["dtype"]),
        kind=data["kind"],
        storage=data.get("storage", ""),
        init=None if init is None else Init(**_tupled(init)),
        quantization=None if quantization is None else Quantization(**quantization),
        stored=None if stored is None else Stored(**stored),
    )


def _node_from_dict(data: dict[str, Any], attrs_types: Mapping[str, type | None]) -> Node:
    attrs = data["attrs"]
    attrs_type = attrs_types.get(OWN if attrs and "rule" in attrs else data["op"])
    return Node(
        op=data["op"],
        attrs=_attrs(attrs, attrs_type),
        inputs=tuple(data["inputs"]),
        outputs=tuple(data["outputs"]),
        layer=data["layer"],
        origin=data["origin"],
    )


def _attrs(attrs: dict[str, Any] | None, attrs_type: type | None) -> Any:
    """Attributes of a node; an operator that nobody knows has none, or the mark that its shapes are unknown."""
    if attrs is None:
        return None
    return (NoShape() if not attrs else None) if attrs_type is None else attrs_type(**_tupled(attrs))


def _tupled(attrs: dict[str, Any]) -> dict[str, Any]:
    return {name: _tuple_of(value) for name, value in attrs.items()}


def _tuple_of(value: Any) -> Any:
    return tuple(_tuple_of(item) for item in value) if isinstance(value, list) else value
