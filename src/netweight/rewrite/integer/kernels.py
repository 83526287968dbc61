"""Which operators between a pair of conversions become a kernel of integers, and in which runtimes.

Source: ONNX Runtime, selectors of ``qdq_transformer`` and the operators ``com.microsoft.QLinear*``; TensorRT, "Working
with quantized types" (which layers run in INT8); OpenVINO, low precision transformations; TensorFlow Lite, 8-bit
quantization specification.
"""

from __future__ import annotations

ONNX_RUNTIME, TENSORRT, OPENVINO, TFLITE = "ONNX Runtime", "TensorRT", "OpenVINO", "TensorFlow Lite"

_ALL = (ONNX_RUNTIME, TENSORRT, OPENVINO, TFLITE)
_OTHERS = (TENSORRT, OPENVINO, TFLITE)
_LOOKED_UP = (OPENVINO, TFLITE)

PRODUCTS: dict[str, tuple[str, ...]] = {"conv": _ALL, "linear": _ALL, "matmul": _ALL}
"""Operators whose products and sums are of integers."""

MOVES: dict[str, tuple[str, ...]] = {
    **dict.fromkeys(("reshape", "permute", "slice", "split", "expand", "max_pool", "index_select", "concat"), _ALL),
    **dict.fromkeys(("embedding", "gather"), _ALL),
    **dict.fromkeys(("flip", "repeat", "channel_shuffle", "pixel_shuffle", "pixel_unshuffle"), _OTHERS),
}
"""Operators that move numbers and make none: they take the integers as they are where no scale changes."""

INSIDE: dict[str, tuple[str, ...]] = {
    **dict.fromkeys(("add", "mul", "avg_pool", "mean", "concat", "where"), _ALL),
    **dict.fromkeys(("sigmoid", "leaky_relu", "softmax"), _ALL),
    **dict.fromkeys(("sub", "relu", "relu6", "clamp", "resize", "pad", "conv_transpose", "adaptive_avg_pool"), _OTHERS),
    **dict.fromkeys(("tanh", "hardswish", "hardsigmoid", "elu", "gelu", "silu", "prelu", "log_softmax"), _LOOKED_UP),
    **dict.fromkeys(("maximum", "minimum", "sum", "abs", "max_pool", "lp_pool"), _LOOKED_UP),
}
"""Operators that a kernel does between taking integers out of their scale and bringing them into another."""

AFTER = frozenset({"relu", "relu6", "clamp", "leaky_relu", "hardswish", "sigmoid", "silu", "tanh", "elu", "gelu"})
"""Activations that the kernel of a product does on its sums, so that nothing is quantised between the two."""

NORMS = frozenset({"batch_norm", "batch_norm_training"})
"""Operators that belong into the weights before these are quantised."""


def made_by(op: str) -> tuple[str, ...]:
    """Runtimes that have a kernel of integers for an operator; none if no runtime has.

    >>> made_by("conv")[0], made_by("layer_norm")
    ('ONNX Runtime', ())
    """
    return PRODUCTS.get(op) or MOVES.get(op) or INSIDE.get(op) or ()
