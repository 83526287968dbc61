"""Operators whose shapes only a run has: what they read is still known, their weights above all."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from netweight.sources.onnx.tensor import Tensor, is_integer, is_weight

if TYPE_CHECKING:
    from onnx import NodeProto

BRANCHING = frozenset({"If", "Loop", "Scan"})
"""Operators that look themselves at what is unknown among their inputs."""
_STATISTICS = {"BatchNormalization": (3, 4)}
"""Inputs that are no parameters but buffers."""
_SETTINGS = frozenset({
    "roi", "scales", "ratio", "max_trip_count", "constant_value", "min", "max", "start", "limit", "delta", "values",
    "iou_threshold", "score_threshold", "training_mode", "pads", "value",
})  # fmt: skip
"""Names that ONNX has for floating inputs which are no numbers to compute with."""
_MICROSOFT_WEIGHTS = {
    "DynamicQuantizeMatMul": (1, 4), "MatMulIntegerToFloat": (1, 6), "MatMulNBits": (1, 5), "QGemm": (3, 6),
    "QAttention": (1, 2), "DynamicQuantizeLSTM": (1, 2, 3, 7), "GatherBlockQuantized": (0,), "QLinearConv": (3, 8),
    "QEmbedLayerNormalization": (2, 3, 4, 5, 6),
}  # fmt: skip
_INTEGER_WEIGHTS = {
    "QLinearConv": (3, 8), "ConvInteger": (1,), "MatMulInteger": (0, 1), "QLinearMatMul": (3,), "Gather": (0,),
}  # fmt: skip


def weights_read(node: NodeProto, domain: str, opset: int, inputs: Sequence[Any]) -> list[Tensor]:
    """Stored weights, and those made of them, among the inputs of a node that is left out; each in its role."""
    return list(_weights(node.op_type, domain, opset, inputs))


def _weights(op_type: str, domain: str, opset: int, inputs: Sequence[Any]) -> Iterator[Tensor]:
    names = _names(op_type, domain, opset)
    whole = (_MICROSOFT_WEIGHTS if domain == "com.microsoft" else _INTEGER_WEIGHTS).get(op_type, ())
    buffers = _STATISTICS.get(op_type, ())
    for at, tensor in enumerate(inputs):
        if not isinstance(tensor, Tensor) or not tensor.fixed:
            continue
        name = names[min(at, len(names) - 1)] if names else ""
        if at in buffers:
            tensor.role = tensor.role or "buffer"
            yield tensor
        elif at in whole and tensor.stored and tensor.rank and is_integer(tensor.dtype):
            tensor.role = tensor.role or "parameter"
            yield tensor
        elif (is_weight(tensor) or tensor.learned) and not _is_setting(name) and not (whole and at not in whole):
            yield tensor


def _is_setting(name: str) -> bool:
    return name in _SETTINGS or name.endswith(("_scale", "_zero_point"))


@lru_cache(maxsize=1024)
def _names(op_type: str, domain: str, opset: int) -> tuple[str, ...]:
    """What ONNX calls the inputs of an operator; nothing if it has none of that name."""
    import onnx

    try:
        return tuple(entry.name for entry in onnx.defs.get_schema(op_type, opset, domain).inputs)
    except (onnx.defs.SchemaError, TypeError):
        return ()
