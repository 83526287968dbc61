"""Closed pipes, full disks, closed streams and encodings: one rule for every command."""

from __future__ import annotations

import os
import pty
import re
import subprocess
import sys
from pathlib import Path

import pytest

import netweight
from netweight import build
from netweight.cli.main import run
from netweight.cli.streams import out, out_rendered, say
from netweight.errors import UsageError
from netweight.ir import Graph

_COMMANDS = {
    "show": (["alexnet"], 0),
    "quiet": (["alexnet", "-q"], 0),
    "json": (["alexnet", "--format", "json"], 0),
    "explain": (["explain", "alexnet", "conv1"], 0),
    "term": (["explain", "macs"], 0),
    "models": (["models"], 0),
    "run": (["run", "mlp"], 0),
    "export": (["export", "mlp", "-o", "x.json"], 0),
    "help": (["--help"], 0),
    "version": (["--version"], 0),
    "error": (["nothing"], 2),
    "usage": (["alexnet", "--nothing"], 2),
}
_ALL = pytest.mark.parametrize("name", _COMMANDS)
_PRINTING = pytest.mark.parametrize("name", [name for name, (_, code) in _COMMANDS.items() if code == 0])


def _bash(name: str, streams: str, tmp_path: Path) -> subprocess.CompletedProcess[str]:
    """The command in a shell, with streams as the shell writes them; exit code and what is left."""
    command = f'"{sys.executable}" -m netweight "$@" {streams}'
    arguments = ["bash", "-o", "pipefail", "-c", command, "bash", *_COMMANDS[name][0]]
    return subprocess.run(arguments, cwd=tmp_path, capture_output=True, text=True, timeout=100, check=False)


@_ALL
def test_a_closed_pipe_changes_nothing(name: str, tmp_path: Path) -> None:
    """Both streams go to pipes that nobody reads; the exit code is that of the command."""
    left, right = os.pipe()
    os.close(left)
    command = [sys.executable, "-m", "netweight", *_COMMANDS[name][0]]
    done = subprocess.run(command, cwd=tmp_path, stdout=right, stderr=right, timeout=100, check=False)
    os.close(right)
    assert done.returncode == _COMMANDS[name][1]


@_PRINTING
def test_a_closed_pipe_is_quiet(name: str, tmp_path: Path) -> None:
    done = _bash(name, "2>err | true", tmp_path)
    assert done.returncode == 0
    assert "rror" not in (tmp_path / "err").read_text()


@_ALL
def test_a_full_stderr_changes_nothing(name: str, tmp_path: Path) -> None:
    done = _bash(name, "2>/dev/full", tmp_path)
    assert done.returncode == _COMMANDS[name][1]
    assert bool(done.stdout) == (done.returncode == 0)


@_ALL
def test_a_closed_stderr_changes_nothing(name: str, tmp_path: Path) -> None:
    assert _bash(name, "2>&-", tmp_path).returncode == _COMMANDS[name][1]


@_PRINTING
def test_a_result_that_finds_no_room_is_an_error(name: str, tmp_path: Path) -> None:
    done = _bash(name, ">/dev/full", tmp_path)
    assert done.returncode == 2
    assert "error[E101]: output: expected to write it, got: No space left on device" in done.stderr


@pytest.mark.parametrize("name", [name for name in _COMMANDS if name not in ("help", "version", "error", "usage")])
def test_a_closed_stdout_is_an_error_where_there_is_a_result(name: str, tmp_path: Path) -> None:
    done = _bash(name, ">&-", tmp_path)
    assert done.returncode == 2
    assert "error[E101]: output: expected a stdout to write to, got a closed one" in done.stderr


def test_a_closed_stdout_is_none_of_a_report_in_a_file(tmp_path: Path) -> None:
    """No file that is opened later may become the stdout of what else prints."""
    command = f'"{sys.executable}" -m netweight alexnet -o r.json >&- <&- 2>&-'
    assert subprocess.run(["bash", "-c", command], cwd=tmp_path, check=False).returncode == 0
    assert netweight.weigh(tmp_path / "r.json") == netweight.weigh("alexnet")


@pytest.mark.parametrize("flags", [[], ["-q"], ["--strict"], ["-v"], ["--format", "json"]], ids=" ".join)
@pytest.mark.parametrize("suffix", ["md", "json", "csv", "txt"])
def test_a_full_disk_is_an_error_with_any_flag(flags: list[str], suffix: str, tmp_path: Path) -> None:
    (tmp_path / f"r.{suffix}").symlink_to("/dev/full")
    assert run(["mlp", "-o", str(tmp_path / f"r.{suffix}"), *flags]) == 2


_NAME = "a\x1b[31m\x9b1m\u202eevil\u2066\x07\x7f\r\ud800\u2028é\U000e0041z"
_RAW = [letter for letter in _NAME if letter not in "a[31mevil1z\u00e9"]


def _odd(name: str = _NAME) -> Graph:
    return build.graph(lambda x: build.relu(build.linear(x, 4, name=name), name=f"{name}2"), (1, 3), name=name)


def _stored(tmp_path: Path, what: str) -> str:
    path = tmp_path / "odd.json"
    if what == "graph":
        netweight.export(_odd(), path)
    else:
        path.write_text(netweight.weigh(_odd()).to_json())
    return str(path)


_SHOWN = [
    [], ["-q"], ["-v"], ["--strict"], ["--format", "json"], ["--format", "csv"], ["--format", "markdown"],
    ["--depth", "1"], ["--sort", "macs", "--top", "1"], ["--color", "always"], ["-vv", "--columns", "x\x1b\u202e"],
]  # fmt: skip


@pytest.mark.parametrize("what", ["graph", "report"])
@pytest.mark.parametrize("flags", _SHOWN, ids=lambda flags: " ".join(flags)[:12])
def test_names_of_files_cannot_act_on_a_terminal(
    flags: list[str], what: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run([_stored(tmp_path, what), *flags])
    _check_harmless(*capsys.readouterr(), color="--color" in flags)


@pytest.mark.parametrize("suffix", ["md", "txt", "csv", "json"])
def test_names_of_files_are_escaped_in_files(suffix: str, tmp_path: Path) -> None:
    target = tmp_path / f"r.{suffix}"
    assert run([_stored(tmp_path, "graph"), "-o", str(target)]) == 0
    _check_harmless(target.read_text(encoding="utf-8"))


@pytest.mark.parametrize(
    "arguments",
    [
        ["{}", "--input", _NAME], ["{}", "--dim", _NAME], ["{}", "--bits", _NAME], ["{}", "--batch", _NAME],
        ["{}", "--sort", _NAME], ["{}", "--convention", _NAME], ["{}", "--optimizer", _NAME], ["{}", "--limit", _NAME],
        ["{}", f"--{_NAME}"], ["{}", _NAME, _NAME], ["{}", "--format", _NAME], ["{}", "-o", f"/{_NAME}/x.md"],
        ["{}", "-o", _NAME], ["{}", "--training", "--freeze", _NAME], ["{}", "--checkpoint", _NAME, "--training"],
        [_NAME], [f"{_NAME}.json"], [f"{_NAME}.onnx"], [f"{_NAME}.py:Net"], [f"hf:{_NAME}"], [f"timm:{_NAME}"],
        [f"{_NAME}:Net"], [f"mlp:{_NAME}=1"], [f"mlp:widths={_NAME}"], ["explain", _NAME], ["explain", "{}", _NAME],
        ["explain", "{}", f"{_NAME}2"], ["run", "{}"], ["run", "{}", "--input", f"{_NAME}:1x3"],
        ["run", "{}", "--input", f"{_NAME}.npy"], ["run", "{}", "-o", f"{_NAME}.txt"], ["export", "{}", "-o", _NAME],
        ["export", "{}", "-o", "OUT.onnx"], ["export", "{}", "-o", "OUT.json"], ["export", "{}", "--seed", _NAME],
        ["--limit", "file=1B", "{}"],
    ],
    ids=lambda arguments: " ".join(arguments).replace(_NAME, "*").encode("ascii", "replace").decode()[:40],
)  # fmt: skip
def test_messages_and_arguments_cannot_act_on_a_terminal(
    arguments: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = _stored(tmp_path, "graph")
    names = {
        "{}": path,
        "OUT.onnx": str(tmp_path / f"{_NAME[:-4]}.onnx"),
        "OUT.json": str(tmp_path / "a\x1b\u202e.json"),
    }
    run([names.get(part, part) for part in arguments])
    shown = capsys.readouterr()
    assert shown.out or shown.err
    _check_harmless(*shown)


def _check_harmless(*texts: str, color: bool = False) -> None:
    for text in texts:
        plain = re.sub("\x1b\\[(?:0|1|2|33)m", "", text) if color else text
        assert not [letter for letter in _RAW if letter in plain]


def test_a_line_within_a_message_does_not_look_like_one_of_ours(capsys: pytest.CaptureFixture[str]) -> None:
    say("note: a\nerror[E101]: b")
    assert capsys.readouterr().err == "note: a\n    error[E101]: b\n"


def test_lines_of_a_result_stay_lines(capsys: pytest.CaptureFixture[str]) -> None:
    out("a\x1b\nb")
    out_rendered("c\nd\n")
    assert capsys.readouterr().out == "a\\x1b\nb\nc\nd\n"


@pytest.mark.parametrize("encoding", ["ascii", "latin-1", "cp1252", "utf-8", "utf-16"])
@pytest.mark.parametrize("flags", [[], ["-q"], ["--format", "markdown"], ["--format", "csv"]], ids=" ".join)
def test_every_encoding_holds_every_name(encoding: str, flags: list[str], tmp_path: Path) -> None:
    path = tmp_path / "odd.json"
    netweight.export(_odd("Größe…层"), path)
    done = subprocess.run(
        [sys.executable, "-m", "netweight", str(path), *flags], capture_output=True, check=False,
        env={**os.environ, "PYTHONIOENCODING": encoding},
    )  # fmt: skip
    assert (done.returncode, done.stderr) == (0, b"")
    held = "Größe…层".encode(encoding, "backslashreplace").decode(encoding)
    assert held in done.stdout.decode(encoding) or held.replace("\\", "\\\\") in done.stdout.decode(encoding)


def test_an_encoding_holds_for_messages_too(tmp_path: Path) -> None:
    env = {**os.environ, "PYTHONIOENCODING": "ascii"}
    done = subprocess.run(
        [sys.executable, "-m", "netweight", "Größe"], capture_output=True, text=True, env=env, check=False
    )
    assert done.returncode == 2
    assert "no built-in network is called 'Gr\\xf6\\xdfe'" in done.stderr


def test_the_command_has_one_door_for_what_it_prints() -> None:
    printing = re.compile(r"click\.echo|(?<!\.)\bprint\(|print_exc|stdout\.write|stderr\.write")
    for file in Path(netweight.__file__).parent.joinpath("cli").glob("*.py"):
        assert file.name == "streams.py" or not printing.search(file.read_text()), file


def test_without_a_stdout(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdout", None)
    with pytest.raises(UsageError, match="expected a stdout to write to"):
        out("a")
    monkeypatch.setattr(sys, "stderr", None)
    say("a")


def test_a_terminal_gets_lines_as_they_come() -> None:
    leader, follower = pty.openpty()
    with subprocess.Popen([sys.executable, "-m", "netweight", "mlp", "-q"], stdout=follower, stderr=follower) as child:
        os.close(follower)
        assert os.read(leader, 65536).startswith(b"mlp at 1x5 ")
        assert child.wait() == 0
    os.close(leader)
