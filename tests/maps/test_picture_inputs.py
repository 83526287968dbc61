"""Pictures as inputs: the numbers that reach the network, and the note that says how they came there."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import netweight
from netweight import NetweightError, ShapeError, UsageError, build
from netweight.app.asked import Asked
from netweight.app.identify import resolve
from netweight.app.picture_inputs import with_pictures
from netweight.cli.main import run
from netweight.errors import FormatError
from netweight.training.checkpoint import Checkpoint, save

image: Any = pytest.importorskip("PIL.Image", reason="Pillow reads pictures")


@pytest.fixture
def grey(tmp_path: Path) -> Path:
    pixels = np.arange(64, dtype=np.uint8).reshape(8, 8) * 4
    image.fromarray(pixels).save(tmp_path / "grey.png")
    return tmp_path / "grey.png"


@pytest.fixture
def colour(tmp_path: Path) -> Path:
    pixels = np.random.default_rng(0).integers(0, 256, (6, 8, 3), np.uint8)
    image.fromarray(pixels).save(tmp_path / "colour.bmp")
    return tmp_path / "colour.bmp"


def taken(shape: tuple[int, ...], path: Path, dtype: str = "float32") -> tuple[Any, str]:
    """What a network with such an input gets."""
    graph = build.graph(build.relu, netweight.TensorSpec(shape, dtype), name="one")
    named, (note,) = with_pictures(resolve(graph), path, Asked())
    return named["x"], note


def test_enlarged_by_whole_pixels_and_framed(grey: Path) -> None:
    found, note = taken((1, 1, 20, 18), grey)
    pixels = np.asarray(image.open(grey)) / 255
    expected = np.zeros((20, 18))
    for y in range(16):
        for x in range(16):
            expected[2 + y, 1 + x] = pixels[y // 2, x // 2]
    np.testing.assert_allclose(found[0, 0], expected, atol=1e-6)
    assert note == "input x is grey.png, 8x8 grey: to 20x18 grey (each pixel 2x2, framed with 0), values 0 to 1"


def test_colour_to_grey_and_back(grey: Path, colour: Path) -> None:
    found, note = taken((1, 1, 6, 8), colour)
    r, g, b = np.asarray(image.open(colour)).transpose(2, 0, 1) / 255
    np.testing.assert_allclose(found[0, 0], 0.299 * r + 0.587 * g + 0.114 * b, atol=1e-6)
    assert note == "input x is colour.bmp, 6x8 colour: to 6x8 grey, values 0 to 1"
    found, note = taken((1, 3, 4, 4), grey)
    means = np.asarray(image.open(grey)).reshape(4, 2, 4, 2).mean(axis=(1, 3)) / 255
    np.testing.assert_allclose(found[0], [means] * 3, atol=1e-6)
    assert note.endswith("to 4x4 colour (means of blocks), values 0 to 1")
    assert taken((1, 3, 5, 5), grey)[1].endswith("to 5x5 colour (bilinear, each side on its own), values 0 to 1")


def test_channels_last_and_bytes(colour: Path) -> None:
    pixels = np.asarray(image.open(colour))
    found, _ = taken((1, 6, 8, 3), colour)
    np.testing.assert_allclose(found[0], pixels / 255, atol=1e-6)
    found, note = taken((1, 6, 8, 3), colour, "uint8")
    assert found.dtype == np.uint8
    np.testing.assert_array_equal(found[0], pixels)
    assert note.endswith("values 0 to 255")
    found, note = taken((1, 3, 6, 8), colour, "int8")
    np.testing.assert_array_equal(found[0].transpose(1, 2, 0).astype(int), pixels.astype(int) - 128)
    assert note.endswith("values -128 to 127")


def test_channels_come_second_where_both_could_be(colour: Path) -> None:
    assert taken((1, 3, 8, 3), colour)[1].startswith("input x is colour.bmp, 6x8 colour: to 8x3 colour")
    assert taken((1, 1, 8, 1), colour)[1].startswith("input x is colour.bmp, 6x8 colour: to 8x1 grey")


def test_rows_of_numbers(grey: Path) -> None:
    found, note = taken((1, 64), grey)
    np.testing.assert_allclose(found[0], np.asarray(image.open(grey)).reshape(-1) / 255, atol=1e-6)
    assert note == "input x is grey.png: 64 numbers in a row, values 0 to 1"
    with pytest.raises(
        ShapeError, match="expected a picture of 65 numbers, which the network takes as a row, got 1x8x8"
    ):
        taken((1, 65), grey)


@pytest.mark.parametrize("shape", [(2, 1, 8, 8), (1, 5, 8, 8), (1, 8, 8), (1,), ()])
def test_networks_that_take_no_picture(shape: tuple[int, ...], grey: Path) -> None:
    with pytest.raises(ShapeError, match="expected a network that takes one picture"):
        taken(shape, grey)


def test_types_that_have_no_picture(grey: Path) -> None:
    for dtype in ("int64", "bool"):
        with pytest.raises(UsageError, match=f"takes float, uint8 or int8 for a picture, got {dtype}"):
            taken((1, 1, 8, 8), grey, dtype)


def test_centred_as_in_training(grey: Path) -> None:
    graph = build.graph(build.relu, (1, 1, 8, 8), name="one")
    named, (note,) = with_pictures(resolve(graph), grey, Asked(), centre=lambda x: (x - 0.5) / 0.25)
    np.testing.assert_allclose(named["x"][0, 0], (np.asarray(image.open(grey)) / 255 - 0.5) / 0.25, atol=1e-6)
    assert note.endswith("values 0 to 1, then centred as in training")


def test_the_outputs_are_those_of_the_array(grey: Path) -> None:
    found = netweight.run("lenet5", grey)
    array, _ = taken((1, 1, 32, 32), grey)
    np.testing.assert_array_equal(found.outputs["OUTPUT"], netweight.run("lenet5", array).outputs["OUTPUT"])
    assert found.notes[0].startswith("input x is grey.png, 8x8 grey: to 32x32 grey (each pixel 4x4")
    np.testing.assert_array_equal(netweight.run("lenet5", {"x": grey}).outputs["OUTPUT"], found.outputs["OUTPUT"])


def test_a_checkpoint_says_what_pictures_are_centred_by(
    grey: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    pytest.importorskip("safetensors")
    weights = netweight.initialize(netweight.capture("lenet5"), seed=4)
    file, arrays = tmp_path / "c.safetensors", tmp_path / "y.npy"
    save(file, Checkpoint(weights=weights, states={}, record={"centre": {"mean": [0.5], "std": [0.25]}}))
    array, _ = taken((1, 1, 32, 32), grey)
    expected = netweight.run("lenet5", (array - 0.5) / 0.25, weights).outputs["OUTPUT"]
    found = netweight.run("lenet5", grey, file)
    np.testing.assert_allclose(found.outputs["OUTPUT"], expected, rtol=1e-5, atol=1e-5)
    assert "then centred as in training" in found.notes[0]
    command = ["run", "lenet5", "--input", str(grey), "--checkpoint", str(file), "-o", str(arrays)]
    for verb in (netweight.gradcheck, netweight.gradients):
        more = {"coordinates": 1} if verb is netweight.gradcheck else {}
        notes = verb("lenet5", grey, file, **more).notes
        assert len(notes) == 1
        assert "then centred as in training" in notes[0]
    for more in ([], ["--show", "C1"], ["--engine", "reference"]):
        assert run([*command, *more]) == 0
        np.testing.assert_allclose(np.load(arrays), expected, rtol=1e-4, atol=1e-4)
    assert "then centred as in training" in capsys.readouterr().err


def test_a_module_gets_the_picture_in_its_size(colour: Path) -> None:
    torch = pytest.importorskip("torch")
    found = netweight.run(torch.nn.Conv2d(3, 2, 1), colour)
    assert next(iter(found.outputs.values())).shape == (1, 2, 6, 8)
    assert found.notes[0] == "input is colour.bmp, 6x8 colour: in its size, values 0 to 1"


@pytest.mark.parametrize(
    "content", [b"", b"no picture", b"\x89PNG\r\n\x1a\n", b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\x01"]
)
def test_files_that_are_no_picture(content: bytes, tmp_path: Path) -> None:
    (tmp_path / "bad.png").write_bytes(content)
    with pytest.raises(FormatError, match=r"expected a picture in .*bad\.png"):
        netweight.run("lenet5", tmp_path / "bad.png")


def test_the_command(grey: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["run", "lenet5", "--input", str(grey), "--show", "C1"]) == 0
    assert "note: input x is grey.png, 8x8 grey: to 32x32 grey" in capsys.readouterr().err
    assert run(["run", "lenet5", "--input", f"x:{grey}"]) == 0
    assert run(["run", "lenet5", "--input", f"y:{grey}"]) == 2
    assert "no input of the network is called 'y'" in capsys.readouterr().err
    assert run(["run", "lenet5", "--input", str(tmp_path / "nope.png")]) == 2
    assert run(["run", "lenet5", "--input", str(grey), "--batch", "2"]) == 2
    assert "fix: --batch 1" in capsys.readouterr().err


def test_pictures_for_several_inputs(grey: Path) -> None:
    graph = build.graph(lambda a, b: a + b, (1, 1, 8, 8), (1, 1, 8, 8), name="two")
    named, notes = with_pictures(resolve(graph), (grey, grey), Asked())
    assert sorted(named) == sorted(graph.inputs)
    assert len(notes) == 2
    with pytest.raises(NetweightError, match="expected at most 2 inputs"):
        with_pictures(resolve(graph), (grey, grey, grey), Asked())
