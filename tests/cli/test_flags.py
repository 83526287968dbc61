"""Every flag and every environment variable reaches the result, with the figure that it must give."""

import io
import json
import sys
from pathlib import Path

import numpy as np
import pytest

from netweight import capture, initialize
from netweight.cli.main import run
from netweight.runtime import run as run_graph

# LeNet-5: 61,706 parameters of which C1 has 6 * 25 + 6 and 236 are biases; 416,520 MACs.
PARAMS, MACS, C1 = 61_706, 416_520, 6 * 25 + 6


def text_of(capsys: pytest.CaptureFixture[str], *arguments: str, code: int = 0) -> str:
    assert run(list(arguments)) == code
    return capsys.readouterr().out


SHOW = {
    "--batch 2": f"MACs                    {2 * MACS:,}",
    "--input 2x1x32x32": "input x 2x1x32x32 float32",
    "--bits 8": f"{PARAMS / 1000:.1f} kB int8",
    "--training": "training, sgd",
    "--optimizer adam": "training, adam",
    "--optimizer sgd --freeze C1": f"{PARAMS - C1:,} params trained",
    "--optimizer sgd --checkpoint C3": "run again               0 MACs in C3",
    "--convention io-held": "activations, io-held",
    "--depth 1 --columns kind": "layer   kind",
    "--columns params_no_bias": "params_no_bias",
    "--columns params --units raw": f" {PARAMS}",
    "--units iec": f"{4 * PARAMS / 1024:.0f} KiB",
    "--top 2": " more)",
    "--sort params": "C5",
    "--format markdown": "| layer | op |",
    "--format csv": "layer,op,kind,input_shapes",
    "--format json": '"schema": "netweight/profile/1"',
    "--color always": "\x1b[1m",
}


@pytest.mark.parametrize("flags", SHOW)
def test_show(flags: str, capsys: pytest.CaptureFixture[str]) -> None:
    wanted = SHOW[flags]
    found = text_of(capsys, "lenet5", *flags.split())
    if flags == "--sort params":
        assert found.splitlines()[3].startswith("C5")  # 120 * 16 * 25 + 120 is the largest
        assert not text_of(capsys, "lenet5").splitlines()[3].startswith("C5")
        return
    assert wanted in found or " ".join(wanted.split()) in " ".join(found.split())
    assert " ".join(wanted.split()) not in " ".join(text_of(capsys, "lenet5").split())


def test_show_folds_unless_told_not_to(capsys: pytest.CaptureFixture[str]) -> None:
    folded, whole = text_of(capsys, "vit_b_16"), text_of(capsys, "vit_b_16", "--no-fold")
    assert "  layers.encoder_layer_[0-11] x12  EncoderBlock\n" in folded
    assert "[0-11]" not in whole
    assert whole.count("    ln_1 ") == 12


def test_show_is_quiet_or_verbose(capsys: pytest.CaptureFixture[str]) -> None:
    assert text_of(capsys, "lenet5", "-q").count("\n") == 1
    assert run(["lenet5", "-v"]) == 0
    assert "weighed" in capsys.readouterr().err
    assert run(["lenet5"]) == 0
    assert not capsys.readouterr().err


@pytest.mark.parametrize(
    ("suffix", "start"),
    [("json", "{"), ("csv", "layer,"), ("md", "| layer"), ("markdown", "| layer"), ("txt", "lenet5 (")],
)
def test_show_writes_what_the_name_says(
    suffix: str, start: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / f"out.{suffix}"
    assert text_of(capsys, "lenet5", "-o", str(path)) == ""
    assert path.read_text().startswith(start)


EXPLAIN = {
    "--bits 4": "4 bits per parameter",
    "--training": "backward MACs",
    "--format json": '"formula"',
    "--units raw": f" {6 * 25 * 28 * 28}",
    "--input 5x1x32x32": "5x1x32x32 -> 5x6x28x28",
}


@pytest.mark.parametrize("flags", EXPLAIN)
def test_explain(flags: str, capsys: pytest.CaptureFixture[str]) -> None:
    wanted = EXPLAIN[flags]
    assert wanted in text_of(capsys, "explain", "lenet5", "C1", *flags.split())
    assert wanted not in text_of(capsys, "explain", "lenet5", "C1")


def test_a_term_is_explained_in_text_or_as_data(capsys: pytest.CaptureFixture[str]) -> None:
    assert json.loads(text_of(capsys, "explain", "macs", "--format", "json"))["name"] == "MAC"
    assert not text_of(capsys, "explain", "macs").startswith("{")


def test_explain_in_a_batch(capsys: pytest.CaptureFixture[str]) -> None:
    found = json.loads(text_of(capsys, "explain", "lenet5", "C1", "--batch", "3", "--format", "json"))
    assert found["row"]["macs"] == 3 * 6 * 25 * 28 * 28


def outputs(capsys: pytest.CaptureFixture[str], tmp_path: Path, *flags: str) -> np.ndarray:
    path = tmp_path / "y.npy"
    text_of(capsys, "run", "lenet5", "-o", str(path), *flags)
    found: np.ndarray = np.load(path)
    return found


def test_run(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    graph = capture("lenet5", batch=2)
    x = np.random.default_rng(7).standard_normal((2, 1, 32, 32)).astype(np.float32)
    wanted = run_graph(graph, {"x": x}, initialize(graph, seed=7)).outputs[graph.outputs[0]]
    np.testing.assert_allclose(outputs(capsys, tmp_path, "--batch", "2", "--seed", "7"), wanted, rtol=1e-4, atol=1e-5)
    np.save(tmp_path / "x.npy", x)
    given = outputs(capsys, tmp_path, "--input", f"x:{tmp_path / 'x.npy'}", "--seed", "7")
    np.testing.assert_allclose(given, wanted, rtol=1e-4, atol=1e-5)
    assert np.abs(outputs(capsys, tmp_path, "--batch", "2") - wanted).max() > 0.01
    assert outputs(capsys, tmp_path, "--input", "4x1x32x32").shape == (4, 10)


def test_export(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    onnx = pytest.importorskip("onnx")
    path = tmp_path / "m.onnx"

    def exported(*flags: str) -> object:
        said = text_of(capsys, "export", "lenet5", "-o", str(path), *flags)
        beside = [tmp_path / "m.onnx.data"] if "--external" in flags else []
        assert said == " and ".join(f"{file} ({file.stat().st_size:,} bytes)" for file in (path, *beside)) + "\n"
        return onnx.load(path)

    def weight(model: object) -> np.ndarray:
        found: np.ndarray = onnx.numpy_helper.to_array(
            next(entry for entry in model.graph.initializer if entry.name == "C1.weight")  # type: ignore[attr-defined]
        )
        return found

    np.testing.assert_array_equal(weight(exported()), initialize(capture("lenet5"))["C1.weight"])
    np.testing.assert_array_equal(weight(exported("--seed", "3")), initialize(capture("lenet5"), seed=3)["C1.weight"])
    assert weight(exported("--bits", "16")).dtype == np.float16
    sizes = exported("--batch", "6").graph.input[0].type.tensor_type.shape.dim  # type: ignore[attr-defined]
    assert [dim.dim_value for dim in sizes] == [6, 1, 32, 32]
    exported("--no-weights")
    assert path.stat().st_size < 4 * PARAMS / 10
    assert not (tmp_path / "m.onnx.data").exists()
    exported("--external")
    # Tensors below 1 KiB stay in the file.
    assert 4 * PARAMS * 0.95 < (tmp_path / "m.onnx.data").stat().st_size < 4 * PARAMS * 1.05


COLORS = [
    ({}, True, "auto", True),
    ({}, False, "auto", False),
    ({"NO_COLOR": "1"}, True, "auto", False),
    ({"NO_COLOR": ""}, True, "auto", True),
    ({"FORCE_COLOR": "1"}, False, "auto", True),
    ({"FORCE_COLOR": ""}, False, "auto", False),
    ({"NO_COLOR": "1", "FORCE_COLOR": "1"}, True, "auto", False),
    ({"NO_COLOR": "1", "FORCE_COLOR": "1"}, False, "auto", False),
    ({"TERM": "dumb"}, True, "auto", False),
    ({"TERM": "dumb", "FORCE_COLOR": "1"}, True, "auto", True),
    ({"NO_COLOR": "1"}, False, "always", True),
    ({"FORCE_COLOR": "1"}, True, "never", False),
]


@pytest.mark.parametrize(("environment", "terminal", "flag", "expected"), COLORS)
def test_colour(
    environment: dict[str, str],
    terminal: bool,
    flag: str,
    expected: bool,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    for name in ("NO_COLOR", "FORCE_COLOR", "TERM"):
        monkeypatch.delenv(name, raising=False)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(sys.stdout, "isatty", lambda: terminal)
    assert ("\x1b[1m" in text_of(capsys, "lenet5", "--color", flag)) == expected


@pytest.mark.parametrize("columns", [40, 60, 300])
def test_the_table_fits_the_terminal(
    columns: int, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A pipe is as wide as it needs to be; MACs stay to the last."""
    monkeypatch.setenv("COLUMNS", str(columns))
    monkeypatch.setenv("NO_COLOR", "1")
    whole = text_of(capsys, "alexnet").split("\n\n")[1].splitlines()
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
    table = text_of(capsys, "alexnet").split("\n\n")[1].splitlines()
    assert max(map(len, table)) <= columns
    assert all("MACs" in lines[0] for lines in (whole, table))
    assert (table == whole) == (columns == 300)


@pytest.mark.parametrize(("encoding", "bar"), [("ascii", "########"), ("latin-1", "########"), ("utf-8", "████████")])
def test_signs_that_an_encoding_does_not_have_are_written_as_others(
    encoding: str, bar: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    stream = io.TextIOWrapper(io.BytesIO(), encoding=encoding)
    monkeypatch.setattr(sys, "stdout", stream)
    run(["lenet5"])
    stream.flush()
    lines = stream.buffer.getvalue().decode(encoding).splitlines()  # type: ignore[attr-defined]
    assert next(line for line in lines if line.startswith("C3")).endswith(f"  {bar}")


@pytest.mark.parametrize("width", [40, 80])
def test_dear_lines_are_coloured_and_drawn(
    width: int, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Colour is not all that says so: the share is there, and where there is room the bar."""
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
    monkeypatch.setenv("COLUMNS", str(width))
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.delenv("NO_COLOR", raising=False)
    lines = text_of(capsys, "lenet5").splitlines()
    dear = next(line for line in lines if "C3" in line)
    assert dear.startswith("\x1b[33mC3")
    assert "57.6" in dear
    assert ("█" in dear) == (width == 80)
    assert next(line for line in lines if "S2" in line).startswith("\x1b[2mS2")
    assert next(line for line in lines if "C5" in line).startswith("C5")
