"""Operators of the table that ONNX has as they are, by the names that the table gives."""

from __future__ import annotations

from dataclasses import fields

from netweight.index import ONNX
from netweight.ops.table import REGISTRY
from netweight.sources.onnx.write import writes
from netweight.sources.onnx.write.pointwise.common import in_floats, together
from netweight.sources.onnx.write.step import Step

_LOGIC = ("And", "Or", "Xor", "Not")


@writes(*ONNX)
def plain(step: Step) -> None:
    """The operator of the same meaning, in element types that ONNX has it for."""
    op, op_type = REGISTRY[step.node.op], ONNX[step.node.op]
    if op.spelled.floating:
        x, dtype = in_floats(step)
        step.finish(dtype, op_type, x)
    elif op_type in _LOGIC:
        step.result(op_type, *(step.typed(at, "bool") for at in range(len(step.reads))))
    elif len(op.inputs) > 1:
        together(step, op_type)
    else:
        settings = {} if op.attrs is None else {f.name: getattr(step.attrs, f.name) for f in fields(op.attrs)}
        step.result(op_type, *step.names, **settings)
