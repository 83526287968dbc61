"""Devices, pipes, directories, links to them, and JSON of another kind, in every command and on every way in."""

from __future__ import annotations

import json
import os
import resource
import socket
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

import netweight
from netweight import limits
from netweight.array_files import read_arrays
from netweight.cli.main import run
from netweight.errors import FormatError, UnknownNameError, UsageError
from netweight.given_files import read_json

_MEGABYTE = 1 << 20


def _pipe(path: Path) -> None:
    os.mkfifo(path)


def _directory(path: Path) -> None:
    path.mkdir()


def _device(path: Path) -> None:
    path.symlink_to("/dev/zero")


def _random(path: Path) -> None:
    path.symlink_to("/dev/random")


def _linked_pipe(path: Path) -> None:
    os.mkfifo(path.with_name("pipe"))
    path.symlink_to("pipe")


def _circle(path: Path) -> None:
    path.symlink_to(path.name)


def _socket(path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as made:
        made.bind(os.path.relpath(path))


def _nowhere(path: Path) -> None:
    path.symlink_to("nothing")


_KINDS = [_pipe, _directory, _device, _random, _linked_pipe, _circle, _socket, _nowhere]
_WAYS = {
    "onnx": ["{}"],
    "json": ["{}"],
    "py": ["{}:Net"],
    "npy": ["lenet5", "--input", "{}"],
    "npz": ["lenet5", "--input", "x:{}"],
    "config.json": ["hf:{}"],
}


@pytest.mark.parametrize("make", _KINDS, ids=lambda make: make.__name__)
@pytest.mark.parametrize("suffix", _WAYS)
@pytest.mark.parametrize("command", ["show", "explain", "run", "export"])
def test_refused_at_once(
    command: str, suffix: str, make: Callable[[Path], None], tmp_path: Path, capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    if suffix.startswith("np") and command != "run":
        pytest.skip("only run reads arrays")
    monkeypatch.chdir(tmp_path)
    make(Path(f"x.{suffix}"))
    arguments = [part.format(f"./x.{suffix}") for part in _WAYS[suffix]]
    others = {"explain": ["conv1"], "export": ["-o", "y.json"]}.get(command, [])
    assert run([command, *arguments, *others]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert "error[E10" in err
    assert "E100" not in err
    assert not Path("y.json").exists()


@pytest.mark.parametrize(
    "model", ["/dev/random", "/dev/zero", "/dev/tty", "/proc/self/mem", "/", "/dev/stdin", "hf:/dev/stdin"]
)
def test_places_of_the_system(model: str) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "netweight", model], stdin=subprocess.PIPE, capture_output=True, text=True,
        timeout=60, check=False,
    )  # fmt: skip
    assert done.returncode == 2
    assert "error[E107]" in done.stderr


_FOREIGN = {
    "empty lists": b"[" + b"[]," * _MEGABYTE + b"[]]",
    "empty objects": b'{"a": [' + b"{}," * _MEGABYTE + b"{}]}",
    "nested": b"[" * (3 * _MEGABYTE),
    "words": b'{"schema": "another/1", "x": "' + b"a" * (3 * _MEGABYTE) + b'"}',
    "brackets": b'{"schema": "netweight/graph/1", "values": [' + b"{}," * _MEGABYTE + b"{}]}",
    "reports without end": b'{"schema": "netweight/profile/1", "layers": [' + b"[]," * _MEGABYTE + b"[]]}",
    "zeros": bytes(3 * _MEGABYTE),
}


@pytest.mark.parametrize("content", _FOREIGN.values(), ids=_FOREIGN)
@pytest.mark.parametrize("prefix", ["", "hf:"])
def test_large_json_of_another_kind_is_refused_before_it_is_parsed(
    content: bytes, prefix: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "x.json"
    path.write_bytes(content)
    monkeypatch.setattr(json, "loads", lambda _: pytest.fail("it was parsed"))
    with pytest.raises(FormatError, match=r"expected a (graph or a report|config.json)|expected a readable config"):
        netweight.weigh(f"{prefix}{path}")


def test_a_file_beyond_the_limit_takes_no_memory(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "x.json"
    with path.open("wb") as file:
        file.truncate(1 << 40)  # takes no room on disk
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    assert run([str(path)]) == 2
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 10_000  # kB
    assert "expected JSON of at most 67.1 MB, got 1.10 TB" in capsys.readouterr().err


def test_the_limit_is_raised_and_lowered(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "x.json"
    path.write_text(netweight.weigh("lenet5").to_json())
    assert run([str(path), "--limit", "file=1kB"]) == 2
    error = capsys.readouterr().err
    assert f"fix: --limit file={path.stat().st_size}" in error
    assert run([str(path), "--limit", f"file={path.stat().st_size}", "-q"]) == 0
    with limits.raised(file=1000), pytest.raises(FormatError, match=r"at most 1\.00 kB"):
        netweight.weigh(path)
    assert netweight.weigh(path) == netweight.weigh("lenet5")


def test_a_large_report_of_ours_is_read_whatever_the_order_of_its_keys(tmp_path: Path) -> None:
    found = netweight.weigh("densenet264")
    path = tmp_path / "x.json"
    path.write_text(json.dumps(found.to_dict(), sort_keys=True, indent=8))
    assert path.stat().st_size > _MEGABYTE
    assert netweight.weigh(path) == found


def test_a_limit_that_is_none() -> None:
    with pytest.raises(UnknownNameError, match="no limit is called 'nothing'"), limits.raised(nothing=1):
        pass
    with pytest.raises(UsageError, match="units: expected a number"), limits.raised(file="much"):
        pass


def test_what_comes_before_an_object(tmp_path: Path) -> None:
    path = tmp_path / "x.json"
    path.write_bytes(b"\xef\xbb\xbf \n" + b'{"a": "' + b"b" * (2 * _MEGABYTE) + b'"}')
    assert set(read_json(path, mark=b'"a"', what="something")) == {"a"}


@pytest.mark.parametrize("header", ["(1099511627776,)", "(-1,)", "(1048576, 1048576, 1048576)"])
def test_an_array_that_is_smaller_than_it_says(header: str, tmp_path: Path) -> None:
    text = f"{{'descr': '<f4', 'fortran_order': False, 'shape': {header}}}".ljust(117) + "\n"
    path = tmp_path / "x.npy"
    path.write_bytes(b"\x93NUMPY\x01\x00" + len(text).to_bytes(2, "little") + text.encode())
    with pytest.raises(FormatError, match="expected arrays"):
        read_arrays(path)
