"""``netweight memory --patches``: what is printed, what is written, what is refused."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import netweight as package
from netweight import build
from netweight.build import Symbol
from netweight.cli.main import run

Captured = pytest.CaptureFixture[str]
NET = ("mobilenet_v2:width=0.35,resolution=96", "--bits", "8")


def netweight(capsys: Captured, *arguments: str) -> tuple[int, str, str]:
    code = run(["memory", *arguments])
    out, err = capsys.readouterr()
    return code, out, err


def test_a_grid_and_a_layer(capsys: Captured) -> None:
    code, out, err = netweight(capsys, *NET, "--patches", "3x3@features.4")
    found = package.memory(NET[0], bits=8, patches="3x3@features.4")
    assert (code, out, err) == (0, f"{found}\n", "")
    report = found.patches
    assert report is not None
    assert report.chosen is not None
    assert report.spelled == "3x3@features.4.conv.3"
    assert "up to features.4.conv.3 in 3x3 = 9 patches" in out
    assert f"{report.chosen.macs_before:,}" in out
    assert f"{report.chosen.macs_after:,}" in out
    assert f"{report.chosen.peak_bytes:,}" in out
    assert list(found.conventions) == ["mcunet-v2"]
    assert found.conventions["mcunet-v2"].peak_bytes == report.chosen.before.nbytes == report.peak_bytes


def test_the_best_layer_and_the_best_grid(capsys: Captured) -> None:
    """With a limit the fewest MACs that reach it, without one the lowest peak; both are among the options."""
    everything = package.memory("alexnet", patches="auto").patches
    assert everything is not None
    lowest, second = everything.options[-1], everything.options[-2]
    assert everything.chosen is not None
    assert everything.chosen.peak_bytes == lowest.peak_bytes
    limited = package.memory("alexnet", patches="auto", limit=second.peak_bytes).patches
    assert limited is not None
    assert limited.chosen is not None
    assert (limited.chosen.end, limited.chosen.grid, limited.reached) == (second.end, second.grid, True)
    out = netweight(capsys, "alexnet", "--patches", "auto", "--limit", f"{lowest.peak_bytes - 1}B")[1]
    assert f"warning: no patches reach {lowest.peak_bytes - 1:,} bytes; the lowest peak is {lowest.peak_bytes:,}" in out
    grid = package.memory("alexnet", patches="2x2").patches
    assert grid is not None
    assert {option.grid for option in grid.options} == {(2, 2)}


def test_the_whole_input_in_memory_is_a_switch() -> None:
    """96 * 96 * 3 = 27,648 bytes more while patches run; nothing changes after them."""
    streamed, held = (
        package.memory(NET[0], bits=8, patches="4x4@features.4", hold_input=hold).patches for hold in (False, True)
    )
    assert streamed is not None
    assert held is not None
    assert streamed.chosen is not None
    assert held.chosen is not None
    assert (streamed.streamed, held.streamed) == (True, False)
    assert held.chosen.during.nbytes - streamed.chosen.during.nbytes == 27_648
    assert held.chosen.after == streamed.chosen.after


def test_a_higher_peak_is_warned_of(capsys: Captured) -> None:
    out = netweight(capsys, NET[0], "--patches", "2x2@features.16")[1]
    assert "warning: patches raise the peak, from " in out


def test_where_nothing_helps_that_is_said(capsys: Captured, tmp_path: Path) -> None:
    code, out, _ = netweight(capsys, "mlp", "--patches", "auto")
    assert code == 0
    assert "no patches lower the peak" in out
    code, _, err = netweight(capsys, "mlp", "--patches", "auto", "-o", str(tmp_path / "mlp.onnx"))
    assert code == 2
    assert "expected patches that lower the peak, got none to write" in err
    assert not list(tmp_path.iterdir())


def test_formats(capsys: Captured, tmp_path: Path) -> None:
    flags = (*NET, "--patches", "2x2@features.2")
    found: dict[str, Any] = json.loads(netweight(capsys, *flags, "--format", "json")[1])
    tensors = found["patches"]["chosen"]["tensors"]
    assert found["patches"]["asked"] == "2x2@features.2"
    assert tensors[0]["shape"] == [1, 3, 96, 96]
    lines = netweight(capsys, *flags, "--format", "csv")[1].splitlines()
    assert lines[0] == "layer,tensor,whole,largest_part,halo,macs,macs_in_patches"
    assert len(lines) == 1 + len(tensors)
    assert netweight(capsys, *flags, "--format", "svg")[0] == 2
    target = tmp_path / "patches.txt"
    assert netweight(capsys, *flags, "-o", str(target))[:2] == (0, "")
    assert "2x2 = 4 patches" in target.read_text()
    assert json.loads(netweight(capsys, "lenet5", "--format", "json")[1])["patches"] is None


def test_the_network_in_patches_is_written(capsys: Captured, tmp_path: Path) -> None:
    """The file has every layer of the stage once for each patch, and computes what the network does."""
    onnx = pytest.importorskip("onnx")
    whole, cut = tmp_path / "whole.onnx", tmp_path / "cut.onnx"
    package.export(NET[0], whole)
    code, out, err = netweight(capsys, str(whole), "--patches", "2x3@#30", "-o", str(cut))
    assert code == 0
    assert "2x3 = 6 patches" in out
    assert f"{cut}: the network in patches, 2x3@" in err
    nodes = [sum(node.op_type == "Conv" for node in onnx.load(path).graph.node) for path in (whole, cut)]
    stage = sum(node.op == "conv" for node in package.capture(str(whole)).nodes[:30])
    assert nodes[1] - nodes[0] == 5 * stage > 0
    x = {"x": np.random.default_rng(0).standard_normal((1, 3, 96, 96)).astype("float32")}
    first, second = (next(iter(package.run(str(path), x).outputs.values())) for path in (whole, cut))
    np.testing.assert_allclose(second, first, rtol=0, atol=1e-6 * np.abs(first).max())


def test_an_earlier_call_of_a_layer_is_named_by_its_place() -> None:
    """Two calls of one module: the layer alone means the last of them."""

    def describe(x: Symbol) -> Symbol:
        for _ in range(2):
            with x.builder.layer("act"):
                y = build.conv2d(x, 4, 3, padding=1)
            x = y
        return x

    from netweight.app.patches import stage_after

    graph = build.graph(describe, (1, 4, 8, 8))
    layers = [node.layer for node in graph.nodes]
    assert stage_after(graph, layers[0]).end == max(at for at, layer in enumerate(layers) if layer == layers[0]) + 1
    assert stage_after(graph, "#1").end == 1


REFUSED = {
    "4x": "expected a grid such as 4x4, perhaps with @LAYER, or auto, got '4x'",
    "4x4@": "expected a grid such as 4x4",
    "best": "expected a grid such as 4x4",
    "0x2": "expected at least two patches, got '0x2'",
    "1x1@features.4": "expected at least two patches",
    "4x4@feature.4": "no layer of the network is called 'feature.4'\n  fix: did you mean features.4",
    "4@features.4": "expected 2 numbers of patches, from 1 on, got 4",
    "9x9@features.16": "expected no more than 3x3 after features.16.add, got 9x9",
    "2x2@classifier.1": "expected maps of samples, channels and places after classifier.1",
    "2x2@#0": "expected to end after 1 to 153 operators, got 0",
    "2x2@#999": "expected to end after 1 to 153 operators, got 999",
}


@pytest.mark.parametrize("text", REFUSED)
def test_what_is_no_patches_is_refused(capsys: Captured, text: str) -> None:
    code, out, err = netweight(capsys, *NET, "--patches", text)
    assert (code, out) == (2, "")
    assert REFUSED[text] in err


def test_what_is_about_patches_wants_them(capsys: Captured) -> None:
    for flags in (["--limit", "3KiB"], ["--hold-input"]):
        code, _, err = netweight(capsys, *NET, *flags)
        assert code == 2
        assert "expected patches that it is about, got none" in err
    for limit, says in (
        ("1KiB 2KiB", "expected one size"),
        ("much", "expected a size in bytes"),
        ("0", "at least 1 byte"),
    ):
        flags = [word for size in limit.split() for word in ("--limit", size)]
        code, _, err = netweight(capsys, *NET, "--patches", "auto", *flags)
        assert code == 2
        assert says in err
    code, _, err = netweight(capsys, *NET, "--patches", "2x2", "--convention", "lecture")
    assert code == 2
    assert "got 'lecture'\n  fix: mcunet-v2" in err
    flags = ["--patches", "2x2@conv1", "--limit", "1KiB", "--limit", "file=1GB"]
    assert netweight(capsys, "shallow_cnn", *flags)[0] == 0
