"""Operators of StableHLO, of which LiteRT has few: what NumPy makes of the same numbers."""

from typing import Any

import numpy as np
import pytest

pytest.importorskip("tflite", reason="files are written with the package tflite")

from tests.sources.tflite.writing import Graph, Op, T, written

from netweight import runtime
from netweight.sources.tflite.model import parse_model
from netweight.sources.tflite.network import read_network

A = np.array([[0.5, 1.5, -2.0], [3.0, -0.25, 1.0]], np.float32)
B = np.array([[2.0, -1.5, 0.5], [1.0, 4.0, -3.0]], np.float32)
INTS = np.array([[1, 2, 3], [4, 5, 6]], np.int32)
MORE = np.array([[3, 1, 2], [1, 0, 4]], np.int32)
Y = np.array([[True, False, True], [False, False, True]])
Made = tuple[list[np.ndarray], Any, str, dict[str, Any]]


def _of(*inputs: np.ndarray, to: Any, table: str = "", **options: Any) -> Made:
    return list(inputs), np.asarray(to), table, options


STABLEHLO: dict[str, Made] = {
    "STABLEHLO_LOGISTIC": _of(A, to=1 / (1 + np.exp(-A))),
    "STABLEHLO_ABS": _of(A, to=np.abs(A)),
    "STABLEHLO_COSINE": _of(A, to=np.cos(A)),
    "STABLEHLO_EXPONENTIAL": _of(A, to=np.exp(A)),
    "STABLEHLO_FLOOR": _of(A, to=np.floor(A)),
    "STABLEHLO_LOG": _of(np.abs(A), to=np.log(np.abs(A))),
    "STABLEHLO_NEGATE": _of(A, to=-A),
    "STABLEHLO_RSQRT": _of(np.abs(A), to=1 / np.sqrt(np.abs(A))),
    "STABLEHLO_TANH": _of(A, to=np.tanh(A)),
    "STABLEHLO_CBRT": _of(A, to=np.cbrt(A)),
    "STABLEHLO_ADD": _of(A, B, to=A + B),
    "STABLEHLO_SUBTRACT": _of(A, B, to=A - B),
    "STABLEHLO_MULTIPLY": _of(A, B, to=A * B),
    "STABLEHLO_DIVIDE": _of(A, B, to=A / B),
    "STABLEHLO_MAXIMUM": _of(A, B, to=np.maximum(A, B)),
    "STABLEHLO_MINIMUM": _of(A, B, to=np.minimum(A, B)),
    "STABLEHLO_POWER": _of(np.abs(A), B, to=np.abs(A) ** B),
    "STABLEHLO_REMAINDER": _of(A, B, to=np.fmod(A, B)),
    "STABLEHLO_SHIFT_LEFT": _of(INTS, MORE, to=INTS << MORE),
    "STABLEHLO_AND": _of(INTS, MORE, to=INTS & MORE),
    "STABLEHLO_OR": _of(Y, ~Y[::-1], to=Y | ~Y[::-1]),
    "STABLEHLO_SELECT": _of(Y, A, B, to=np.where(Y, A, B)),
    "STABLEHLO_CLAMP": _of(np.float32(-1), A, np.float32(1), to=np.clip(A, -1, 1)),
    "STABLEHLO_COMPARE": _of(A, B, to=A >= B, table="StablehloCompareOptions", comparison_direction=2),
    "STABLEHLO_CONVERT": _of(INTS, to=INTS.astype(np.float32)),
    "STABLEHLO_RESHAPE": _of(A, to=A.reshape(3, 2)),
    "STABLEHLO_TRANSPOSE": _of(A, to=A.T, table="StablehloTransposeOptions", permutation=[1, 0]),
    "STABLEHLO_CONCATENATE": _of(A, B, to=np.concatenate([A, B], 1), table="StablehloConcatenateOptions", dimension=1),
    "STABLEHLO_BROADCAST_IN_DIM": _of(
        A[0], to=np.broadcast_to(A[0], (2, 3)), table="StablehloBroadcastInDimOptions", broadcast_dimensions=[1]
    ),
    "STABLEHLO_SLICE": _of(
        A, to=A[:, 0:3:2], table="StablehloSliceOptions", start_indices=[0, 0], limit_indices=[2, 3], strides=[1, 2]
    ),
    "STABLEHLO_PAD": _of(
        A, np.float32(7), to=np.pad(A, [(1, 0), (0, 2)], constant_values=7), table="StablehloPadOptions",
        edge_padding_low=[1, 0], edge_padding_high=[0, 2], interior_padding=[0, 0],
    ),
    "STABLEHLO_IOTA": _of(
        to=np.broadcast_to(np.arange(3, dtype=np.float32), (2, 3)), table="StablehloIotaOptions", iota_dimension=1
    ),
    "STABLEHLO_DOT_GENERAL": _of(
        A, B, to=A @ B.T, table="StablehloDotGeneralOptions", lhs_batching_dimensions=[], rhs_batching_dimensions=[],
        lhs_contracting_dimensions=[1], rhs_contracting_dimensions=[1],
    ),
    "STABLEHLO_DYNAMIC_UPDATE_SLICE": _of(
        A, B[:1, :2], np.int32(1), np.int32(1), to=np.concatenate([A[:1], [[3.0, 2.0, -1.5]]]).astype(np.float32)
    ),
}  # fmt: skip


@pytest.mark.parametrize("kind", sorted(STABLEHLO))
def test_numpy_makes_the_same(kind: str) -> None:
    inputs, expected, table, options = STABLEHLO[kind]
    tensors = [T(np.shape(x), str(np.asarray(x).dtype)) for x in inputs]
    if kind in ("STABLEHLO_DYNAMIC_UPDATE_SLICE", "STABLEHLO_PAD"):
        tensors[-1 if kind.endswith("PAD") else 2 :] = [T.of(x) for x in inputs[-1 if kind.endswith("PAD") else 2 :]]
    tensors.append(T(expected.shape, str(expected.dtype)))
    given = [at for at, tensor in enumerate(tensors[:-1]) if tensor.data is None]
    op = Op(kind, range(len(inputs)), [len(inputs)], table, options)
    read = read_network(parse_model(written(Graph(tensors, given, [len(inputs)], [op]))))
    arrays = {name: np.asarray(inputs[at]) for name, at in zip(read.graph.inputs, given, strict=True)}
    (found,) = runtime.run(read.graph, arrays, read.weights()).outputs.values()
    assert found.dtype == expected.dtype
    np.testing.assert_allclose(found, expected, rtol=1e-6)

    assert found.shape == expected.shape
