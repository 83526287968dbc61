"""Names of files and classes are shown as text, whatever is in them."""

from __future__ import annotations

import shlex
from pathlib import Path

import pytest
from PIL import Image

from netweight.cli.main import run


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    for name, grey in (("cat\x1b[31m", 0), ("dog", 255)):
        (tmp_path / name).mkdir()
        for index in range(10):
            Image.new("L", (8, 8), grey).save(tmp_path / name / f"{index}.png")
    (tmp_path / "dog" / "bad\x1b[2J.png").write_bytes(b"no picture")
    return tmp_path


def _run(command: str) -> int:
    return run(shlex.split(command))


def test_a_name_does_not_act_on_the_terminal(photos: Path, capsys: pytest.CaptureFixture[str]) -> None:
    train = f"train mlp:widths=64-4-2 --data {photos} --epochs 1"
    assert _run(train) == 2
    assert "why: dog/bad\\x1b[2J.png: in no form that Pillow reads\n" in capsys.readouterr().err
    assert _run(f"{train} --skip-bad -o {photos}/out") == 0
    shown = capsys.readouterr()
    assert "note: 1 left out: dog/bad\\x1b[2J.png: in no form that Pillow reads\n" in shown.out
    assert "\x1b" not in shown.out + shown.err
    checkpoint = f"{photos}/out/best.safetensors"
    assert _run(f"evaluate {checkpoint} --data {photos} --skip-bad") == 0
    shown = capsys.readouterr()
    assert "cat\\x1b[31m" in shown.out
    assert "\x1b" not in shown.out + shown.err


def test_the_limit_can_be_raised_where_it_is_met(photos: Path, capsys: pytest.CaptureFixture[str]) -> None:
    command = f"train mlp:widths=64-4-2 --data {photos} --skip-bad --epochs 1"
    assert _run(f"{command} --limit memory=1kB") == 2
    error = capsys.readouterr().err
    assert "expected at most 1.00 kB of pictures" in error
    fix = error.partition("fix: ")[2].strip()
    assert fix.startswith("--limit memory=")
    assert _run(f"{command} {fix}") == 0
