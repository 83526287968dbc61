"""Feature maps and kernels: the pixels that are drawn are the numbers of the run, each map in its own range."""

from __future__ import annotations

import base64
import io
import re
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import numpy as np
import pytest

import netweight
from netweight import UsageError, build
from netweight.app.maps import maps_of
from netweight.app.shown import shown
from netweight.cli.main import run
from netweight.errors import UnknownNameError
from netweight.report.maps.picture import to_svg
from netweight.report.maps.text import to_text
from netweight.report.png import png

image: Any = pytest.importorskip("PIL.Image", reason="Pillow reads pictures")


def decoded(svg: str) -> list[Any]:
    """Pictures of an SVG, in its order."""
    found = []
    for element in ET.fromstring(svg).iter("{http://www.w3.org/2000/svg}image"):
        data = element.attrib["href"].removeprefix("data:image/png;base64,")
        found.append(np.asarray(image.open(io.BytesIO(base64.b64decode(data)))))
    return found


def scaled(array: Any) -> Any:
    """By hand: the lowest is 0, the highest 255."""
    low, high = array.min(), array.max()
    return np.rint((array.astype(np.float64) - low) / (float(high) - float(low)) * 255)


@pytest.mark.parametrize("shape", [(1, 1), (3, 7), (300, 301), (1, 70_000)])
@pytest.mark.parametrize("channels", [1, 3])
def test_a_png_is_what_another_program_reads(shape: tuple[int, int], channels: int) -> None:
    pixels = np.random.default_rng(0).integers(0, 256, (*shape, channels), np.uint8)
    data = png(shape[1], shape[0], channels, pixels.tobytes())
    with image.open(io.BytesIO(data)) as opened:
        opened.load()
        assert opened.mode == {1: "L", 3: "RGB"}[channels]
        np.testing.assert_array_equal(np.asarray(opened).reshape(pixels.shape), pixels)


def test_pixels_are_the_numbers_of_the_run() -> None:
    done, maps = shown("lenet5", None, ["C1", "tanh1"], seed=3)
    graph = netweight.capture("lenet5")
    weights = netweight.initialize(graph, seed=3)
    x = np.random.default_rng(3).standard_normal((1, 1, 32, 32)).astype(np.float32)
    whole = netweight.run(graph, {"x": x}, weights, keep=True)
    np.testing.assert_allclose(done.outputs["OUTPUT"], whole.outputs["OUTPUT"], atol=1e-5)
    found = decoded(to_svg(maps))
    before, after = (whole.values[node.outputs[0]][0] for node in graph.nodes[:2])
    expected = [*before, *(kernel[0] for kernel in weights["C1.weight"]), *after]
    assert len(found) == len(expected) == 6 + 6 + 6
    for drawn, array in zip(found, expected, strict=True):
        assert np.abs(drawn - scaled(array)).max() <= 1  # the fast convolution rounds otherwise
    assert [group.what for group in maps.groups] == ["feature maps", "kernels", "feature maps"]
    assert maps.groups[1].shape == (6, 1, 5, 5)


def _of(values: Any, **more: Any) -> Any:
    """The maps of a network that passes its input on."""
    graph = build.graph(lambda x: build.relu(x, name="r"), values.shape, name="one")
    return maps_of(graph, ["r"], {graph.outputs[0]: values, **more}, "one").groups[0]


def test_large_maps_are_means_of_squares() -> None:
    values = np.random.default_rng(0).standard_normal((1, 1, 230, 113))
    group = _of(values)
    assert group.mean_of == 3  # 230 / 3 are 77 rows, 230 / 2 would be 115
    (tile,) = group.tiles
    assert (tile.height, tile.width) == (77, 38)
    means = np.array([
        [values[0, 0, y : y + 3, x : x + 3].mean() for x in range(0, 113, 3)] for y in range(0, 230, 3)
    ])  # fmt: skip
    np.testing.assert_array_equal(np.frombuffer(tile.pixels, np.uint8).reshape(77, 38), scaled(means))


def test_many_maps_are_not_all_drawn() -> None:
    group = _of(np.random.default_rng(0).standard_normal((2, 70, 2, 2)))
    assert (group.count, len(group.tiles)) == (70, 64)
    text = to_text(type("M", (), {"groups": (group,)})())  # type: ignore[arg-type]
    assert "r, feature maps 2x70x2x2 float64, of the first sample, 64 of 70 drawn, from " in text


def test_constant_and_infinite_maps() -> None:
    values = np.zeros((1, 3, 2, 2))
    values[0, 1] = 7
    values[0, 2] = [[0, np.nan], [np.inf, 1]]
    zero, seven, odd = _of(values).tiles
    assert zero.pixels == b"\0" * 4
    assert seven.pixels == b"\x80" * 4
    assert (odd.low, odd.high, odd.finite) == (0, 1, False)
    assert odd.pixels == bytes([0, 0, 0, 255])
    text = to_text(type("M", (), {"groups": (_of(values),)})())  # type: ignore[arg-type]
    assert "1: all 7" in text
    assert "2: 0 to 1, not all finite" in text


def test_kernels_of_three_colours() -> None:
    graph = build.graph(lambda x: build.conv2d(x, 4, kernel_size=3, name="c"), (1, 3, 6, 6), name="rgb")
    _, maps = shown(graph, None, ["c"])
    weight = netweight.initialize(graph)["c.weight"]
    kernels = decoded(to_svg(maps))[4:]
    assert [kernel.shape for kernel in kernels] == [(3, 3, 3)] * 4
    for drawn, kernel in zip(kernels, weight, strict=True):
        np.testing.assert_array_equal(drawn, scaled(kernel.transpose(1, 2, 0)))


def test_depthwise_and_grouped_kernels_have_both_channels() -> None:
    graph = build.graph(lambda x: build.conv2d(x, 4, kernel_size=3, groups=2, name="c"), (1, 4, 6, 6), name="grouped")
    _, maps = shown(graph, None, ["c"])
    assert [tile.title for tile in maps.groups[1].tiles] == [f"{o}, {i}" for o in range(4) for i in range(2)]


def test_a_module_shows_what_its_last_layer_gives() -> None:
    _, maps = shown("resnet18", (1, 3, 33, 33), ["layer1"])
    graph = netweight.capture("resnet18", (1, 3, 33, 33))
    last = [node for node in graph.nodes if node.layer.startswith("layer1.")][-1]
    assert (last.op, maps.groups[0].shape) == ("relu", graph.spec(last.outputs[0]).shape)
    assert [group.what for group in maps.groups] == ["feature maps"]


def test_layers_that_cannot_be_shown() -> None:
    with pytest.raises(UnknownNameError, match="no layer is called 'conv'") as found:
        shown("lenet5", None, ["conv"])
    assert "C1" in found.value.fix
    with pytest.raises(UnknownNameError) as found:
        shown("alexnet", None, ["conv"])
    assert found.value.fix.startswith("did you mean conv")
    with pytest.raises(UsageError, match=r"expected a layer with maps \(N, C, H, W\), got 'F6', which gives \[1, 84\]"):
        shown("lenet5", None, ["C1", "F6"])
    with pytest.raises(UnknownNameError, match="no layer is called ''"):
        shown("lenet5", None, [""])


def test_characters_go_from_dark_to_light() -> None:
    text = to_text(type("M", (), {"groups": (_of(np.array([[[[0.0, 1], [0.5, 0.25]]]])),)})())  # type: ignore[arg-type]
    assert text.splitlines()[1:3] == ["  @@", "++::"]  # 128 of 255 is the sixth of ten shades, 64 the third
    assert text.splitlines()[3] == "0: 0 to 1"


def test_the_command(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    picture, arrays = tmp_path / "maps.svg", tmp_path / "y.npy"
    assert run(["run", "lenet5", "--show", "C1", "-o", str(picture), "-o", str(arrays)]) == 0
    first = capsys.readouterr()
    assert first.out.startswith("OUTPUT  float32[1, 10]")
    assert f"wrote {picture}" in first.err
    assert len(decoded(picture.read_text())) == 12
    assert np.load(arrays).shape == (1, 10)
    before = picture.read_bytes()
    assert run(["run", "lenet5", "--show", "C1", "-o", str(picture)]) == 0
    assert picture.read_bytes() == before
    assert run(["run", "lenet5", "--show", "C1"]) == 0
    assert re.search(r"^C1, kernels 6x1x5x5 float32, from ", capsys.readouterr().out, re.MULTILINE)
    assert run(["run", "lenet5", "-o", str(tmp_path / "z.svg")]) == 2
    assert run(["run", "lenet5", "--show", "C1", "-o", str(tmp_path / "z.png")]) == 2
    assert run(["run", "lenet5", "--show", "C1", "--engine", "onnxruntime"]) == 2
    assert sorted(path.name for path in tmp_path.iterdir()) == ["maps.svg", "y.npy"]


def test_names_of_layers_cannot_act() -> None:
    graph = build.graph(lambda x: build.relu(x, name="<b>&\x1b[1m"), (1, 1, 2, 2), name="odd")
    _, maps = shown(graph, None, ["<b>&\x1b[1m"])
    ET.fromstring(to_svg(maps))
    assert "\x1b" not in to_text(maps) + to_svg(maps)
