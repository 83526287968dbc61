"""Integers of quantised networks, to the bit those of the interpreters."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tflite
from tests.sources.tflite.operators import CASES
from tests.sources.tflite.test_operators import both, litert

from netweight import runtime
from netweight.sources.tflite.model import parse_model
from netweight.sources.tflite.network import Read, read_network

MODELS = Path(__file__).parents[2] / "models" / "tflite"
NAMES = sorted(path.name for path in MODELS.glob("*.tflite"))
EXACT = (
    "abs_int8", "add_int8", "add_int8_relu", "average_pool_2d_int8_valid", "batch_matmul_int8", "concatenation_int8",
    "conv_2d_int4", "conv_2d_int8", "depthwise_conv_2d_int8", "max_pool_2d_int8_same", "max_pool_2d_int8_valid",
    "maximum_int8", "mean_int8", "mul_int8", "mul_int8_relu", "pad_int8", "quantize", "reduce_max_int8", "relu6_int8",
    "relu_int8", "requantize", "requantize_uint8", "sub_int8", "sub_int8_relu",
)  # fmt: skip
"""Operators that the specification fixes, or that only move and compare."""
_WITHIN_ONE = ("FULLY_CONNECTED", "SOFTMAX")
"""Kernels of LiteRT that compute in real numbers, or look results up in a table."""


def _ours(read: Read, x: np.ndarray, *, keep: bool = False) -> runtime.Run:
    return runtime.run(read.graph, {read.graph.inputs[0]: x}, read.weights(), keep=keep)


@pytest.mark.parametrize("name", NAMES)
def test_outputs_are_those_of_the_interpreter_for_microcontrollers(name: str) -> None:
    micro = pytest.importorskip("tflite_micro.python.tflite_micro.runtime", reason="the witness is tflite-micro")
    theirs = micro.Interpreter.from_file(str(MODELS / name))
    read = read_network(parse_model((MODELS / name).read_bytes()))
    shape = theirs.get_input_details(0)["shape"]
    for seed in range(3):
        x = np.random.default_rng(seed).integers(-128, 128, shape).astype(np.int8)
        theirs.set_input(x, 0)
        theirs.invoke()
        (found,) = _ours(read, x).outputs.values()
        np.testing.assert_array_equal(found, theirs.get_output(0))


def _with_dimensions_it_takes(data: bytes) -> bytes:
    """LiteRT refuses biases whose scales go along a dimension that they do not have, and which nobody reads."""
    changed = bytearray(data)
    graph: Any = tflite.Model.GetRootAsModel(changed, 0).Subgraphs(0)
    for tensor in map(graph.Tensors, range(graph.TensorsLength())):
        scales = tensor.Quantization()
        if scales and tensor.ShapeLength() == 1 and scales.QuantizedDimension():
            at = scales._tab.Pos + scales._tab.Offset(16)
            changed[at : at + 4] = bytes(4)
    return bytes(changed)


@pytest.mark.parametrize("name", NAMES)
def test_every_operator_gives_what_litert_gives(name: str) -> None:
    """To the bit, where what it reads is so; within one step of kernels that compute otherwise."""
    data = (MODELS / name).read_bytes()
    model = parse_model(data)
    read = read_network(model)
    theirs = litert.Interpreter(
        model_content=_with_dimensions_it_takes(data), experimental_preserve_all_tensors=True,
        experimental_op_resolver_type=litert.OpResolverType.BUILTIN_REF,
    )  # fmt: skip
    theirs.allocate_tensors()
    detail = theirs.get_input_details()[0]
    x = np.random.default_rng(5).integers(-128, 128, detail["shape"]).astype(np.int8)
    theirs.set_tensor(detail["index"], x)
    theirs.invoke()
    values, other = _ours(read, x, keep=True).values, set[int]()
    for operator in model.subgraphs[0].operators:
        (at,) = operator.outputs
        expected = theirs.get_tensor(at)
        found = values[read.values[at]]
        found = found.transpose(0, 2, 3, 1) if found.shape != expected.shape else found
        off = np.abs(found.astype(int) - expected.astype(int)).max()
        if other.isdisjoint(operator.inputs):
            assert off <= (operator.kind in _WITHIN_ONE), (operator.index, operator.kind)
        other |= {at} if off else set()
    assert len([at for at in other if at in read.values]) <= 10


@pytest.mark.parametrize("label", EXACT)
def test_an_operator_is_that_of_litert_to_the_bit(label: str) -> None:
    _, expected, found = both(CASES[label].file(), reference=True)
    for y, z in zip(found, expected, strict=True):
        np.testing.assert_array_equal(y, z)
