"""From measuring to a prediction, on an engine whose laws are known."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
from tests.calibration.fakes import CACHE_BYTES, LAWS, FakeEngine, fake_speed, true_seconds

import netweight
from netweight.analysis.devices.detect import machine
from netweight.app import calibrate as verb
from netweight.calibration import measure, networks
from netweight.calibration import witnesses as checks
from netweight.calibration.predict import predict
from netweight.calibration.store import read, stored_at, write
from netweight.cli.main import run as command

pytest.importorskip("scipy")
Captured = pytest.CaptureFixture[str]


FAMILIES = ("calibration-residual", "calibration-separable", "calibration-stems", "calibration-dense-cached")


@pytest.fixture
def engine(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> FakeEngine:
    """It runs some of the families, and small networks."""
    fake = FakeEngine()
    families = tuple(graph for graph in networks.calibration_networks() if graph.name in FAMILIES)
    small = tuple(
        netweight.capture(name, (1, 3, size, size)) for name, size in (("mobilenet_v2", 64), ("mobilenet_v1", 96))
    )
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    monkeypatch.setattr(verb, "engine_of", lambda _name: fake)
    monkeypatch.setattr(networks, "calibration_networks", lambda: families)
    monkeypatch.setattr(checks, "witnesses", lambda: small)
    monkeypatch.setattr(verb, "speed_of", lambda _threads: fake_speed(fake))
    monkeypatch.setattr(measure, "initialize", lambda _graph: {})
    return fake


_KEPT: dict[str, str] = {}
"""Text of a calibration that was made once."""


@pytest.fixture
def calibrated(engine: FakeEngine, tmp_path: Path) -> Path:
    """A stored calibration of the engine, made by the command once."""
    path = tmp_path / "netweight" / "calibrations" / "onnxruntime-1.json"
    if not _KEPT:
        assert netweight.calibrate("onnxruntime").path == path
        _KEPT["text"] = path.read_text(encoding="utf-8")
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(_KEPT["text"], encoding="utf-8")
    return path


def test_laws_are_found_again_through_the_file(calibrated: Path) -> None:
    stored = read(calibrated)
    graph = netweight.capture("mobilenet_v1", (1, 3, 160, 160))
    true = dict(true_seconds(graph, "onnxruntime"))
    expected = predict(graph, stored)
    assert true.pop("flatten") > 0  # views, of which these families have none
    for work, one in zip(expected.works, expected.kernels, strict=True):
        if work.is_free:
            continue
        assert one.seconds == pytest.approx(true[work.node.layer], rel=0.15), work.node.layer
        assert one.low_s <= one.seconds <= one.high_s
    assert expected.seconds == pytest.approx(sum(true.values()), rel=0.05)
    assert stored.whole.error < 0.05
    fitted = stored.laws["3x3 convolution"].law
    assert fitted.ops_per_second == pytest.approx(LAWS["3x3 convolution"].ops_per_second, rel=0.1)


def test_what_kernels_do_not_tell_is_in_the_factor_of_whole_networks(engine: FakeEngine, calibrated: Path) -> None:
    stored = read(calibrated)
    engine.slower = 1.25
    small = tuple(checks.witnesses())
    whole = measure.measured_whole(
        engine, small, dict(stored.laws), threads=1, cache_bytes=CACHE_BYTES, speed=fake_speed(engine)
    )
    assert whole.factor == pytest.approx(1.25, rel=0.05)
    graph = netweight.capture("mobilenet_v1", (1, 3, 160, 160))
    true = sum(seconds for _, seconds in true_seconds(graph, "onnxruntime"))
    assert predict(graph, replace(stored, whole=whole)).seconds == pytest.approx(1.25 * true, rel=0.05)


@pytest.mark.usefixtures("engine")
def test_without_a_calibration_there_is_no_prediction(capsys: Captured) -> None:
    assert command(["latency", "mobilenet_v1"]) == 2
    assert "netweight calibrate --engine onnxruntime" in capsys.readouterr().err


def test_the_commands(calibrated: Path, monkeypatch: pytest.MonkeyPatch, capsys: Captured, tmp_path: Path) -> None:
    stored = read(calibrated)
    calibrated.unlink()
    monkeypatch.setattr(verb, "measured", lambda *_: stored)
    path = tmp_path / "c.json"
    assert command(["calibrate", "-o", str(path)]) == 0
    printed = capsys.readouterr().out
    assert "onnxruntime 1.2.3" in printed
    assert "3x3 convolution" in printed
    write(read(path), stored_at("onnxruntime", 1))
    assert command(["latency", "mobilenet_v1", "--format", "json"]) == 0
    found = json.loads(capsys.readouterr().out)
    estimate = found["estimates"][0]
    assert estimate["kind"] == "predicted"
    assert estimate["low_s"] <= estimate["latency_s"] <= estimate["high_s"]
    assert sum(row["predicted_s"] for row in found["layers"]) == pytest.approx(estimate["latency_s"])
    assert command(["latency", "mobilenet_v1"]) == 0
    text = capsys.readouterr().out
    assert "predicted (onnxruntime 1.2.3, threads: 1)" in text
    assert "80 % interval" in text
    cores = machine().cores
    assert (f"the bound is that of {cores} cores, the prediction that of 1 thread" in text) == (cores > 1)


@pytest.mark.usefixtures("calibrated")
def test_what_no_law_covers_has_none_and_the_whole_says_so() -> None:
    found = netweight.latency("googlenet", engine="onnxruntime")
    rows = {row.layer: row for row in found.layers}
    without = [row for row in rows.values() if row.predicted_s is None]
    assert {row.op for row in without} == {"concat", "local_response_norm"}
    assert found.estimates == ()
    assert any("no prediction of the whole" in note and "no law of concat" in note for note in found.notes)


@pytest.mark.usefixtures("calibrated")
def test_integers_are_not_what_was_measured() -> None:
    found = netweight.latency("mobilenet_v1", engine="onnxruntime", bits=8)
    assert found.estimates == ()
    assert any("not of int8" in note for note in found.notes)


@pytest.mark.usefixtures("calibrated")
def test_another_version_of_the_engine_is_refused(engine: FakeEngine, capsys: Captured) -> None:
    engine._version = "9.9"
    assert command(["latency", "mobilenet_v1", "--engine", "onnxruntime"]) == 2
    said = capsys.readouterr().err
    assert "version of the engine: 1.2.3 when it was measured, 9.9 now" in said
    assert "netweight calibrate --engine onnxruntime" in said


@pytest.mark.usefixtures("engine")
@pytest.mark.parametrize(
    ("args", "message"),
    [
        (["latency", "mobilenet_v1", "--device", "h100-sxm", "--engine", "onnxruntime"], "this machine alone"),
        (["latency", "mobilenet_v1", "--engine", "onnxruntime", "--training"], "expected inference"),
        (["latency", "mobilenet_v1", "--engine", "onnxruntime", "--as-written"], "decides what runs as one kernel"),
        (["latency", "mobilenet_v1", "--engine", "torch"], "a calibration of torch on this machine"),
        (["latency", "mobilenet_v1", "--calibration", "missing.json"], "expected to read 'missing.json'"),
        (["calibrate", "--engine", "onnxruntim"], "onnxruntime"),
        (["calibrate", "--engine", "litert"], "engines that can be calibrated: onnxruntime, openvino, torch"),
        (["calibrate", "-o", "missing/c.json"], "expected an existing folder, got 'missing'"),
        (["calibrate", "--threads", "0"], "expected 1 to 1024 threads, got 0"),
    ],
)
def test_refusals(capsys: Captured, args: list[str], message: str) -> None:
    assert command(args) == 2
    assert message in capsys.readouterr().err


def test_a_calibration_measured_under_load_says_so(calibrated: Path, capsys: Captured) -> None:
    write(replace(read(calibrated), disturbed=("other programs used 60 % of the cores",)), calibrated)
    notes = netweight.latency("mobilenet_v1", calibration=str(calibrated)).notes
    assert "while the calibration was measured, other programs used 60 % of the cores" in notes
    assert command(["latency", "mobilenet_v1"]) == 0
    assert "other programs used 60 % of the cores" in capsys.readouterr().out


def test_the_interval_of_the_whole_is_that_of_whole_networks(calibrated: Path) -> None:
    found = read(calibrated)
    wide = replace(found, whole=replace(found.whole, low=0.5, high=3.0))
    expected = predict(netweight.capture("mobilenet_v1"), wide)
    assert expected.seconds is not None
    assert (expected.low_s, expected.high_s) == pytest.approx((0.5 * expected.seconds, 3 * expected.seconds))


def test_profiles_in_which_others_took_turns_are_scaled_to_the_call(engine: FakeEngine) -> None:
    graphs = [graph for graph in networks.calibration_networks() if graph.name == "calibration-stems"]
    plain = measure.measured_samples(engine, graphs, threads=1, cache_bytes=CACHE_BYTES, speed=fake_speed(engine))
    engine.slower = 0.5  # a call takes half of what the profile says
    halves = measure.measured_samples(engine, graphs, threads=1, cache_bytes=CACHE_BYTES, speed=fake_speed(engine))
    assert [one.seconds for one in halves] == pytest.approx([one.seconds / 2 for one in plain])


def test_a_larger_batch_than_the_fitted_one_is_said(calibrated: Path) -> None:
    of = {"calibration": str(calibrated)}
    one = netweight.latency("mobilenet_v1", **of).notes
    assert not [note for note in one if "batch 1" in note]
    four = netweight.latency("mobilenet_v1", batch=4, **of).notes
    curve = netweight.throughput("mobilenet_v1", batch=(1, 2, 4), **of).notes
    for notes in (four, curve):
        assert len([note for note in notes if "fitted to networks at batch 1" in note]) == 1
