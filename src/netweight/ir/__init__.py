"""The graph: what every other part of netweight reads, and only sources and rewrites write."""

from netweight.ir.graph import (
    Function,
    Graph,
    Init,
    Node,
    Quantization,
    Value,
    ValueKind,
    located,
    topological,
    validate,
)
from netweight.ir.spec import DType, Filled, TensorSpec, bits_of, is_floating

__all__ = [
    "DType",
    "Filled",
    "Function",
    "Graph",
    "Init",
    "Node",
    "Quantization",
    "TensorSpec",
    "Value",
    "ValueKind",
    "bits_of",
    "is_floating",
    "located",
    "topological",
    "validate",
]
