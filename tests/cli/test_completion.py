"""What a shell is offered where the tabulator is pressed, and how it learns to ask."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from netweight import capture, zoo
from netweight.analysis.conventions import CONVENTIONS
from netweight.analysis.optimizers import OPTIMIZERS
from netweight.cli.completion import completed
from netweight.cli.main import run
from netweight.report.columns import COLUMNS
from netweight.report.terms import terms


def offered(line: str) -> list[str]:
    return [value for value, _ in completed(line)]


def test_the_first_word_is_a_command_or_a_network() -> None:
    assert {"show", "explain", "models", "completion", *zoo.names(), "torchvision:"} <= set(offered("netweight "))
    assert offered("netweight alexn") == ["alexnet", "alexnet-one-tower"]
    assert offered("netweight expo") == ["export"]
    assert {"--sort", "--strict"} <= set(offered("netweight --s")) == set(offered("netweight alexnet --s"))
    assert "--help" in offered("netweight --h")


COMPLETED = {
    "netweight alexnet --sort ma": ["macs"],
    "netweight alexnet --columns macs,params": ["macs,params", "macs,params_no_bias"],
    "netweight alexnet --columns params,params": ["params,params_no_bias"],
    "netweight alexnet --convention ": list(CONVENTIONS),
    "netweight alexnet --optimizer ": list(OPTIMIZERS),
    "netweight alexnet --format ": ["table", "json", "csv", "markdown", "html"],
    "netweight alexnet --units i": ["iec"],
    "netweight alexnet --limit st": ["steps="],
    "netweight run lenet5 --limit st": ["steps="],
    "netweight alexnet --bits w8": ["w8a8"],
    "netweight export lenet5 --input ": ["1x1x32x32"],
    "netweight resnet18 --batch 2 --freeze layer1.0.conv": ["layer1.0.conv1", "layer1.0.conv2"],
    "netweight mobilenet_v2:": [
        f"mobilenet_v2:{name}=" for name in ("width", "narrow_last", "num_classes", "resolution")
    ],
    "netweight mobilenet_v2:width=0.5,n": [
        "mobilenet_v2:width=0.5,narrow_last=",
        "mobilenet_v2:width=0.5,num_classes=",
    ],
    "netweight mobilenet_v2:width=": ["mobilenet_v2:width=1.0"],
    "netweight mlp:widths=": ["mlp:widths=5-3-2"],
    "netweight models lenet": ["lenet5", "lenet5-1998"],
    "netweight explain alexnet conv": ["conv1", "conv2", "conv3", "conv4", "conv5"],
    "netweight explain alexnet pea": ["peak"],
    "netweight explain op softp": ["softplus"],
    "netweight completion ": ["bash", "zsh", "fish", "install"],
    "netweight alexnet --bits 'conv*=8": [],
    "netweight nosuchnetwork --sort ma": ["macs"],
}


@pytest.mark.parametrize("line", COMPLETED)
def test_what_may_follow(line: str) -> None:
    assert offered(line) == COMPLETED[line]


def test_every_layer_and_module_of_the_network_and_every_term() -> None:
    found = set(offered("netweight explain lenet5 "))
    assert {node.layer for node in capture("lenet5").nodes} <= found
    assert {"layer1", "layer1.0"} <= set(offered("netweight explain resnet18 layer"))
    assert {"layer1", "layer1.0"} <= set(offered("netweight resnet18 --checkpoint laye"))
    assert set(terms()) <= set(offered("netweight explain "))
    assert set(offered("netweight alexnet --sort ")) == {
        key for key, column in COLUMNS.items() if column.order is not None
    }


def test_files_and_what_is_in_them(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "deep").mkdir()
    (tmp_path / "deep" / "net.py").write_text("import no_such\nclass Net: ...\ndef made(): ...\nnet = Net()\n")
    for name in ("model.onnx", "report.json", "notes.txt", ".hidden.onnx", "broken.py"):
        (tmp_path / name).write_text("def")
    assert set(offered("netweight ")) & {"deep/", "model.onnx", "report.json", "notes.txt", ".hidden.onnx"} == {
        "deep/", "model.onnx", "report.json",
    }  # fmt: skip
    assert offered("netweight deep/") == ["deep/net.py:"]
    assert offered("netweight deep/net.py:") == ["deep/net.py:Net", "deep/net.py:made", "deep/net.py:net"]
    assert offered("netweight broken.py:") == []
    assert offered("netweight alexnet -o no") == ["notes.txt"]


def test_lines_for_the_shell(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["completion", "line", "netweight lenet5-"]) == 0
    assert capsys.readouterr().out == f"lenet5-1998\t{zoo.about('lenet5-1998')}\n"
    assert run(["completion", "line", "netweight nothing-is-called-so"]) == 0
    assert capsys.readouterr() == ("", "")


@pytest.mark.skipif(shutil.which("bash") is None, reason="no bash")
def test_bash_asks_and_puts_the_answer_behind_colons() -> None:
    script = f"""
netweight() {{ {sys.executable} -m netweight "$@"; }}
eval "$(netweight completion bash)"
compopt() {{ echo "$@"; }}
for line in "netweight lenet5-" "netweight mobilenet_v2:w" "netweight mobilenet_v2:width="; do
    COMP_LINE="$line" COMP_POINT=${{#line}} COMP_WORDS=() COMP_CWORD=0
    _netweight netweight
    echo "${{COMPREPLY[@]}}"
done
"""
    found = subprocess.run(["bash", "-c", script], capture_output=True, text=True, check=False)
    assert found.stdout.splitlines() == ["lenet5-1998", "-o nospace", "width=", "1.0"]


@pytest.mark.skipif(shutil.which("zsh") is None, reason="no zsh: apt-get install zsh")
def test_zsh_asks_and_leaves_what_goes_on_open() -> None:
    script = f"""
netweight() {{ {sys.executable} -m netweight "$@"; }}
autoload -Uz compinit && compinit -D
eval "$(netweight completion zsh)"
compadd() {{ print -r -- "$ended" "$open"; }}
for line in "netweight lenet5-" "netweight mobilenet_v2:w" "netweight explain lenet5 C"; do
    words=(${{(z)line}}) CURRENT=$#words
    _netweight
done
"""
    found = subprocess.run(["zsh", "-f", "-c", script], capture_output=True, text=True, check=False)
    assert [line.strip() for line in found.stdout.splitlines()] == ["lenet5-1998", "mobilenet_v2:width=", "C1 C3 C5"]


@pytest.mark.skipif(shutil.which("fish") is None, reason="no fish: apt-get install fish")
def test_fish_asks_and_shows_what_each_is(tmp_path: Path) -> None:
    lines = ("netweight lenet5-", "netweight mobilenet_v2:w", "netweight explain lenet5 C")
    script = f"""
function netweight; {sys.executable} -m netweight $argv; end
netweight completion fish | source
{chr(10).join(f"complete -C {line!r}" for line in lines)}
"""
    found = subprocess.run(
        ["fish", "--no-config", "-c", script], capture_output=True, text=True, check=False,
        env={**os.environ, "HOME": str(tmp_path)},
    )  # fmt: skip
    values = [line.split("\t")[0] for line in found.stdout.splitlines()]
    assert values == ["lenet5-1998", "mobilenet_v2:width=", "C1", "C3", "C5"]


def test_what_the_scripts_ask_for_is_in_no_message(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["completion", "lines"]) == 2
    assert "expected bash, zsh, fish or install, got 'lines'" in capsys.readouterr().err


@pytest.mark.parametrize(("shell", "start"), [("bash", ".bashrc"), ("zsh", ".zshrc"), ("fish", "")])
def test_one_command_installs_it(
    shell: str, start: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("SHELL", f"/usr/bin/{shell}")
    for name in ("XDG_DATA_HOME", "XDG_CONFIG_HOME"):
        monkeypatch.delenv(name, raising=False)
    if start:
        (tmp_path / start).write_text("alias l=ls")
    for _ in range(2):
        assert run(["completion", "install"]) == 0
    said = capsys.readouterr().out
    script = (
        next(path for path in tmp_path.rglob("*netweight*") if path.is_file())
        if not start
        else next(tmp_path.rglob("completion.*"))
    )
    assert run(["completion", shell]) == 0
    assert script.read_text() == capsys.readouterr().out
    assert f"wrote {script}" in said
    if start:
        lines = (tmp_path / start).read_text().splitlines()
        assert lines[0] == "alias l=ls"
        assert len(lines) == 2
        assert lines[1].endswith(f"source {script}")


def test_a_shell_that_is_not_known(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setenv("SHELL", "/bin/tcsh")
    assert run(["completion", "install"]) == 2
    assert "got tcsh\n  fix: netweight completion install --shell bash" in capsys.readouterr().err


def test_a_script_that_is_not_known(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["completion", "ksh"]) == 2
    said = capsys.readouterr().err
    assert "completion: expected bash, zsh" in said
    assert said.endswith("  fix: netweight completion zsh\n")


def test_the_help_has_a_line_for_each_example(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["completion", "--help"]) == 0
    said = capsys.readouterr().out
    assert "\\b" not in said
    assert "\n    netweight completion zsh              print what the shell has to run\n" in said
