"""Every command that an error suggests is run, and works."""

from __future__ import annotations

import re
import shlex
from collections.abc import Sequence
from pathlib import Path

import pytest

from netweight.cli.main import run as command

FAULTY: dict[str, list[str]] = {
    "models": ["model"],
    "models ": ["list"],
    "--help": ["help"],
    "alexnet -q": ["alexnt", "-q"],
    "resnet50 -q": ["rsnet50", "-q"],
    "mobilenet_v1 -q": ["mobilenet", "-q"],
    "explain MAC": ["macs"],
    "explain 'receptive field'": ["receptive_field"],
    "mlp:widths=784-128-10 -q": ["mlp:widths=784,128,10", "-q"],
    "mlp:widths=784-128-10 -q ": ["mlp:widths=[784, 128, 10]", "-q"],
    "alexnet --format json": ["alexnet", "--json"],
    "alexnet --columns macs": ["alexnet", "--collumns", "macs"],
    "alexnet -q --input 1x3x224x224": ["alexnet", "-q", "--input", "224"],
    "alexnet -q --input 1x3x224x224 ": ["alexnet", "-q", "--input", "3x224x224"],
    "alexnet -q --input 1x3x224x224  ": ["alexnet", "-q", "--input", "1x224x224x3"],
    "alexnet -q --input 1x3x63x63": ["alexnet", "-q", "--input", "1x3x16x16"],
    "vit_b_16 -q --input 1x3x224x224": ["vit_b_16", "-q", "--input", "1x3x225x225"],
    "mlp -q --input 1x5": ["mlp", "-q", "--input", "1x7"],
    "run lenet5 --input 1x1x32x32": ["run", "lenet5", "--input", "1x3x32x32"],
    "explain alexnet conv1": ["explain", "alexnet", "conv_1"],
    "alexnet --sort macs": ["alexnet", "--sort", "mac"],
    "alexnet --convention lecture": ["alexnet", "--convention", "lectur"],
}
"""What works in the end, to what was asked for first."""


def followed(arguments: Sequence[str], fix: str) -> list[str]:
    """The arguments as somebody changes them who reads the fix."""
    whole = re.search(r"(?:netweight |hyphens: )(\S.*?)\??$", fix)
    if whole is not None:
        words = shlex.split(whole[1].split(" or netweight ")[0])
        return [*words, *arguments[1:]]
    meant = re.search(r"did you mean (.*?)(?: or .*)?\?$", fix)
    if meant is None:  # flags, and words on them
        flags = re.match(r"(?:--\S+ \S+ ?)+?(?=: | is |$)", fix)
        assert flags is not None, fix
        at = arguments.index("--input")
        return [*arguments[:at], *shlex.split(flags[0])]
    words = shlex.split(meant[1])
    parts = [part for part in arguments if part not in ("-q", "--sort", "--convention")]
    wrong = max(parts, key=lambda part: _like(part, words[0]))
    return [word for part in arguments for word in (words if part == wrong else [part])]


def _like(one: str, other: str) -> int:
    """How many letters two words share, flags and names apart."""
    return -100 if one.startswith("--") != other.startswith("--") else len(set(one) & set(other))


@pytest.mark.parametrize("wanted", FAULTY)
def test_a_suggestion_works(wanted: str, capsys: pytest.CaptureFixture[str]) -> None:
    arguments = FAULTY[wanted]
    assert command(arguments) == 2
    err = capsys.readouterr().err
    fix = re.search(r"^  fix: (.*)$", err, re.MULTILINE)
    assert fix is not None, err
    again = followed(arguments, fix[1])
    assert again == shlex.split(wanted)
    assert command(again) == 0
    assert capsys.readouterr().out


@pytest.mark.parametrize("word", ["padding", "zzz", "conv1", "q"])
def test_nothing_close_is_not_suggested(word: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert command([word]) == 2
    assert "did you mean" not in capsys.readouterr().err


@pytest.mark.parametrize("name", ["ALEXNET", "AlexNet", "Alex-Net"])
def test_another_spelling_is_the_network(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert command([name, "-q"]) == 0
    assert capsys.readouterr().out.startswith("alexnet ")


@pytest.mark.parametrize(
    ("text", "fix"),
    [
        ("https://huggingface.co/gpt2", "save the config.json of the model, then: netweight hf:config.json"),
        ("https://example.org/model.onnx", "save the file, and give its path"),
        ("openai/gpt2", "names on a hub are not looked up"),
        ("gpt2", "it is not built in: netweight hf:config.json"),
        ("efficientnet_b0", "it is not built in: netweight torchvision:NAME"),
        ("no/such/net.onnx", "there is no directory 'no/such'"),
    ],
)
def test_what_is_not_here(text: str, fix: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert command([text]) == 2
    assert fix in capsys.readouterr().err


def test_files_that_are_not_there_are_said_without_any_package(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("torch", "onnx"):
        monkeypatch.setitem(__import__("sys").modules, name, None)
    (tmp_path / "net.onnx").write_bytes(b"")
    assert command(["nosuch.onnx"]) == 2
    assert "got none: No such file or directory\n  fix: there is net.onnx" in capsys.readouterr().err
    assert command(["nett.onnx"]) == 2
    assert "fix: did you mean net.onnx?" in capsys.readouterr().err
    assert command(["nosuch.py:Net"]) == 2
    assert "no Python file is called 'nosuch.py'" in capsys.readouterr().err


def test_a_report_is_of_one_setting(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "alexnet.json"
    assert command(["alexnet", "-o", str(path)]) == 0
    assert command([str(path), "--bits", "8"]) == 2
    assert "weigh the network itself, netweight alexnet, with it" in capsys.readouterr().err
    assert command(["alexnet", "--bits", "8", "-q"]) == 0
