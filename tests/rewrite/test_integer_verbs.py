"""Every verb takes a quantised model as it runs or as it is written; reports keep what became of it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

import netweight
from netweight.cli.main import cli
from netweight.errors import NetweightError, UsageError
from netweight.results.from_json import profile_from_dict
from rewrite.pairs import Model, onnx


def model() -> Any:
    m = Model()
    x = m.pair(m.input("x", 1, 4, 6, 6))
    y = m.op("Conv", x, m.weight("w", 4, 4, 3, 3), to="conv", pads=[1] * 4)
    y = m.op("Erf", m.pair(m.op("Relu", y, to="relu"), zero=0), to="erf")
    return m.proto(m.pair(y))


@pytest.fixture
def file(tmp_path: Path) -> str:
    onnx.save(model(), tmp_path / "q.onnx")
    return str(tmp_path / "q.onnx")


def printed(*args: str) -> str:
    done = CliRunner().invoke(cli, args)
    assert done.exit_code == 0, done.output
    return str(done.output)


RUNS, WRITTEN = "1 kernel of integers in the place of 3 conversions", "as the model is written"


def test_a_report_says_which_it_is(file: str) -> None:
    assert RUNS in printed("show", file)
    assert WRITTEN not in printed("show", file)
    assert WRITTEN in printed("show", file, "--as-written")
    assert RUNS not in printed("show", file, "--as-written")


def test_memory_and_run_have_the_flag(file: str) -> None:
    """Alive at erf: its input and its output in floating numbers, 2 * 4 * 144; as integers, 144 beside 4 * 144."""
    memory, written = (netweight.memory(file, as_written=flag).conventions["liveness"] for flag in (False, True))
    assert memory.peak_bytes == written.peak_bytes == 2 * 4 * 144
    assert netweight.memory(model()).conventions["liveness"].kernels == memory.kernels
    assert RUNS in printed("run", file)
    assert RUNS not in printed("run", file, "--as-written")


def test_explain_shows_what_is_in_a_kernel(file: str) -> None:
    text = printed("explain", file, "conv")
    assert "kernel of integers  ONNX Runtime, TensorRT, OpenVINO, TensorFlow Lite" in text
    assert "operators in it     conv conv, relu" in text
    assert "conversions in it   x_dq, conv.dequantize, relu_q" in text
    assert "= 4 * 4 * 3 * 3 * 6 * 6" in text
    assert "kernel of integers" in printed("explain", file, "conv.requantize")
    assert "kernel of integers" not in printed("explain", file, "erf")
    assert "kernel of integers" not in printed("explain", file, "conv.conv", "--as-written")
    data = json.loads(printed("explain", file, "conv", "--format", "json"))
    assert data["kernels"][0]["also"] == ["relu"]


def test_what_became_of_it_is_in_json(file: str) -> None:
    profile = netweight.weigh(file)
    data = json.loads(profile.to_json())
    assert [kernel["op"] for kernel in data["integer"]["kernels"]] == ["conv"]
    assert data["integer"]["alone"] == [{"layer": "erf", "op": "erf", "why": "no runtime has erf in integers"}]
    assert profile_from_dict(data).integer == profile.integer
    assert "integer" not in json.loads(netweight.weigh(file, as_written=True).to_json())
    assert "integer" not in json.loads(netweight.weigh("lenet5").to_json())


def test_an_onnx_file_is_written_with_its_conversions(file: str, tmp_path: Path) -> None:
    netweight.export(file, tmp_path / "again.onnx")
    again, before = netweight.weigh(tmp_path / "again.onnx"), netweight.weigh(file)
    assert again.totals == before.totals
    assert again.integer is not None


def test_a_graph_is_written_as_it_runs_or_as_it_is_written(file: str, tmp_path: Path) -> None:
    for flag in (False, True):
        netweight.export(file, tmp_path / "graph.json", as_written=flag)
        assert netweight.weigh(tmp_path / "graph.json").totals == netweight.weigh(file, as_written=flag).totals


def test_bits_change_what_is_floating_alone(file: str) -> None:
    at_16, plain = netweight.weigh(file, bits=16), netweight.weigh(file)
    assert at_16.totals.weight_dtypes == plain.totals.weight_dtypes
    assert at_16.activations["liveness"].peak_bytes == 2 * 2 * 144
    assert at_16.totals.macs == plain.totals.macs


def test_a_stored_report_is_of_one_kind(file: str, tmp_path: Path) -> None:
    path = tmp_path / "report.json"
    path.write_text(netweight.weigh(file).to_json())
    with pytest.raises(UsageError, match="as_written"):
        netweight.weigh(path, as_written=True)


def test_a_flag_that_is_none_is_refused() -> None:
    for verb in (netweight.weigh, netweight.run, netweight.explain, netweight.capture, netweight.memory):
        with pytest.raises(UsageError, match="as_written: expected True or False, got 'yes'"):
            verb(model(), as_written="yes")


def test_files_that_contradict_themselves_are_refused() -> None:
    """Scales and zero points that are too many, of another type, or missing: an error of ours, or figures."""
    proto = model()
    outcomes: list[int | None] = []
    for at in range(len(proto.graph.initializer)):
        for change in ("float_data", "int32_data", "dims", "gone"):
            broken = type(proto)()
            broken.CopyFrom(proto)
            stored = broken.graph.initializer[at]
            if change == "gone":
                del broken.graph.initializer[at]
            elif change == "dims":
                stored.dims.append(3)
            else:
                stored.data_type = 1 if change == "float_data" else 6
            found = [figures(broken, as_written=flag) for flag in (False, True)]
            outcomes.append(found[0])
            assert found[0] == found[1]
    assert 0 < outcomes.count(None) < len(outcomes)


def figures(proto: Any, *, as_written: bool) -> int | None:
    """MACs of a model, None if it is refused."""
    try:
        return int(netweight.weigh(proto, as_written=as_written).totals.macs)
    except NetweightError:
        return None
