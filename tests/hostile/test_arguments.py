"""Odd arguments, in every command: an error that says what was expected, exit code 2, never an internal error."""

from __future__ import annotations

import itertools
import math
import re
from pathlib import Path

import pytest

import netweight
from netweight import zoo
from netweight.cli.main import run
from netweight.errors import NetweightError, ShapeError, UsageError
from netweight.sources.build.contract.conv import conv1d, conv2d, conv3d
from netweight.sources.build.contract.products import linear
from netweight.sources.build.describe import graph
from netweight.sources.build.norm.batch_norm import batch_norm
from netweight.units import whole

DIGITS = "9" * 5000
LONG = "a" * 300
_COMMANDS = (["show"], ["explain"], ["run"], ["export", "-o", "x.json"])

_OPTIONS = [
    *(["--input", text] for text in ("", "scalar", "224", ":", "x:", f"1x{DIGITS}", f"1x3x8x8:i64:{DIGITS}", "1x-1")),
    *(["--dim", text] for text in ("", "=", "n=", f"n={DIGITS}", "n=-1", "n=²")),
    *(["--batch", text] for text in ("0", "-1", DIGITS, "", "1.5")),
    *(["--limit", text] for text in ("", "=", "file", "file=", "nothing=1", f"file={DIGITS}", "file=1.5")),
]
_OF_A_DESCRIPTION = [["--bits", text] for text in ("", "0", "65", DIGITS, f"w4g{DIGITS}", "w4g0", "=8", "*=")]
_OF_A_REPORT = [
    *([option, ""] for option in ("--sort", "--columns", "--convention", "--optimizer", "-o", "--format", "--units")),
    *(["--top", text] for text in ("0", "-1", DIGITS)),
    *(["--depth", text] for text in ("0", "-1", DIGITS)),
]
_OF_NUMBERS = [["--seed", text] for text in ("-1", "", "x")]


def _subject(command: list[str]) -> list[str]:
    return ["alexnet", "conv1"] if command[0] == "explain" else ["alexnet"]


_CALLS = [
    *itertools.product(_COMMANDS, _OPTIONS),
    *itertools.product((["show"], ["explain"], ["export", "-o", "x.json"]), _OF_A_DESCRIPTION),
    *itertools.product((["show"],), _OF_A_REPORT),
    *itertools.product((["run"], ["export", "-o", "x.onnx"]), _OF_NUMBERS),
]


@pytest.mark.parametrize(("command", "options"), _CALLS, ids=lambda part: " ".join(part)[:30])
def test_options(
    command: list[str], options: list[str], capsys: pytest.CaptureFixture[str], tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    monkeypatch.chdir(tmp_path)
    code = run([command[0], *_subject(command), *command[1:], *options])
    out, err = capsys.readouterr()
    assert (code, out, list(tmp_path.iterdir())) == (2, "", [])
    assert re.search(r"error\[E10[1-8]\]|Error: Invalid value", err)


@pytest.mark.parametrize(
    "model",
    [
        "", ":", "=", "a:b:c", "\x00", f"{LONG}.py:Net", f"{LONG}.onnx", f"{LONG}.json", f"hf:{LONG}", f"{LONG}:Net",
        LONG,        "x\x00.py:Net", "x\x00.onnx", "x\x00.json", "hf:x\x00", "timm:", "torchvision:", "hf:",
        *(f"mobilenet_v1:width={number}" for number in ("nan", "inf", "-inf", "1e308", DIGITS, "", "-1", "0")),
        "mobilenet_v2:width=nan", "mlp:widths=nan", f"mlp:widths={DIGITS}-5", "alexnet:resolution=nan",
        f"vgg16:num_classes={DIGITS}", "alexnet:resolution=0", "alexnet:resolution=-1", "alexnet:resolution=1e308",
    ],
    ids=lambda model: repr(model[:30]),
)  # fmt: skip
@pytest.mark.parametrize("command", _COMMANDS, ids=lambda command: command[0])
def test_models(
    command: list[str], model: str, capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    code = run([command[0], model, *(["conv1"] if command[0] == "explain" else command[1:])])
    out, err = capsys.readouterr()
    assert (code, out, list(tmp_path.iterdir())) == (2, "", [])
    assert re.search(r"error\[E10[1-8]\]", err)


@pytest.mark.parametrize("layer", ["nothing", "\x00", LONG, "*", ".", " "])
def test_layers_that_are_not_there(layer: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["explain", "alexnet", layer]) == 2
    assert "error[E102]: no layer of alexnet is called" in capsys.readouterr().err


def test_the_empty_layer_is_the_network(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["explain", "alexnet", ""]) == 0
    assert "724,406,816 MACs" in capsys.readouterr().out


@pytest.mark.parametrize("number", range(100, 109))
def test_every_code_is_explained(number: int, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["explain", f"E{number}"]) == 0
    assert f"E{number}: " in capsys.readouterr().out


@pytest.mark.parametrize("output", ["/dev/null/x", "/proc/x", f"{LONG}/x", f"/nowhere/{LONG}/x", LONG])
@pytest.mark.parametrize(
    "command", [["show"], ["export", "--no-weights"], ["run"]], ids=lambda command: command[0]
)  # fmt: skip
def test_places_that_cannot_be_written(command: list[str], output: str, capsys: pytest.CaptureFixture[str]) -> None:
    suffix = {"show": ".md", "export": ".onnx", "run": ".npz"}[command[0]]
    assert run([*command, "lenet5", "-o", f"{output}{suffix}"]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert "error[E101]: output: expected" in err


@pytest.mark.parametrize("name", zoo.names())
@pytest.mark.parametrize(
    "shape",
    [(), (224,), (3, 4), (1, 3, 4), (0,), (1, 0, 0, 0), (1, 3, 9, 9, 2), (1,) * 70, (1, 3, 0, 5), (0, 3, 64, 64)],
    ids=lambda shape: "x".join(map(str, shape))[:20] or "scalar",
)
def test_built_in_networks_take_or_refuse_any_shape(name: str, shape: tuple[int, ...]) -> None:
    """A network of tokens or of vectors may take one; what it takes it weighs."""
    try:
        found = netweight.weigh(name, shape)
    except NetweightError as error:
        assert str(error)  # noqa: PT017  -- either is right
    else:
        assert found.totals.macs > 0


@pytest.mark.parametrize("shape", [(), (4,), (1, 4), (1, 1, 4), (1, 2, 4, 4), (1, 2, 3, 4, 5), (1,) * 70])
@pytest.mark.parametrize("layer", [conv1d, conv2d, conv3d], ids=["conv1d", "conv2d", "conv3d"])
@pytest.mark.parametrize("padding", [0, "same", "valid", "full"])
def test_convolutions_take_their_own_rank_alone(layer: object, shape: tuple[int, ...], padding: object) -> None:
    rank = 2 + int(layer.__name__[4])  # type: ignore[attr-defined]

    def describe(x: object) -> object:
        return layer(x, 4, kernel_size=1, padding=padding)  # type: ignore[operator]

    if len(shape) == rank:
        assert graph(describe, shape).nodes
    else:
        with pytest.raises(ShapeError):
            graph(describe, shape)


@pytest.mark.parametrize(("layer", "least"), [(lambda x: linear(x, 4), 1), (batch_norm, 2)], ids=["linear", "bn"])
def test_layers_that_read_a_size_say_which_is_missing(layer: object, least: int) -> None:
    with pytest.raises(ShapeError, match=rf"expected x of at least {least} dimensions, got \(\)"):
        graph(layer, ())  # type: ignore[arg-type]


@pytest.mark.parametrize(("text", "number"), [("0", 0), ("007", 7), ("-5", -5), (str(2**63 - 1), 2**63 - 1)])
def test_whole_numbers(text: str, number: int) -> None:
    assert whole(text, "x") == number


@pytest.mark.parametrize("text", [str(2**63), f"-{2**63}", DIGITS, "", "1.5", "²", "1e3", "nan"])
def test_what_is_no_whole_number(text: str) -> None:
    with pytest.raises(UsageError, match="x: expected a") as caught:
        whole(text, "x")
    assert len(str(caught.value)) < 120


@pytest.mark.parametrize("width", [math.nan, math.inf, -math.inf, 1e308, 10**400])
def test_options_that_are_no_size(width: float) -> None:
    with pytest.raises(UsageError, match=r"mobilenet_v1: expected width"):
        zoo.make("mobilenet_v1", width=width)
