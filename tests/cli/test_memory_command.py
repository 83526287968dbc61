"""``netweight memory``: formats, files, and what is refused."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

import netweight as package
from netweight.cli.main import run

Captured = pytest.CaptureFixture[str]


def netweight(capsys: Captured, *arguments: str) -> tuple[int, str, str]:
    code = run(["memory", *arguments])
    out, err = capsys.readouterr()
    return code, out, err


def test_what_python_says_is_what_is_printed(capsys: Captured) -> None:
    found = package.memory("lenet5", bits=8)
    assert netweight(capsys, "lenet5", "--bits", "8") == (0, str(found) + "\n", "")
    assert netweight(capsys, "lenet5", "--bits", "8", "--format", "csv")[1] == found.to_csv()
    assert json.loads(netweight(capsys, "lenet5", "--bits", "8", "--format", "json")[1]) == found.to_dict()
    assert netweight(capsys, "lenet5", "--bits", "8", "--format", "svg")[1] == found.to_svg()


def test_flags_change_what_they_say(capsys: Captured) -> None:
    plain = json.loads(netweight(capsys, "lenet5", "--format", "json")[1])["conventions"]
    batch = json.loads(netweight(capsys, "lenet5", "--batch", "3", "--format", "json")[1])["conventions"]
    larger = json.loads(netweight(capsys, "lenet5", "--input", "3x1x32x32", "--format", "json")[1])["conventions"]
    assert batch["liveness"]["peak_bytes"] == 3 * plain["liveness"]["peak_bytes"] == larger["liveness"]["peak_bytes"]
    one = json.loads(netweight(capsys, "lenet5", "--convention", "inplace", "--format", "json")[1])["conventions"]
    assert one == {"inplace": plain["inplace"]}
    written = netweight(capsys, "lenet5", "--as-written", "--format", "json")[1]
    assert json.loads(written)["as_written"] is True
    assert len(json.loads(written)["conventions"]["liveness"]["steps"]) > len(plain["liveness"]["steps"])


def test_files_and_stdout(capsys: Captured, tmp_path: Path) -> None:
    names = [tmp_path / f"peak{suffix}" for suffix in (".json", ".csv", ".svg", ".txt")]
    flags = [word for name in names for word in ("-o", str(name))]
    assert netweight(capsys, "lenet5", *flags) == (0, "", "")
    found = package.memory("lenet5")
    texts = [name.read_text() for name in names]
    assert texts == [found.to_json() + "\n", found.to_csv(), found.to_svg(), found.to_text()]
    assert netweight(capsys, "lenet5", "-o", str(names[0]), "--format", "csv")[1] == found.to_csv()


@pytest.mark.parametrize(
    ("arguments", "message", "fix"),
    [
        (
            ["lenet5", "--convention", "livness"],
            "error[E102]: no activation convention is called 'livness'",
            "liveness",
        ),
        (["lenet5", "--convention", "zzz"], "error[E102]: no activation convention is called 'zzz'", "training"),
        (["lenet5", "--format", "yaml"], "error[E101]: format: expected table, json, csv or svg, got 'yaml'", ""),
        (["lenet5", "-o", "x.png"], "error[E101]: output: expected a file name ending in .txt", "-o x.json"),
        (["lenet5", "--format", "json", "--units", "iec"], "error[E101]: units: expected raw for json", "leave it out"),
        (["lenet5", "-o", "x.csv", "--units", "si"], "error[E101]: units: expected raw for csv", "leave it out"),
        (["lenet5", "--bits", "99"], "error[E101]: bits: expected a width from 1 to 64, got 99", ""),
        (["lenet5", "--batch", "0"], "error[E101]: batch: expected at least 1 sample, got 0", ""),
        (["lenet5", "--input", "1x1xlarge"], "error[E101]: input: expected [NAME:]SHAPE", ""),
        (["lenet"], "error[E102]:", "lenet5"),
        ([], "error[E101]: memory: expected MODEL, got none", "netweight memory mobilenet_v2"),
        (
            ["lenet5", "--convention", "training", "-o", "a.json", "-o", "x.svg"],
            "error[E101]: svg: expected",
            "liveness",
        ),
    ],
)
def test_refusals(
    capsys: Captured, arguments: list[str], message: str, fix: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    code, out, err = netweight(capsys, *arguments)
    assert (code, out) == (2, "")
    assert err.startswith(message)
    assert fix in err
    assert list(tmp_path.iterdir()) == []


def test_a_report_has_no_network_in_it(capsys: Captured, tmp_path: Path) -> None:
    report = tmp_path / "report.json"
    report.write_text(package.weigh("lenet5").to_json())
    code, out, err = netweight(capsys, str(report))
    assert (code, out) == (2, "")
    assert "memory: expected a network, got the report 'report.json'" in err


def test_a_stored_graph(capsys: Captured, tmp_path: Path) -> None:
    graph = tmp_path / "net.json"
    assert run(["export", "lenet5", "-o", str(graph)]) == 0
    capsys.readouterr()
    stored = json.loads(netweight(capsys, str(graph), "--format", "json")[1])["conventions"]
    assert stored["liveness"] == package.memory("lenet5").to_dict()["conventions"]["liveness"]
    assert stored["training"]["peak_bytes"] > 0
