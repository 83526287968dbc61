"""Which operators between a pair of conversions become a kernel of integers, and in which runtimes.

Source: ONNX Runtime, selectors of ``qdq_transformer`` and the operators ``com.microsoft.QLinear*``; TensorRT, "Working
with quantized types" (which layers run in INT8); OpenVINO, low precision transformations; TensorFlow Lite, 8-bit
quantization specification.
"""

from __future__ import annotations

from typing import Any

ONNX_RUNTIME, TENSORRT, OPENVINO, TFLITE = "ONNX Runtime", "TensorRT", "OpenVINO", "TensorFlow Lite"

_ALL = (ONNX_RUNTIME, TENSORRT, OPENVINO, TFLITE)
_OTHERS = (TENSORRT, OPENVINO, TFLITE)
_LOOKED_UP = (OPENVINO, TFLITE)

PRODUCTS: dict[str, tuple[str, ...]] = {"conv": _ALL, "linear": _ALL, "matmul": _ALL}
"""Operators whose products and sums are of integers."""

MOVES: dict[str, tuple[str, ...]] = {
    **dict.fromkeys(("reshape", "permute", "slice", "split", "expand", "max_pool", "index_select", "concat"), _ALL),
    **dict.fromkeys(("embedding", "gather", "index", "repeat", "pixel_shuffle", "pixel_unshuffle", "resize"), _ALL),
    **dict.fromkeys(("flip", "channel_shuffle"), _OTHERS),
}
"""Operators that move numbers and make none: they take the integers as they are where no scale changes."""

INSIDE: dict[str, tuple[str, ...]] = {
    **dict.fromkeys(("add", "mul", "avg_pool", "mean", "concat", "where"), _ALL),
    **dict.fromkeys(("sigmoid", "leaky_relu", "softmax"), _ALL),
    **dict.fromkeys(("sub", "relu", "relu6", "clamp", "resize", "pad", "conv_transpose", "adaptive_avg_pool"), _OTHERS),
    **dict.fromkeys(("tanh", "hardswish", "hardsigmoid", "elu", "gelu", "silu", "prelu", "log_softmax"), _LOOKED_UP),
    **dict.fromkeys(("maximum", "minimum", "sum", "amax", "amin", "abs", "max_pool", "lp_pool"), _LOOKED_UP),
}
"""Operators that a kernel does between taking integers out of their scale and bringing them into another."""

_FIRST_SPATIAL = 2

AFTER = frozenset({"relu", "relu6", "clamp", "leaky_relu", "hardswish", "sigmoid", "silu", "tanh", "elu", "gelu"})
"""Activations that the kernel of a product does on its sums, so that nothing is quantised between the two."""

NORMS = frozenset({"batch_norm", "batch_norm_training"})
"""Operators that belong into the weights before these are quantised."""


def moves(op: str, attrs: Any) -> bool:
    """Whether an operator makes no number that it was not given: a resize of the nearest neighbours is one."""
    return op in MOVES and (op != "resize" or attrs.mode == "nearest")


def made_by(op: str, attrs: Any = None) -> tuple[str, ...]:
    """Runtimes that have a kernel of integers for an operator; none if no runtime has.

    >>> made_by("conv")[0], made_by("layer_norm")
    ('ONNX Runtime', ())
    """
    found = PRODUCTS.get(op) or (MOVES.get(op) if attrs is None or moves(op, attrs) else None) or INSIDE.get(op) or ()
    if op == "mean" and attrs is not None and not (attrs.keepdim and min(attrs.dims or (0,)) == _FIRST_SPATIAL):
        return tuple(name for name in found if name != ONNX_RUNTIME)  # it has GlobalAveragePool, no other mean
    return found
