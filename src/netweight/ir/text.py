"""Graph as stable, readable text: the same graph always gives the same lines."""

from collections.abc import Iterator
from dataclasses import fields
from typing import Any

from netweight.ir.graph import Graph, Node
from netweight.ir.value import Value

_MARKS = {"parameter": "param", "buffer": "buffer", "constant": "const", "input": "input"}


def to_text(graph: Graph) -> str:
    """One line per value that no node writes, then one line per node."""
    return "\n".join(_lines(graph)) + "\n"


def _lines(graph: Graph) -> Iterator[str]:
    yield f"graph {graph.name}"
    for value in graph.values.values():
        if value.kind != "activation":
            yield f"  {_MARKS[value.kind]:<6} {value.name}: {value.spec}"
    for node in graph.nodes:
        yield f"  {_node_text(graph, node)}"
    for buffer, value_name in graph.updates.items():
        yield f"  update {buffer} = {value_name}"
    yield f"  output {', '.join(graph.outputs)}"


def _node_text(graph: Graph, node: Node) -> str:
    outputs = ", ".join(_output_text(graph.values[name]) for name in node.outputs)
    inputs = ", ".join("None" if name is None else name for name in node.inputs)
    return f"{outputs} = {node.op}({inputs}){attrs_text(node.attrs)}  # {node.layer}"


def _output_text(value: Value) -> str:
    alias = "" if value.storage == value.name else f" in {value.storage}"
    return f"{value.name}: {value.spec}{alias}"


def attrs_text(attrs: Any) -> str:
    """Settings that differ from their default, as ``{stride=(2, 2)}``."""
    if attrs is None:
        return ""
    changed = [
        f"{field.name}={getattr(attrs, field.name)!r}"
        for field in fields(attrs)
        if getattr(attrs, field.name) != field.default
    ]
    return f" {{{', '.join(changed)}}}" if changed else ""
