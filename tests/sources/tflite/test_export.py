"""Quantised TFLite networks as ONNX files: ONNX Runtime gives the integers that the interpreter gives."""

from pathlib import Path

import numpy as np
import pytest
from tests.sources.tflite.writing import Graph, Op, T, written

import netweight
from netweight import runtime
from netweight.sources.tflite.model import parse_model
from netweight.sources.tflite.network import read_network

onnxruntime = pytest.importorskip("onnxruntime", reason="the witness is ONNX Runtime")
MODELS = Path(__file__).parents[2] / "models" / "tflite"


def _both(model: Path, written_to: Path, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """What ONNX Runtime makes of the exported file, and what our runtime makes of the model."""
    session = onnxruntime.InferenceSession(str(netweight.export(model, written_to).path))
    (given,) = session.get_inputs()
    x = np.random.default_rng(seed).integers(-128, 128, given.shape).astype(np.int8)
    read = read_network(parse_model(model.read_bytes()))
    (found,) = runtime.run(read.graph, {read.graph.inputs[0]: x}, read.weights()).outputs.values()
    return session.run(None, {given.name: x})[0], found


@pytest.mark.parametrize("name", sorted(path.name for path in MODELS.glob("*.tflite")))
def test_an_exported_network_gives_the_same_integers(name: str, tmp_path: Path) -> None:
    theirs, ours = _both(MODELS / name, tmp_path / "model.onnx", 0)
    np.testing.assert_array_equal(theirs, ours)
    assert len(np.unique(ours)) > 1


@pytest.mark.parametrize(("one", "two", "result"), [(0.013, 0.4, 0.05), (0.7, 0.7, 0.01), (0.02, 0.03, 2.0)])
def test_sums_of_two_scales_keep_their_bits_below_the_point(
    one: float, two: float, result: float, tmp_path: Path
) -> None:
    """Results far larger and far smaller than what is added, zero points, and a constant that has each integer."""
    every = np.arange(-128, 128, dtype=np.int8).reshape(1, 256)
    tensors = [
        T((1, 256), "int8", scale=[one], zero=[5]), T.of(every, scale=[two], zero=[-7]),
        T((1, 256), "int8", scale=[result], zero=[3]),
    ]  # fmt: skip
    model = tmp_path / "sum.tflite"
    model.write_bytes(written(Graph(tensors, [0], [2], [Op("ADD", [0, 1], [2], "AddOptions")])))
    theirs, ours = _both(model, tmp_path / "sum.onnx", 1)
    np.testing.assert_array_equal(theirs, ours)
