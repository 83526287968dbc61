"""One call of each builtin operator, or several with other settings: inputs, settings, types of the outputs."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from tests.sources.tflite.writing import Graph, Op, T, written


@dataclass
class Case:
    """A call.

    Attributes:
        kind: The operator.
        inputs: Tensors; those with numbers are stored in the file, others are inputs. None for one left out.
        outputs: Types of the outputs, or tensors where integers have scales or the file must say the shape.
        table: The table of settings.
        options: Settings.
        values: Whether a run must give LiteRT's numbers, beside their shape and type.
        version: Version of the operator.
        reference: Whether LiteRT's reference kernel is the witness; else the one that it takes itself.
    """

    kind: str
    inputs: Sequence[T | None]
    outputs: Sequence[Any] = ("float32",)
    table: str = ""
    options: Any = None
    values: bool = True
    version: int = 1
    reference: bool = True

    def file(self) -> bytes:
        """A file with this call alone."""
        tensors: list[T] = [tensor for tensor in self.inputs if tensor is not None]
        places, at = [], 0
        for tensor in self.inputs:
            places.append(-1 if tensor is None else at)
            at += tensor is not None
        results = [out if isinstance(out, T) else T((), out) for out in self.outputs]
        given = [at for at, tensor in enumerate(tensors) if tensor.data is None and not tensor.variable]
        outputs = list(range(len(tensors), len(tensors) + len(results)))
        op = Op(self.kind, places, outputs, self.table, dict(self.options or {}), version=self.version)
        return written(Graph([*tensors, *results], given, outputs, [op]))


def f(*shape: int) -> T:
    """An input of real numbers."""
    return T(shape)


def q(*shape: int, scale: float = 0.05, zero: int = 3, dtype: str = "int8") -> T:
    """An input of integers with a scale."""
    return T(shape, dtype, scale=scale, zero=zero)


def i(*values: int, dtype: str = "int32") -> T:
    """Stored whole numbers."""
    return T.of(np.array(values, dtype))


def n(value: Any, dtype: str = "int32") -> T:
    """A stored number."""
    return T.of(np.array(value, dtype))


def w(*shape: int, seed: int = 0) -> T:
    """Stored real numbers."""
    return T.of(np.random.default_rng(seed).standard_normal(shape).astype(np.float32))


def qw(*shape: int, scale: Any = 0.02, dim: int = 0, dtype: str = "int8", seed: int = 0) -> T:
    """A stored weight of integers."""
    bound = 7 if dtype == "int4" else 127
    data = np.random.default_rng(seed).integers(-bound, bound + 1, shape)
    return T(shape, dtype, data, scale=scale, zero=np.zeros(np.size(scale), int), dim=dim)


def qb(count: int, scale: Any) -> T:
    """A stored bias of integers."""
    data = np.random.default_rng(1).integers(-500, 500, count)
    return T((count,), "int32", data, scale=scale, zero=np.zeros(np.size(scale), int))


UNARY = [
    "ABS", "CEIL", "COS", "EXP", "FLOOR", "LOG", "LOGISTIC", "NEG", "ROUND", "RSQRT", "SIGN", "SIN", "SQRT", "SQUARE",
    "TANH", "ELU", "HARD_SWISH", "RELU", "RELU6", "RELU_N1_TO_1", "RELU_0_TO_1",
]  # fmt: skip
BINARY = ["ADD", "SUB", "MUL", "DIV"]
PLAIN_BINARY = ["MAXIMUM", "MINIMUM", "POW", "FLOOR_DIV", "FLOOR_MOD", "SQUARED_DIFFERENCE"]
NO_REFERENCE = {"CEIL", "ROUND", "ELU"}
COMPARED = ["EQUAL", "NOT_EQUAL", "LESS", "LESS_EQUAL", "GREATER", "GREATER_EQUAL"]
QUANTIZED_UNARY = ["LOGISTIC", "TANH", "RELU", "RELU6", "ABS", "EXP", "HARD_SWISH"]
SAME = {"padding": 0, "stride_w": 2, "stride_h": 2}
VALID = {"padding": 1, "stride_w": 1, "stride_h": 1}
POOL = "Pool2DOptions"
OUT8 = T((), "int8", scale=0.1, zero=-5)


def _named(kind: str) -> str:
    return {"ADD": "AddOptions", "SUB": "SubOptions", "MUL": "MulOptions", "DIV": "DivOptions"}[kind]


CASES: dict[str, Case] = {}


def case(label: str, *args: Any, **kwargs: Any) -> None:
    CASES[label] = Case(*args, **kwargs)


for kind in UNARY:
    case(kind.lower(), kind, [f(2, 3, 4, 5)], reference=kind not in NO_REFERENCE)
for kind in BINARY:
    case(kind.lower(), kind, [f(2, 3, 4), f(3, 1)], table=_named(kind))
    case(
        f"{kind.lower()}_relu6", kind, [f(2, 3), w(2, 3)], table=_named(kind), options={"fused_activation_function": 3}
    )
for kind in PLAIN_BINARY:
    case(kind.lower(), kind, [f(2, 3, 4), f(3, 1)])
for kind in COMPARED:
    case(kind.lower(), kind, [f(2, 3), f(2, 3)], ["bool"])
for kind in QUANTIZED_UNARY:
    out = {"LOGISTIC": (1 / 256, -128), "TANH": (1 / 128, 0)}.get(kind, (0.05, 3))
    case(f"{kind.lower()}_int8", kind, [q(2, 3, 4)], [T((), "int8", scale=out[0], zero=out[1])])
for kind in ("ADD", "SUB", "MUL"):
    case(f"{kind.lower()}_int8", kind, [q(2, 3, 4), q(2, 3, 4, scale=0.03, zero=-7)], [OUT8], _named(kind))
    case(
        f"{kind.lower()}_int8_relu", kind, [q(2, 3, 4), q(3, 4, scale=0.03, zero=-7)], [OUT8], _named(kind),
        {"fused_activation_function": 1},
    )  # fmt: skip
for kind in ("LOGICAL_AND", "LOGICAL_OR"):
    case(kind.lower(), kind, [T((2, 3), "bool"), T((2, 3), "bool")], ["bool"])
case("logical_not", "LOGICAL_NOT", [T((2, 3), "bool")], ["bool"])
case("atan2", "ATAN2", [f(2, 3), f(2, 3)])
case("add_n", "ADD_N", [f(2, 3), f(2, 3), f(2, 3)])
case("leaky_relu", "LEAKY_RELU", [f(2, 3)], table="LeakyReluOptions", options={"alpha": 0.2})
case("gelu", "GELU", [f(2, 3)], table="GeluOptions", options={"approximate": True})
case("gelu_exact", "GELU", [f(2, 3)], table="GeluOptions")
case("prelu", "PRELU", [f(1, 4, 4, 3), w(1, 1, 3)])
case("prelu_each", "PRELU", [f(1, 4, 4, 3), w(4, 4, 3)])
case("prelu_int8", "PRELU", [q(1, 4, 4, 3), qw(1, 1, 3)], [OUT8])
case("cast", "CAST", [f(2, 3)], ["int32"], "CastOptions", {"in_data_type": 0, "out_data_type": 2})
case("maximum_int8", "MAXIMUM", [q(2, 3), q(2, 3)], [T((), "int8", scale=0.05, zero=3)])
case("less_int8", "LESS", [q(2, 3), q(2, 3, scale=0.04, zero=1)], ["bool"])
case("bitwise_xor", "BITWISE_XOR", [T((2, 3), "int32"), T((2, 3), "int32")], ["int32"])
case("right_shift", "RIGHT_SHIFT", [T((2, 3), "int32"), T.of(np.array([[1, 2, 3]], np.int32))], ["int32"])
case("bitcast", "BITCAST", [f(2, 3)], ["int32"])
case("select", "SELECT", [T((2,), "bool"), f(2, 3), f(2, 3)])
case("select_v2", "SELECT_V2", [T((2, 3), "bool"), f(2, 3), f(3)])
case("bucketize", "BUCKETIZE", [f(2, 3)], ["int32"], "BucketizeOptions", {"boundaries": [-1.0, 0.0, 1.0]})

case("conv_2d", "CONV_2D", [f(1, 7, 8, 3), w(4, 3, 3, 3), w(4)], table="Conv2DOptions", options=SAME)
case(
    "conv_2d_dilated", "CONV_2D", [f(2, 9, 8, 3), w(4, 3, 3, 3), w(4)], table="Conv2DOptions",
    options=VALID | {"dilation_w_factor": 2, "dilation_h_factor": 2, "fused_activation_function": 1},
)  # fmt: skip
case("conv_2d_groups", "CONV_2D", [f(1, 7, 8, 4), w(6, 3, 3, 2), w(6)], table="Conv2DOptions", options=SAME)
_SCALES = np.array([0.01, 0.02, 0.03, 0.04], np.float32)
case(
    "conv_2d_int8", "CONV_2D", [q(1, 7, 8, 3), qw(4, 3, 3, 3, scale=_SCALES), qb(4, 0.05 * _SCALES)], [OUT8],
    "Conv2DOptions", SAME | {"fused_activation_function": 3},
)  # fmt: skip
case(
    "conv_2d_int4", "CONV_2D", [q(1, 7, 8, 3), qw(4, 3, 3, 3, scale=_SCALES, dtype="int4"), qb(4, 0.05 * _SCALES)],
    [OUT8], "Conv2DOptions", SAME,
)  # fmt: skip
case(
    "depthwise_conv_2d", "DEPTHWISE_CONV_2D", [f(1, 7, 8, 3), w(1, 3, 3, 6), w(6)], table="DepthwiseConv2DOptions",
    options=SAME | {"depth_multiplier": 2},
)  # fmt: skip
case(
    "depthwise_conv_2d_int8", "DEPTHWISE_CONV_2D",
    [q(1, 7, 8, 4), qw(1, 3, 3, 4, scale=_SCALES, dim=3), qb(4, 0.05 * _SCALES)], [OUT8], "DepthwiseConv2DOptions",
    SAME | {"depth_multiplier": 1},
)  # fmt: skip
case(
    "conv_3d",
    "CONV_3D",
    [f(1, 5, 6, 7, 3), w(3, 3, 3, 3, 4), w(4)],
    table="Conv3DOptions",
    options=SAME | {"stride_d": 1},
)
case(
    "conv_3d_transpose", "CONV_3D_TRANSPOSE", [i(1, 5, 6, 8, 4), w(3, 3, 3, 4, 2), f(1, 5, 3, 4, 2)],
    table="Conv3DOptions", options=SAME | {"stride_d": 1},
)  # fmt: skip
case(
    "transpose_conv", "TRANSPOSE_CONV", [i(1, 8, 10, 4), w(4, 3, 3, 2), f(1, 4, 5, 2)], table="TransposeConvOptions",
    options=SAME,
)  # fmt: skip
case(
    "transpose_conv_valid", "TRANSPOSE_CONV", [i(1, 9, 11, 4), w(4, 3, 3, 2), f(1, 4, 5, 2)],
    table="TransposeConvOptions", options=SAME | {"padding": 1},
)  # fmt: skip
case("fully_connected", "FULLY_CONNECTED", [f(2, 3, 4), w(5, 12), w(5)], table="FullyConnectedOptions")
case(
    "fully_connected_kept", "FULLY_CONNECTED", [f(2, 3, 4), w(5, 4), None], table="FullyConnectedOptions",
    options={"keep_num_dims": True, "fused_activation_function": 1},
)  # fmt: skip
case(
    "fully_connected_int8",
    "FULLY_CONNECTED",
    [q(2, 12), qw(5, 12), qb(5, 0.05 * 0.02)],
    [OUT8],
    "FullyConnectedOptions",
)
_OUT16 = T((), "int16", scale=0.001, zero=0)
case(
    "conv_2d_int16", "CONV_2D",
    [q(1, 7, 8, 3, scale=0.0005, zero=0, dtype="int16"), qw(4, 3, 3, 3, scale=_SCALES),
     T((4,), "int64", np.arange(4) * 900, scale=0.0005 * _SCALES, zero=np.zeros(4, int))],
    [_OUT16], "Conv2DOptions", SAME,
)  # fmt: skip
case(
    "fully_connected_int16", "FULLY_CONNECTED",
    [q(2, 12, scale=0.0005, zero=0, dtype="int16"), qw(5, 12),
     T((5,), "int64", np.arange(5) * 900, scale=0.0005 * 0.02, zero=0)],
    [_OUT16], "FullyConnectedOptions",
)  # fmt: skip
case(
    "conv_2d_uint8", "CONV_2D",
    [q(1, 7, 8, 3, zero=120, dtype="uint8"), T((4, 3, 3, 3), "uint8", np.arange(108) * 2, scale=0.02, zero=99),
     qb(4, 0.05 * 0.02)],
    [T((), "uint8", scale=0.4, zero=110)], "Conv2DOptions", SAME | {"fused_activation_function": 1},
)  # fmt: skip
case(
    "add_int16", "ADD", [q(2, 3, scale=0.0005, zero=0, dtype="int16"), q(2, 3, scale=0.0003, zero=0, dtype="int16")],
    [_OUT16], "AddOptions",
)  # fmt: skip
case(
    "concatenation_uint8", "CONCATENATION",
    [q(2, 3, scale=0.1, zero=5, dtype="uint8"), q(2, 5, scale=0.05, zero=9, dtype="uint8")],
    [T((), "uint8", scale=0.1, zero=5)], "ConcatenationOptions", {"axis": -1},
)  # fmt: skip
case("batch_matmul", "BATCH_MATMUL", [f(2, 3, 4), f(2, 5, 4)], table="BatchMatMulOptions", options={"adj_y": True})
case(
    "batch_matmul_int8",
    "BATCH_MATMUL",
    [q(2, 3, 4), q(2, 4, 5)],
    [T((), "int8", scale=0.2, zero=1)],
    "BatchMatMulOptions",
)

for kind in ("MAX_POOL_2D", "AVERAGE_POOL_2D", "L2_POOL_2D"):
    case(kind.lower(), kind, [f(1, 7, 8, 3)], table=POOL, options=SAME | {"filter_width": 3, "filter_height": 2})
for kind in ("MAX_POOL_2D", "AVERAGE_POOL_2D"):
    for name, settings in (("same", SAME), ("valid", VALID)):
        case(
            f"{kind.lower()}_int8_{name}", kind, [q(1, 7, 8, 3)], [T((), "int8", scale=0.05, zero=3)], POOL,
            settings | {"filter_width": 3, "filter_height": 2},
        )  # fmt: skip

for kind in ["MEAN", "SUM", "REDUCE_PROD", "REDUCE_MAX", "REDUCE_MIN"]:
    case(kind.lower(), kind, [f(2, 3, 4, 5), i(1, -1)], table="ReducerOptions")
    case(f"{kind.lower()}_kept", kind, [f(2, 3, 4, 5), i(1, 2)], table="ReducerOptions", options={"keep_dims": True})
for kind in ("MEAN", "SUM", "REDUCE_MAX"):
    out = T((), "int8", scale=0.05, zero=3) if kind == "REDUCE_MAX" else T((), "int8", scale=0.2, zero=1)
    case(
        f"{kind.lower()}_int8", kind, [q(2, 3, 4, 5), i(1, 2)], [out], "ReducerOptions", reference=kind != "SUM"
    )  # whose reference kernel for two scales gives the zero point everywhere
for kind in ("REDUCE_ANY", "REDUCE_ALL"):
    case(kind.lower(), kind, [T((2, 3), "bool"), i(1)], ["bool"], "ReducerOptions")
case("arg_max", "ARG_MAX", [f(2, 3, 4), n(1)], ["int64"], "ArgMaxOptions", {"output_type": 4})
case("arg_min", "ARG_MIN", [f(2, 3, 4), n(-1)], ["int32"], "ArgMinOptions", {"output_type": 2})
case("cumsum", "CUMSUM", [f(2, 5), n(1)], table="CumsumOptions")
case("cumsum_exclusive", "CUMSUM", [f(2, 5), n(1)], table="CumsumOptions", options={"exclusive": True, "reverse": True})

case("softmax", "SOFTMAX", [f(2, 3, 5)], table="SoftmaxOptions", options={"beta": 0.5})
case("softmax_int8", "SOFTMAX", [q(2, 5)], [T((), "int8", scale=1 / 256, zero=-128)], "SoftmaxOptions", {"beta": 1.0})
case("log_softmax", "LOG_SOFTMAX", [f(2, 5)])
case("l2_normalization", "L2_NORMALIZATION", [f(2, 3, 4, 5)], table="L2NormOptions")
case(
    "local_response_normalization", "LOCAL_RESPONSE_NORMALIZATION", [f(1, 2, 3, 7)],
    table="LocalResponseNormalizationOptions", options={"radius": 2, "bias": 1.0, "alpha": 0.1, "beta": 0.5},
    reference=False,
)  # fmt: skip

case("quantize", "QUANTIZE", [f(2, 3)], [OUT8])
case("requantize", "QUANTIZE", [q(2, 3)], [OUT8])
case("requantize_uint8", "QUANTIZE", [q(2, 3)], [T((), "uint8", scale=0.05, zero=131)])
case("dequantize", "DEQUANTIZE", [q(2, 3)])
case("dequantize_half", "DEQUANTIZE", [T.of(np.ones((2, 3), np.float16))])
case("fake_quant", "FAKE_QUANT", [f(2, 3)], table="FakeQuantOptions", options={"min": -1.0, "max": 1.5, "num_bits": 8})

_ROWS = (3, ([0, 2, 2, 3], [0, 3, 1]))
_SPARSE = T((3, 4), data=np.array([1.5, -2.0, 4.0]), sparsity=((0, 1), (), _ROWS))
_BLOCKS = T((4, 4), data=np.arange(1.0, 9.0), sparsity=((0, 1, 2, 3), (0, 1), (2, ([0, 1, 2], [1, 0]), 2, 2)))
case("densify", "DENSIFY", [_SPARSE], table="DensifyOptions")
case("densify_blocks", "DENSIFY", [_BLOCKS], table="DensifyOptions")

case("reshape", "RESHAPE", [f(2, 3, 4), i(4, -1)], table="ReshapeOptions")
case("reshape_settings", "RESHAPE", [f(2, 3, 4)], table="ReshapeOptions", options={"new_shape": [6, 4]})
case("squeeze", "SQUEEZE", [f(1, 3, 1, 4)], table="SqueezeOptions", options={"squeeze_dims": [0]})
case("squeeze_all", "SQUEEZE", [f(1, 3, 1, 4)], table="SqueezeOptions")
case("expand_dims", "EXPAND_DIMS", [f(2, 3), n(-1)])
case("transpose", "TRANSPOSE", [f(2, 3, 4), i(2, 0, 1)])
case("concatenation", "CONCATENATION", [f(2, 3), f(2, 5)], table="ConcatenationOptions", options={"axis": 1})
case(
    "concatenation_int8", "CONCATENATION", [q(2, 3, scale=0.1, zero=-5), q(2, 5, scale=0.1, zero=-5)], [OUT8],
    "ConcatenationOptions", {"axis": -1},
)  # fmt: skip
case("pack", "PACK", [f(2, 3), f(2, 3)], table="PackOptions", options={"axis": 1, "values_count": 2})
case("unpack", "UNPACK", [f(2, 3)], ["float32"] * 3, "UnpackOptions", {"num": 3, "axis": 1})
case("split", "SPLIT", [n(1), f(2, 6)], ["float32"] * 3, "SplitOptions", {"num_splits": 3})
case("split_v", "SPLIT_V", [f(2, 6), i(1, -1, 2), n(1)], ["float32"] * 3, "SplitVOptions", {"num_splits": 3})
case("slice", "SLICE", [f(3, 4, 5), i(1, 0, 2), i(2, -1, 2)])
case("strided_slice", "STRIDED_SLICE", [f(4, 5, 6), i(0, 4, 1), i(3, 0, 6), i(2, -2, 3)], table="StridedSliceOptions")
case(
    "strided_slice_masks", "STRIDED_SLICE", [f(4, 5, 6), i(1, 2, 0), i(2, 0, 4), i(1, 1, 2)],
    table="StridedSliceOptions", options={"shrink_axis_mask": 1, "end_mask": 2, "begin_mask": 4},
)  # fmt: skip
case(
    "strided_slice_new", "STRIDED_SLICE", [f(4, 5), i(0, 0, 1), i(0, 0, 4), i(1, 1, 2)], table="StridedSliceOptions",
    options={"ellipsis_mask": 1, "new_axis_mask": 2},
)  # fmt: skip
case("tile", "TILE", [f(2, 3), i(2, 2)])
case("reverse_v2", "REVERSE_V2", [f(2, 3, 4), i(1)])
case("broadcast_to", "BROADCAST_TO", [f(3, 1), i(2, 3, 4)], version=2)
case("broadcast_args", "BROADCAST_ARGS", [i(3, 1), i(2, 3, 4)], ["int32"])
case("pad", "PAD", [f(1, 3, 4, 2), T.of(np.array([[0, 0], [1, 2], [0, 1], [0, 3]], np.int32))], table="PadOptions")
case("pad_int8", "PAD", [q(2, 3), T.of(np.array([[1, 0], [0, 2]], np.int32))], [T((), "int8", scale=0.05, zero=3)])
case("pad_v2", "PADV2", [f(2, 3), T.of(np.array([[1, 0], [0, 2]], np.int32)), n(1.5, "float32")])
for mode, name in enumerate(("reflect", "symmetric")):
    case(
        f"mirror_pad_{name}", "MIRROR_PAD", [f(3, 4), T.of(np.array([[1, 2], [0, 2]], np.int32))],
        table="MirrorPadOptions", options={"mode": mode},
    )  # fmt: skip
case("depth_to_space", "DEPTH_TO_SPACE", [f(1, 3, 4, 8)], table="DepthToSpaceOptions", options={"block_size": 2})
case("space_to_depth", "SPACE_TO_DEPTH", [f(1, 4, 6, 3)], table="SpaceToDepthOptions", options={"block_size": 2})
case("space_to_batch_nd", "SPACE_TO_BATCH_ND", [f(2, 4, 5, 3), i(2, 3), T.of(np.array([[0, 0], [0, 1]], np.int32))])
case("batch_to_space_nd", "BATCH_TO_SPACE_ND", [f(12, 2, 2, 3), i(2, 3), T.of(np.array([[0, 1], [1, 0]], np.int32))])
case("gather", "GATHER", [f(4, 3, 2), i(2, 0)], table="GatherOptions", options={"axis": 1})
case("gather_rows", "GATHER", [w(9, 4), T((2, 3), "int32")], table="GatherOptions")
case("gather_batch", "GATHER", [f(2, 5, 3), T.of(np.array([[1, 2], [3, 0]], np.int32))], table="GatherOptions",
     options={"axis": 1, "batch_dims": 1})  # fmt: skip
case("gather_nd", "GATHER_ND", [f(4, 3, 2), T.of(np.array([[0, 1], [3, 2]], np.int32))])
case("embedding_lookup", "EMBEDDING_LOOKUP", [T((3,), "int32"), w(9, 4)])
case("scatter_nd", "SCATTER_ND", [T.of(np.array([[1], [3], [1]], np.int32)), f(3, 2), i(5, 2)])
case(
    "sparse_to_dense", "SPARSE_TO_DENSE", [T.of(np.array([[0, 1], [2, 3]], np.int32)), i(3, 4), f(2), n(0.5, "float32")]
)
for kind in ["SUM", "PROD", "MAX", "MIN"]:
    case(f"unsorted_segment_{kind.lower()}", f"UNSORTED_SEGMENT_{kind}", [f(3, 2), i(1, 0, 1), n(2)])
case("segment_sum", "SEGMENT_SUM", [f(3, 2), i(0, 0, 1)], reference=False)
case(
    "reverse_sequence", "REVERSE_SEQUENCE", [f(2, 4, 3), i(2, 3)], table="ReverseSequenceOptions",
    options={"seq_dim": 1, "batch_dim": 0},
)  # fmt: skip
case("dynamic_update_slice", "DYNAMIC_UPDATE_SLICE", [f(4, 5), f(2, 2), i(1, 3)])
case("dynamic_update_row", "DYNAMIC_UPDATE_SLICE", [f(4, 5), f(1, 5), T((2,), "int32")], values=False)
case("shape", "SHAPE", [f(2, 3)], ["int32"], "ShapeOptions", {"out_type": 2})
case("rank", "RANK", [f(2, 3)], ["int32"])
case("range", "RANGE", [n(1), n(9), n(3)], ["int32"])
case("fill", "FILL", [i(2, 3), n(1.5, "float32")])
case("zeros_like", "ZEROS_LIKE", [f(2, 3)])
case("one_hot", "ONE_HOT", [T((2, 3), "int32"), n(4), n(2.0, "float32"), n(-1.0, "float32")], table="OneHotOptions",
     options={"axis": 1})  # fmt: skip
case("matrix_diag", "MATRIX_DIAG", [f(2, 3)])
case("matrix_set_diag", "MATRIX_SET_DIAG", [f(2, 3, 3), f(2, 3)])
case("topk_v2", "TOPK_V2", [f(2, 5), n(3)], ["float32", "int32"])
case("where", "WHERE", [T.of(np.array([[1, 0], [1, 1]], bool))], ["int64"])
case("resize_nearest", "RESIZE_NEAREST_NEIGHBOR", [f(1, 3, 4, 2), i(6, 5)], table="ResizeNearestNeighborOptions")
case(
    "resize_nearest_half", "RESIZE_NEAREST_NEIGHBOR", [f(1, 3, 4, 2), i(6, 8)], table="ResizeNearestNeighborOptions",
    options={"half_pixel_centers": True},
)  # fmt: skip
case(
    "resize_nearest_corners", "RESIZE_NEAREST_NEIGHBOR", [f(1, 3, 4, 2), i(5, 7)],
    table="ResizeNearestNeighborOptions", options={"align_corners": True},
)  # fmt: skip
for name, settings in (("", {}), ("_half", {"half_pixel_centers": True}), ("_corners", {"align_corners": True})):
    case(
        f"resize_bilinear{name}",
        "RESIZE_BILINEAR",
        [f(1, 3, 4, 2), i(6, 5)],
        table="ResizeBilinearOptions",
        options=settings,
    )
case("random_uniform", "RANDOM_UNIFORM", [i(2, 3)], table="RandomOptions", options={"seed": 1}, values=False)
case(
    "random_standard_normal",
    "RANDOM_STANDARD_NORMAL",
    [i(2, 3)],
    table="RandomOptions",
    options={"seed": 1},
    values=False,
)
case("rfft2d", "RFFT2D", [f(2, 4, 8), i(4, 8)], ["complex64"])
case("real", "REAL", [T((2, 3), "complex64")])
case("imag", "IMAG", [T((2, 3), "complex64")])
case("complex_abs", "COMPLEX_ABS", [T((2, 3), "complex64")])


def _state(*shape: int) -> T:
    return T(shape, variable=True)


def _gates(count: int, *shape: int) -> list[T]:
    return [w(*shape, seed=at) for at in range(count)]


case(
    "unidirectional_sequence_lstm", "UNIDIRECTIONAL_SEQUENCE_LSTM",
    [f(2, 5, 3), *_gates(4, 4, 3), *_gates(4, 4, 4), None, None, None, *_gates(4, 4), None, None, _state(2, 4),
     _state(2, 4)],
    table="UnidirectionalSequenceLSTMOptions", options={"fused_activation_function": 4},
)  # fmt: skip
case(
    "unidirectional_sequence_rnn", "UNIDIRECTIONAL_SEQUENCE_RNN", [f(2, 5, 3), w(4, 3), w(4, 4), w(4), _state(2, 4)],
    table="SequenceRNNOptions", options={"fused_activation_function": 4},
)  # fmt: skip
case(
    "rnn", "RNN", [f(2, 3), w(4, 3), w(4, 4), w(4), _state(2, 4)], table="RNNOptions",
    options={"fused_activation_function": 1},
)  # fmt: skip
case("svdf", "SVDF", [f(2, 3), w(8, 3), w(8, 5), w(4), _state(2, 40)], table="SVDFOptions", options={"rank": 2})
case(
    "lstm", "LSTM",
    [f(2, 3), *_gates(4, 4, 3), *_gates(4, 4, 4), None, None, None, *_gates(4, 4), None, None, _state(2, 4),
     _state(2, 4)],
    table="LSTMOptions", options={"fused_activation_function": 4},
)  # fmt: skip
case(
    "bidirectional_sequence_lstm", "BIDIRECTIONAL_SEQUENCE_LSTM",
    [f(5, 2, 3),
     *_gates(4, 4, 3), *_gates(4, 4, 4), None, None, None, *_gates(4, 4), None, None,
     *_gates(4, 4, 3), *_gates(4, 4, 4), None, None, None, *_gates(4, 4), None, None,
     _state(2, 4), _state(2, 4), _state(2, 4), _state(2, 4), *[None] * 9],
    ["float32", "float32"], "BidirectionalSequenceLSTMOptions", {"fused_activation_function": 4, "time_major": True},
)  # fmt: skip
case(
    "bidirectional_sequence_rnn", "BIDIRECTIONAL_SEQUENCE_RNN",
    [f(2, 5, 3), w(4, 3), w(4, 4), w(4), _state(2, 4), w(4, 3), w(4, 4), w(4), _state(2, 4), None, None, None],
    ["float32"], "BidirectionalSequenceRNNOptions", {"fused_activation_function": 4, "merge_outputs": True},
)  # fmt: skip
