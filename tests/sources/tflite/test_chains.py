"""What reads a convolution: its channels lie second inside, and every operator counts dimensions as the file does."""

from typing import Any

import numpy as np
import pytest
from tests.sources.tflite.operators import VALID, f, i, n, w
from tests.sources.tflite.test_operators import both
from tests.sources.tflite.writing import Graph, Op, T, written

PADS = T.of(np.array([[0, 0], [1, 2], [0, 3], [4, 0]], np.int32))
CONCAT, REDUCER, STRIDED = "ConcatenationOptions", "ReducerOptions", "StridedSliceOptions"
READERS: dict[str, tuple[str, list[T | str], int, str, dict[str, Any]]] = {
    "mean_rows": ("MEAN", ["y", i(1)], 1, REDUCER, {}),
    "mean_columns": ("MEAN", ["y", i(2)], 1, REDUCER, {}),
    "mean_channels": ("MEAN", ["y", i(3)], 1, REDUCER, {"keep_dims": True}),
    "sum_planes": ("SUM", ["y", i(1, 2)], 1, REDUCER, {}),
    "max_kept": ("REDUCE_MAX", ["y", i(1)], 1, REDUCER, {"keep_dims": True}),
    "concat_channels": ("CONCATENATION", ["y", "z"], 1, CONCAT, {"axis": 3}),
    "concat_rows": ("CONCATENATION", ["y", "z"], 1, CONCAT, {"axis": 1}),
    "concat_with_another": ("CONCATENATION", ["y", "x4"], 1, CONCAT, {"axis": -1}),
    "pad": ("PAD", ["y", PADS], 1, "PadOptions", {}),
    "slice": ("SLICE", ["y", i(0, 1, 0, 2), i(1, 2, -1, 2)], 1, "", {}),
    "strided_slice": ("STRIDED_SLICE", ["y", i(0, 0, 1, 0), i(1, 4, 5, 3), i(1, 2, 3, 1)], 1, STRIDED, {}),
    "split_channels": ("SPLIT", [n(3), "y"], 2, "SplitOptions", {"num_splits": 2}),
    "split_rows": ("SPLIT_V", ["y", i(1, 3), n(1)], 2, "SplitVOptions", {"num_splits": 2}),
    "transpose": ("TRANSPOSE", ["y", i(0, 2, 3, 1)], 1, "", {}),
    "transpose_twice": ("TRANSPOSE", ["y", i(3, 1, 0, 2)], 1, "", {}),
    "reshape": ("RESHAPE", ["y", i(2, -1)], 1, "ReshapeOptions", {}),
    "add": ("ADD", ["y", "z"], 1, "AddOptions", {}),
    "add_of_another": ("ADD", ["y", "x4"], 1, "AddOptions", {}),
    "mul_channels": ("MUL", ["y", w(4)], 1, "MulOptions", {}),
    "mul_columns": ("MUL", [w(5, 1), "y"], 1, "MulOptions", {}),
    "add_rows": ("ADD", ["y", w(1, 4, 1, 4)], 1, "AddOptions", {}),
    "maximum_of_a_number": ("MAXIMUM", ["y", n(0.5, "float32")], 1, "", {}),
    "prelu": ("PRELU", ["y", w(1, 1, 4)], 1, "", {}),
    "relu": ("RELU", ["y"], 1, "", {}),
    "softmax": ("SOFTMAX", ["y"], 1, "SoftmaxOptions", {"beta": 1.0}),
    "arg_max": ("ARG_MAX", ["y", n(3)], 1, "ArgMaxOptions", {"output_type": 4}),
    "gather": ("GATHER", ["y", i(3, 0)], 1, "GatherOptions", {"axis": 3}),
    "pool": ("MAX_POOL_2D", ["y"], 1, "Pool2DOptions", VALID | {"filter_width": 2, "filter_height": 3}),
    "unpack": ("UNPACK", ["y"], 4, "UnpackOptions", {"num": 4, "axis": 1}),
    "tile": ("TILE", ["y", i(1, 2, 1, 3)], 1, "", {}),
    "fully_connected": ("FULLY_CONNECTED", ["y", w(3, 80)], 1, "FullyConnectedOptions", {}),
}


def chained(label: str) -> bytes:
    """Two convolutions of one input, and an operator that reads one or both, or another input as large."""
    kind, inputs, outputs, table, options = READERS[label]
    tensors: list[T] = [
        f(1, 4, 5, 3),
        w(4, 1, 1, 3),
        w(4, 1, 1, 3, seed=1),
        w(4),
        f(1, 4, 5, 4),
        f(1, 4, 5, 4),
        f(1, 4, 5, 4),
    ]
    named = {"x4": 4, "y": 5, "z": 6}
    places = []
    for entry in inputs:
        if isinstance(entry, str):
            places.append(named[entry])
        else:
            places.append(len(tensors))
            tensors.append(entry)
    dtype = "int64" if kind == "ARG_MAX" else "float32"
    made = list(range(len(tensors), len(tensors) + outputs))
    tensors += [T((), dtype) for _ in made]
    ops = [Op("CONV_2D", [0, at, 3], [at + 4], "Conv2DOptions", VALID) for at in (1, 2)]
    return written(Graph(tensors, [0, 4], made, [*ops, Op(kind, places, made, table, options)]))


@pytest.mark.parametrize("label", sorted(READERS))
def test_litert_computes_the_same_behind_a_convolution(label: str) -> None:
    _, expected, found = both(chained(label), reference=True)
    assert [(y.shape, y.dtype) for y in found] == [(y.shape, y.dtype) for y in expected]
    for y, z in zip(found, expected, strict=True):
        np.testing.assert_allclose(y, z, rtol=2e-5, atol=2e-5)


def test_no_permutation_between_convolutions() -> None:
    """One where the input comes in, one where the result goes out."""
    tensors = [f(1, 4, 5, 3), w(3, 1, 1, 3), f(1, 4, 5, 3), f(1, 4, 5, 3), f(1, 4, 5, 3), w(3)]
    conv = ("Conv2DOptions", VALID)
    ops = [Op("CONV_2D", [0, 1, 5], [2], *conv), Op("RELU", [2], [3]), Op("CONV_2D", [3, 1, 5], [4], *conv)]
    read, expected, found = both(written(Graph(tensors, [0], [4], ops)), reference=True)
    assert [node.op for node in read.graph.nodes] == ["permute", "conv", "relu", "conv", "permute"]
    np.testing.assert_allclose(found[0], expected[0], rtol=2e-5, atol=2e-5)
