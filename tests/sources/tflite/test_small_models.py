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
