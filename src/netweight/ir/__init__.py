"""The graph: what every other part of netweight reads, and only sources and rewrites write."""

from netweight.ir.graph import (
    Graph,
    Init,
    Node,
    NoShape,
    Quantization,
    Stored,
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
