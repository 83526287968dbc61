"""``netweight energy``: what it prints and refuses."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import pytest

import netweight
from netweight.cli.main import run
from netweight.report.energy.text import joules

Captured = pytest.CaptureFixture[str]


def test_the_last_line_stands_alone(capsys: Captured) -> None:
    assert run(["energy", "alexnet"]) == 0
    assert capsys.readouterr().out.splitlines()[-1] == (
        "alexnet, 1 at once: 42.5 mJ to 44.1 mJ (modelled, horowitz45); arithmetic 3.34 mJ (3.33 mJ of it MACs), "
        "weights from DRAM 39.0 mJ, 12 times as much, 954,048 operations without a price not counted"
    )


def test_files(capsys: Captured, tmp_path: Path) -> None:
    files = [tmp_path / "e.json", tmp_path / "e.csv", tmp_path / "e.txt"]
    assert run(["energy", "lenet5", *[arg for file in files for arg in ("-o", str(file))]]) == 0
    assert capsys.readouterr().err.count("wrote") == 3
    found = json.loads(files[0].read_text())
    assert (found["schema"], found["kind"], found["metered"]["status"]) == (
        "netweight/energy/1",
        "modelled",
        "not asked for",
    )
    rows = list(csv.DictReader(files[1].read_text().splitlines()))
    assert sum(float(row["low_j"]) for row in rows) == pytest.approx(found["totals"]["low_j"])
    assert "prices: Horowitz 2014" in files[2].read_text()


def test_rates_are_the_users_with_their_source(capsys: Captured) -> None:
    assert run(["energy", "alexnet", "--rate", "385 g CO2: IEA 2024", "--rate", "0.30 EUR/kWh: my bill"]) == 0
    out = capsys.readouterr().out
    whole = netweight.energy("alexnet").totals
    low = 1e6 * (whole.low_j or 0) / 3.6e6 * 385
    assert f"a million runs: {low:.3g} to" in out
    assert "385 g CO2 per kWh: IEA 2024" in out
    assert "0.3 EUR per kWh: my bill" in out


@pytest.mark.parametrize(
    ("flags", "message"),
    [
        (["--rate", "385 g CO2"], "with its source"),
        (["--rate", "385: IEA"], "with its source"),
        (["--rate", "0 g: IEA"], "with its source"),
        (["--table", "horowitz"], "did you mean horowitz45"),
        (["--on-chip", "some"], "some"),
        (["--batch", "0"], "batch"),
        (["--meter", "tpu"], "tpu"),
        (["--seconds", "0"], "seconds above 0"),
        (["-o", "x.svg"], "a file name ending in"),
    ],
)
def test_bad_input(capsys: Captured, flags: list[str], message: str) -> None:
    assert run(["energy", "lenet5", *flags]) == 2
    printed = capsys.readouterr()
    assert printed.out == ""
    assert message in printed.err


def test_joules_have_three_digits() -> None:
    assert [joules(x) for x in (9.996e-3, 0.99949, 5e-15, -2e-3)] == ["10.0 mJ", "999 mJ", "0.01 pJ", "-2.00 mJ"]


def test_markdown_has_each_rate_and_escapes_what_a_user_says(capsys: Captured) -> None:
    """42.5 mJ a run: 10^6 * 0.0425 / 3.6e6 * 385 = 4.54 g."""
    rates = ("--rate", "385 g CO2: IEA | 2024", "--rate", "0.30 EUR: my bill")
    assert run(["energy", "alexnet", *rates, "--format", "markdown"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert "| **total** | **3.34 mJ** | **39.0 mJ** | **110 uJ** | **1.71 mJ** | **100.0** |" in lines
    said = [line for line in lines if line.startswith("- a million runs")]
    assert said[0].startswith("- a million runs: 4.54 to ")
    assert said[0].endswith(r"IEA \| 2024)")
    assert "EUR" in said[1]
    assert len(said) == 2
