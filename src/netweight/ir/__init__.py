"""The graph: what every other part of netweight reads, and only sources and rewrites write."""

from netweight.ir.graph import Checkpoint, Function, Graph, Node, NoShape, located, topological
from netweight.ir.spec import DType, Filled, TensorSpec, bits_of, is_floating
from netweight.ir.validity import validate
from netweight.ir.value import Init, Quantization, Stored, Value, ValueKind

__all__ = [
    "Checkpoint",
    "DType",
    "Filled",
    "Function",
    "Graph",
    "Init",
    "NoShape",
    "Node",
    "Quantization",
    "Stored",
    "TensorSpec",
    "Value",
    "ValueKind",
    "bits_of",
    "is_floating",
    "located",
    "topological",
    "validate",
]
