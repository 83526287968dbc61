"""``netweight latency``: what it prints and what it refuses."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from netweight.cli.main import run as command
from netweight.report.latency.seconds import seconds

Captured = pytest.CaptureFixture[str]


def run(capsys: Captured, *args: str) -> tuple[int, str, str]:
    code = command(["latency", *args])
    printed = capsys.readouterr()
    return code, printed.out, printed.err


def test_the_last_line_stands_alone(capsys: Captured) -> None:
    code, out, _ = run(capsys, "alexnet", "--device", "h100-sxm")
    assert code == 0
    assert out.splitlines()[-1] == (
        "alexnet on h100-sxm, 1 at once: at least 76.0 us with perfect overlap, 91.9 us kernel by kernel "
        "(bound, memory-bound as a whole)"
    )


def test_json_has_raw_seconds_and_bytes(capsys: Captured) -> None:
    code, out, _ = run(capsys, "alexnet", "--device", "h100-sxm", "--format", "json")
    found = json.loads(out)
    assert (code, found["schema"]) == (0, "netweight/latency/1")
    assert found["layers"][0]["layer"] == "conv1"
    assert found["totals"]["compute_s"] == pytest.approx(found["totals"]["ops_total"] / 66.9e12)


@pytest.mark.parametrize(
    ("args", "message"),
    [
        (["--device", "h10"], "did you mean h100"),
        ([], "--device"),
        (["--device", "h100", "--precision", "fp33"], "did you mean fp32"),
        (["--device", "h100-sxm", "--batch", "0"], "batch"),
    ],
)
def test_bad_input(capsys: Captured, args: list[str], message: str) -> None:
    code, out, err = run(capsys, "alexnet", *args)
    assert (code, out) == (2, "")
    assert message in err


def test_seconds_have_three_digits() -> None:
    assert [seconds(x) for x in (9.996e-3, 0.9996, 0.99949, 99.96e-6, 3600.0, 5e-11)] == [
        "10.0 ms", "1.00 s", "999 ms", "100 us", "3,600 s", "0.05 ns",
    ]  # fmt: skip


def test_markdown_ends_in_sums_and_the_traffic_split(capsys: Captured) -> None:
    """AlexNet in fp32: 60,965,224 numbers of 4 bytes are 244 MB of weights; the bounds add up to 91.9 us."""
    code, out, _ = run(capsys, "alexnet", "--device", "h100-sxm", "--format", "markdown")
    lines = out.splitlines()
    assert code == 0
    assert "| fc6 | 75.5 M | 151 MB | 53.2 kB | 45.1 us | 49.1 | memory |" in lines
    assert "| **total** | **1.46 G** | **244 MB** | **10.7 MB** | **91.9 us** | **100.0** | **memory** |" in lines
    assert "- traffic: 244 MB of weights, 10.7 MB of activations" in lines
    assert len({line.count("|") for line in lines if line.startswith("|")}) == 1


def test_throughput_as_markdown_has_a_row_for_each_size(capsys: Captured) -> None:
    code, out, _ = run(capsys, "alexnet", "--device", "h100-sxm", "--throughput", "1,8", "--format", "markdown")
    rows = [line for line in out.splitlines() if line.startswith("|")]
    assert (code, rows[2:]) == (0, ["| 1 | 76.0 us | 13,162 | memory |", "| 8 | 174 us | 45,967 | compute |"])


def test_a_file_of_markdown_is_the_same(capsys: Captured, tmp_path: Path) -> None:
    assert run(capsys, "alexnet", "--device", "h100-sxm", "-o", str(tmp_path / "a.md"))[0] == 0
    _, out, _ = run(capsys, "alexnet", "--device", "h100-sxm", "--format", "markdown")
    assert (tmp_path / "a.md").read_text() == out
