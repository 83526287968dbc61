"""Published int8 models: their figures, against what was measured with the interpreter for microcontrollers."""

import json
from pathlib import Path

import pytest

import netweight

MODELS = Path(__file__).parents[2] / "models" / "tflite"
ROWS = {row["file"]: row for row in json.loads((MODELS / "arena.json").read_text())["rows"]}


@pytest.mark.parametrize("name", sorted(ROWS))
def test_macs_and_params_are_the_published_ones(name: str) -> None:
    profile = netweight.weigh(MODELS / name)
    assert profile.totals.macs == ROWS[name]["macs"]
    assert profile.totals.params == ROWS[name]["params"]
    assert profile.coverage.complete


def test_activations_are_int8_and_accumulators_are_none() -> None:
    """1 x 25 x 5 x 64 bytes in and out of each convolution, nothing of the sums in 32 bits."""
    profile = netweight.weigh(MODELS / "mlperf_kws_ref_model.tflite")
    assert profile.activations["liveness"].peak_bytes == 2 * 25 * 5 * 64


def test_layers_are_called_as_they_were_in_keras() -> None:
    profile = netweight.weigh(MODELS / "mlperf_kws_ref_model.tflite")
    layers = list(dict.fromkeys(row.layer.partition(".")[0] for row in profile.layers))
    assert layers == [
        "input_1", "conv2d", "depthwise_conv2d", "conv2d_1", "depthwise_conv2d_1", "conv2d_2", "depthwise_conv2d_2",
        "conv2d_3", "depthwise_conv2d_3", "conv2d_4", "average_pooling2d", "flatten", "dense", "softmax",
    ]  # fmt: skip


def test_receptive_fields_are_those_of_height_and_width() -> None:
    """10 x 4 with stride 2, then four windows of 3 x 3 at a jump of 2: 10 + 4 * 2 * 2 = 26 and 4 + 4 * 2 * 2 = 20."""
    rows = {row.layer: row for row in netweight.weigh(MODELS / "mlperf_kws_ref_model.tflite").layers}
    assert rows["conv2d.integer_conv"].receptive_field == (10, 4)
    assert rows["depthwise_conv2d.integer_conv"].receptive_field == (14, 8)
    assert rows["conv2d_4.integer_conv"].receptive_field == (26, 20)


def test_an_int8_network_has_no_floating_convolutions() -> None:
    profile = netweight.weigh(MODELS / "mlperf_kws_ref_model.tflite")
    assert sum(row.flops for row in profile.layers if "conv" in row.layer or "dense" in row.layer) == 0
    assert profile.totals.ops_total > 2 * profile.totals.macs


@pytest.mark.parametrize("name", sorted(ROWS))
def test_the_arena_of_microcontrollers_is_the_optimal_one(name: str) -> None:
    """Peak of the given order on 16 bytes, which a plan attains."""
    found = netweight.memory(MODELS / name).conventions["tflm"]
    assert found.peak_bytes == ROWS[name]["optimal_arena_bytes_align16"]
