"""Stored graphs and reports that contradict themselves are refused; those that were written are read back."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import netweight
from netweight.cli.main import run
from netweight.errors import FormatError
from netweight.ir.serial import graph_to_json
from netweight.results.from_json import profile_from_dict


def _report() -> Any:
    return json.loads(netweight.weigh("alexnet").to_json())


def _graph() -> Any:
    return json.loads(graph_to_json(netweight.capture("alexnet")))


def _negative_total(data: Any) -> None:
    data["totals"]["macs"] = -1


def _negative_row(data: Any) -> None:
    data["layers"][2]["ops_total"] = -1


def _negative_memory(data: Any) -> None:
    data["activations"]["lecture"]["peak_bytes"] = -5


def _negative_size(data: Any) -> None:
    data["layers"][1]["input_shapes"][0][0] = -1


def _larger_total(data: Any) -> None:
    data["totals"]["params"] += 1


def _row_less(data: Any) -> None:
    del data["layers"][1]


def _larger_module(data: Any) -> None:
    data["modules"][0]["macs"] += 1


def _longer_module(data: Any) -> None:
    data["modules"][0]["layers"] += 1


@pytest.mark.parametrize(
    "spoil",
    [
        _negative_total, _negative_row, _negative_memory, _negative_size, _larger_total, _row_less, _larger_module,
        _longer_module,
    ],
)  # fmt: skip
def test_a_report_that_contradicts_itself_is_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], spoil: Callable[[Any], None]
) -> None:
    data = _report()
    profile_from_dict(data)
    spoil(data)
    with pytest.raises(FormatError, match="agrees with itself"):
        profile_from_dict(data)
    path = tmp_path / "report.json"
    path.write_text(json.dumps(data))
    assert run([str(path)]) == 2
    assert "agrees with itself" in capsys.readouterr().err


@pytest.mark.parametrize("at", [0, 1])
def test_a_graph_of_negative_sizes_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str], at: int) -> None:
    data = _graph()
    data["values"][at]["shape"][0] = -96
    path = tmp_path / "graph.json"
    path.write_text(json.dumps(data))
    assert run([str(path)]) == 2
    assert "not negative" in capsys.readouterr().err


@pytest.mark.parametrize("name", ["alexnet", "resnet50", "mobilenet_v1"])
def test_what_was_written_is_read_back(name: str) -> None:
    profile = netweight.weigh(name, optimizer="adam")
    assert profile_from_dict(json.loads(profile.to_json())).totals == profile.totals
