"""What is stored: widths, scales beside weights, halves, and files whose parts do not fit each other."""

from typing import Any

import numpy as np
import pytest

pytest.importorskip("tflite", reason="files are written with the package tflite")

from tests.sources.tflite.operators import CASES, SAME, f, qw, w
from tests.sources.tflite.writing import Graph, Op, T, written

import netweight
from netweight.errors import FormatError
from netweight.sources.tflite.model import parse_model
from netweight.sources.tflite.network import input_names, read_network

X = T((2, 3))
FC = "FULLY_CONNECTED"
NO_STEP = Op("CONV_2D", [0, 1, -1], [2], "Conv2DOptions", SAME | {"stride_w": 0})
LINEAR = Op("FULLY_CONNECTED", [0, 1, -1], [2], "FullyConnectedOptions")


def weighed(data: bytes) -> Any:
    return netweight.weigh(read_network(parse_model(data)).graph)


def one(*tensors: T, op: Op = LINEAR) -> bytes:
    given = [at for at, tensor in enumerate(tensors[:-1]) if tensor.data is None and tensor.raw is None]
    return written(Graph(tensors, given, [len(tensors) - 1], [op]))


def test_a_scale_for_each_channel_is_stored_beside_the_weight() -> None:
    """108 weights of a byte with 4 scales of 4 and zero points of 8 bytes; the bias the same, of 4 bytes each."""
    totals = weighed(CASES["conv_2d_int8"].file()).totals
    assert totals.model_size_bytes == 108 + 4 * (4 + 8) + 4 * 4 + 4 * (4 + 8)


def test_weights_of_four_bits_are_packed() -> None:
    """Half a byte each: 54 bytes."""
    profile = weighed(CASES["conv_2d_int4"].file())
    assert profile.totals.params == 108 + 4
    assert profile.totals.model_size_bytes == 54 + 4 * (4 + 8) + 4 * 4 + 4 * (4 + 8)


def test_halves_behind_dequantize_are_weights_of_two_bytes() -> None:
    """A weight of 4 x 3 in float16, which is cast before it is multiplied: 2 * 3 * 4 MACs in single precision."""
    half = T.of(np.arange(12, dtype=np.float16).reshape(4, 3), name="w")
    ops = [Op("DEQUANTIZE", [1], [2]), Op("FULLY_CONNECTED", [0, 2, -1], [3], "FullyConnectedOptions")]
    profile = weighed(written(Graph([X, half, T((4, 3)), T((2, 4))], [0], [3], ops)))
    assert (profile.totals.params, profile.totals.model_size_bytes, profile.totals.macs) == (12, 24, 24)
    assert profile.activations["liveness"].total_bytes == 4 * (6 + 8)


def test_integers_that_meet_real_numbers_are_dequantised_first() -> None:
    """A product of real numbers: 2 rows, 5 x 3 weights of a byte with a scale and a zero point."""
    profile = weighed(one(X, qw(5, 3), T((2, 5))))
    totals = profile.totals
    assert (totals.params, totals.model_size_bytes, totals.macs) == (15, 15 + 12, 30)
    assert totals.flops >= 2 * 30


def test_a_single_number_that_is_multiplied_is_no_parameter() -> None:
    number = T.of(np.array([2.0], np.float32), name="net/mul/y")
    assert weighed(one(X, number, X, op=Op("MUL", [0, 1], [2], "MulOptions"))).totals.params == 0


def test_a_bias_of_one_channel_is_a_parameter() -> None:
    op = Op("FULLY_CONNECTED", [0, 1, 2], [3], "FullyConnectedOptions")
    assert weighed(one(X, w(1, 3), w(1), T((2, 1)), op=op)).totals.params == 4


def test_inputs_are_called_as_they_are_in_the_file() -> None:
    named = T((2, 3), name="serving_default_x:0")
    model = parse_model(written(Graph([named, named, X], [0, 1], [2], [Op("ADD", [0, 1], [2], "AddOptions")])))
    assert input_names(model) == ("serving_default_x", "serving_default_x_1")


def test_texts_are_left_out() -> None:
    text = T((2,), "string")
    profile = weighed(written(Graph([text, T((2,), "int32")], [0], [1], [Op("HASHTABLE_FIND", [0], [1])])))
    assert not profile.coverage.complete


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (one(X, T((4, 3), raw=b"\0" * 47), T((2, 4))), r"expected 48 bytes for float32\[4, 3\], got 47"),
        (one(X, T((-4, 3), raw=b"\0"), T((2, 4))), "expected sizes from 0 on"),
        (one(X, T((1 << 30, 1 << 30), raw=b"\0"), T((2, 4))), "expected 4,611,686,018,427,387,904 bytes"),
        (one(X, w(4, 5), T((2, 4))), r"expected a weight \(out, in\)"),
        (one(X, w(4, 3), T((2, 4)), op=Op(FC, [0, 9, -1], [2])), "expected tensors from -1 to 2, got 9"),
        (one(X, w(4, 3), T((2, 4)), op=Op(FC, [0, -2, -1], [2])), "expected tensors from -1 to 2, got -2"),
        (one(X, w(4, 3), T((2, 4)), op=Op(FC, [0, 1, -1], [-1])), "expected tensors from 0 to 2, got -1"),
        (one(X, w(4, 3), T((2, 4)), op=Op(FC, [2, 1, -1], [2])), "to be written before it is read"),
        (one(f(1, 4, 4, 3), w(4, 3, 3, 3), T(), op=NO_STEP), "expected stride_h, stride_w of at least 1"),
        (
            one(f(1, 4, 4, 3), w(4, 3, 3, 2), T(), op=Op("CONV_2D", [0, 1, -1], [2], "Conv2DOptions", SAME)),
            "expected a number of channels that 2 divides, got 3",
        ),
        (written(Graph([X], [0], [0], []), Graph([X], [0], [0], [])).replace(b"TFL3", b"TFL9"), "expected 'TFL3'"),
    ],
)  # fmt: skip
def test_parts_that_do_not_fit_are_refused(data: bytes, message: str) -> None:
    with pytest.raises(FormatError, match=message) as raised:
        read_network(parse_model(data))
    assert len(str(raised.value)) < 400


def test_an_operator_newer_than_the_schema_is_unknown_by_its_number(monkeypatch: pytest.MonkeyPatch) -> None:
    from tests.sources.tflite import writing

    monkeypatch.setitem(writing.CODES, "NEWER", 400)
    (unknown,) = weighed(one(X, X, op=Op("NEWER", [0], [1]))).coverage.unknown
    assert unknown.op == "tflite.operator 400"
