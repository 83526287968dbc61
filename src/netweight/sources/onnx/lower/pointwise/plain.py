"""Operators of the table that ONNX has as they are, by the names that the table gives."""

from __future__ import annotations

from dataclasses import MISSING, fields
from typing import Any

from netweight.errors import FormatError
from netweight.index import ONNX
from netweight.ops.table import REGISTRY
from netweight.sources.onnx.call import Call
from netweight.sources.onnx.lower import lowers
from netweight.sources.onnx.tensor import Tensor


def _plain(onnx_name: str, name: str) -> None:
    @lowers(onnx_name)
    def rule(call: Call, *tensors: Tensor) -> Any:
        op = REGISTRY[name]
        count = len(op.inputs)
        if len(tensors) != count:
            raise FormatError(f"{onnx_name}: expected {count} to {count} inputs, got {len(tensors)}")
        return call.op(name, None if op.attrs is None else _settings(call, op.attrs), *tensors)


def _settings(call: Call, attrs: type[Any]) -> Any:
    """Attributes of the operator, those of the node by the same names."""
    found = {f.name: call.attr(f.name, None if f.default is MISSING else f.default) for f in fields(attrs)}
    return attrs(**found)


for _name, _onnx_name in ONNX.items():
    _plain(_onnx_name, _name)
