"""Several writers of one file, writers that are ended, links and modes: whole old or whole new, and nothing left."""

from __future__ import annotations

import os
import signal
import stat
import subprocess
import sys
import threading
import time
from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import numpy_helper

import netweight
from netweight.cli.main import run
from netweight.files import alone_in, write_text

_GRAPH = netweight.capture("lenet5")


def _weights(seed: int) -> dict[str, np.ndarray]:
    return netweight.initialize(_GRAPH, seed=seed)


def _seed_of(path: Path) -> int:
    """Which of the writers wrote all weights of a model, those beside it included."""
    model = onnx.load(path)
    found = {stored.name: numpy_helper.to_array(stored) for stored in model.graph.initializer}
    for seed in range(8):
        expected = _weights(seed)
        if all((array == expected[name]).all() for name, array in found.items() if name in expected):
            return seed
    raise AssertionError("weights of several writers")


@pytest.mark.parametrize("external", [True, False])
def test_several_exports_to_one_path_leave_one_whole_set(external: bool, tmp_path: Path) -> None:
    path = tmp_path / "x.onnx"
    for _ in range(3):
        together = threading.Barrier(4)

        def export(seed: int, together: threading.Barrier = together) -> None:
            together.wait()
            netweight.export(_GRAPH, path, weights=_weights(seed), external=external)

        threads = [threading.Thread(target=export, args=(seed,)) for seed in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert _seed_of(path) in range(4)
    expected = ["x.onnx", "x.onnx.data"] if external else ["x.onnx"]
    assert sorted(file.name for file in tmp_path.iterdir()) == expected


def test_processes_wait_for_each_other_too(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "netweight", "export", "lenet5", "-o", "x.onnx", "--external", "--seed"]
    children = [subprocess.Popen([*command, str(seed)], cwd=tmp_path, stdout=subprocess.PIPE) for seed in range(3)]
    for child in children:
        child.communicate(timeout=100)
        assert child.returncode == 0
    assert _seed_of(tmp_path / "x.onnx") in range(3)
    assert len(list(tmp_path.iterdir())) == 2


def test_a_folder_is_locked_and_nothing_is_in_it(tmp_path: Path) -> None:
    order = []

    def second() -> None:
        with alone_in(tmp_path):
            order.append("second")

    thread = threading.Thread(target=second)
    with alone_in(tmp_path):
        thread.start()
        time.sleep(0.2)
        order.append("first")
    thread.join()
    assert order == ["first", "second"]
    assert not list(tmp_path.iterdir())
    with alone_in(tmp_path / "nowhere"):
        pass


def test_several_reports_to_one_path_leave_one(tmp_path: Path) -> None:
    texts = [str(number) * 100_000 for number in range(5)]
    threads = [threading.Thread(target=write_text, args=(tmp_path / "x", text)) for text in texts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (tmp_path / "x").read_text() in texts
    assert len(list(tmp_path.iterdir())) == 1


_SLOW = """
import os, sys, time
from netweight import files
def slow(number):
    os.write(1, b"writing\\n")  # stdout itself may go elsewhere meanwhile
    time.sleep(60)
files.os.fsync = slow
from netweight.cli import main
main(sys.argv[1:])
"""


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
@pytest.mark.parametrize(
    "arguments",
    [["lenet5", "-o", "x.json"], ["export", "lenet5", "-o", "x.onnx"], ["run", "lenet5", "-o", "x.npz"],
     ["export", "lenet5", "-o", "x.onnx", "--external"]],
    ids=["show", "export", "run", "external"],
)  # fmt: skip
def test_a_writer_that_is_ended_leaves_the_old_file_and_nothing_else(
    arguments: list[str], number: signal.Signals, tmp_path: Path
) -> None:
    name = arguments[arguments.index("-o") + 1]
    (tmp_path / name).write_text("old")
    command = [sys.executable, "-c", _SLOW, *arguments]
    with subprocess.Popen(command, cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as child:
        assert child.stdout is not None
        assert child.stdout.readline() == b"writing\n"
        child.send_signal(number)
        assert child.wait(timeout=60) == 128 + number
    assert (tmp_path / name).read_text() == "old"
    assert [file.name for file in tmp_path.iterdir()] == [name]


@pytest.mark.parametrize(
    ("arguments", "name"),
    [
        (["lenet5", "-o", "{}"], "x.json"), (["lenet5", "-o", "{}"], "x.md"), (["run", "lenet5", "-o", "{}"], "x.npz"),
        (["export", "lenet5", "-o", "{}"], "x.onnx"), (["export", "lenet5", "-o", "{}"], "y.json"),
        (["export", "lenet5", "--external", "-o", "{}"], "z.onnx"),
    ],
)  # fmt: skip
def test_links_and_modes_are_respected(arguments: list[str], name: str, tmp_path: Path) -> None:
    """A symbolic link stays one, its target is written and keeps its mode; another name of a file keeps the old."""
    real, link, other = tmp_path / "real", tmp_path / name, tmp_path / "other"
    real.write_text("old")
    real.chmod(0o640)
    other.hardlink_to(real)
    link.symlink_to(real)
    assert run([part.format(link) for part in arguments]) == 0
    assert link.is_symlink()
    assert real.stat().st_size > 10
    assert stat.S_IMODE(real.stat().st_mode) == 0o640
    assert other.read_text() == "old"


@pytest.mark.parametrize(
    "arguments",
    [
        ["lenet5", "-o", "x.json", "--convention", "nothing"], ["lenet5", "-o", "x.json", "-o", "nowhere/y.md"],
        ["export", "lenet5", "-o", "x.onnx", "--bits", "8"], ["export", "lenet5", "-o", "x.onnx", "--seed", "-1"],
        ["run", "lenet5", "-o", "x.npz", "--limit", "steps=1"], ["run", "lenet5", "-o", "x.npy", "--input", "1x2"],
        ["export", "nothing", "-o", "x.onnx"], ["export", "lenet5", "-o", "nowhere/x.onnx", "--external"],
    ],
    ids=" ".join,
)  # fmt: skip
def test_a_command_that_fails_leaves_nothing(
    arguments: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert run(arguments) == 2
    assert not [name for name in os.listdir(tmp_path) if name.endswith(".part")]  # noqa: PTH208
