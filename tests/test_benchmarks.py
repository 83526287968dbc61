"""The benchmarks run and print their tables; how fast is for people to read, not for a test on a busy machine."""

import importlib.util
import re
import subprocess
import sys
from pathlib import Path

import pytest

BENCHMARKS = Path(__file__).parent.parent / "benchmarks"


def tables_of(script: str) -> list[list[list[str]]]:
    """Cells of every row of every Markdown table that the quick run prints, headings included."""
    command = [sys.executable, str(BENCHMARKS / script), "--quick"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr
    found = []
    for block in done.stdout.strip().split("\n\n"):
        lines = [[cell.strip() for cell in line.strip("|").split("|")] for line in block.splitlines()]
        assert all(len(line) == len(lines[0]) for line in lines)
        assert all(re.fullmatch(r"---:?", cell) for cell in lines[1])
        found.append([lines[0], *lines[2:]])
    return found


def test_weigh_zoo() -> None:
    zoo, chains = tables_of("weigh_zoo.py")
    assert [row[:2] for row in zoo[1:]] == [["lenet5", "12"], ["alexnet", "23"], ["**resnet50**", "175"]]
    assert [row[1] for row in chains[1:]] == ["100", "1000"]
    assert all(float(row[2]) > 0 for row in chains[1:])


def test_start() -> None:
    starts, imports = tables_of("start.py")
    commands = [row[0] for row in starts[1:]]
    assert {"`python -c pass`", "`netweight --help`", "`netweight alexnet`", "`netweight resnet50`"} <= set(commands)
    assert all(float(row[1]) > 0 for row in starts[1:])
    assert len(imports) == 1 + 15 + 1
    assert imports[-1][0].startswith("all ")


def test_conv_forms() -> None:
    (table,) = tables_of("conv_forms.py")
    forms = {(row[1], row[2]) for row in table[1:]}
    assert forms == {("forward", form) for form in ("loops", "im2col", "einsum")} | {
        ("backward", form) for form in ("im2col", "einsum")
    }
    assert all(float(row[6]) < 1e-5 for row in table[1:])
    peaks = {(row[0], row[1], row[2]): row[5] for row in table[1:]}
    for (layer, way, form), peak in peaks.items():
        if form == "einsum":  # im2col copies every window
            assert float(peak) < float(peaks[layer, way, "im2col"])


def test_flop_counter() -> None:
    if importlib.util.find_spec("torchvision") is None:
        pytest.skip("torchvision is not installed")
    (table,) = tables_of("flop_counter.py")
    assert [row[0] for row in table[1:]] == ["resnet18", "vit_b_16"]
    assert {(row[4], row[5]) for row in table[1:]} == {("0", "")}


@pytest.mark.parametrize("script", ["weigh_zoo.py", "start.py", "conv_forms.py"])
def test_rounds_must_be_positive(script: str) -> None:
    command = [sys.executable, str(BENCHMARKS / script), "--rounds", "0"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 2
    assert "--rounds: expected at least 1" in done.stderr


def test_memory() -> None:
    (table,) = tables_of("memory.py")
    assert [row[:2] for row in table[1:]] == [["chain", "500"], ["training", "500"]]
    assert all(row[2] == row[3] for row in table[1:])
