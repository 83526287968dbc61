"""Operators that neither we nor ONNX know: what they are called, and what the file says of their outputs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from netweight.ir import TensorSpec
from netweight.sources.onnx.shapes import declared_spec
from netweight.sources.onnx.tensor import UnknownShapeError

if TYPE_CHECKING:
    from onnx import GraphProto, NodeProto


def operator_name(node: NodeProto) -> str:
    """Name of an operator with its domain."""
    domain = "" if node.domain == "ai.onnx" else node.domain
    return f"{domain or 'onnx'}.{node.op_type}"


def is_foreign(node: NodeProto, domain: str, opset: int) -> bool:
    """Whether ONNX has no such operator."""
    import onnx

    return not onnx.defs.has(node.op_type, opset, domain)


def declared_outputs(node: NodeProto, graph: GraphProto, dims: Mapping[str, int]) -> list[TensorSpec]:
    """What the file itself says of the outputs of an operator that nobody knows.

    Args:
        node: Call of the operator.
        graph: Graph of the model.
        dims: Sizes of symbolic dimensions.

    Raises:
        UnknownShapeError: If the file does not say all of it.
    """
    declared = {entry.name: entry for entry in (*graph.value_info, *graph.output)}
    found = []
    for name in node.output:
        said = declared_spec(declared[name], None, dims) if name in declared else None
        if said is None or not all(isinstance(size, int) for size in said[0]):
            raise UnknownShapeError(operator_name(node))
        found.append(TensorSpec(tuple(said[0]), said[1]))
    return found
