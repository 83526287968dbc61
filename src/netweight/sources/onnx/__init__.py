"""ONNX models: the only door to ``onnx``."""

from netweight.sources.onnx.files import check_model, read_model
from netweight.sources.onnx.model import Read, read_graph
from netweight.sources.onnx.tensor import DependsOnDataError

__all__ = ["DependsOnDataError", "Read", "check_model", "read_graph", "read_model"]
