"""Counters of energy: powercap as a fake tree, NVML as a fake module; a run whose clock and counter are fakes."""

from __future__ import annotations

import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

import netweight
from netweight.app import energy as verb
from netweight.errors import EngineError
from netweight.metering.found import meter
from netweight.metering.measure import Taken, taken
from netweight.metering.meter import Meter, Missing
from netweight.metering.rapl import rapl

ZONES = {"intel-rapl:0": "package-0", "intel-rapl:0:0": "core", "intel-rapl:0:1": "dram", "intel-rapl:1": "psys"}


def tree(root: Path, energy: dict[str, int], largest: int = 1_000_000) -> Path:
    for zone, name in ZONES.items():
        folder = root / "sys/class/powercap" / zone
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "name").write_text(f"{name}\n")
        (folder / "max_energy_range_uj").write_text(f"{largest}\n")
        (folder / "energy_uj").write_text(f"{energy.get(zone, 0)}\n")
    return root


def test_packages_and_memory_are_summed_and_nothing_twice(tmp_path: Path) -> None:
    found = rapl(tree(tmp_path, {"intel-rapl:0": 100, "intel-rapl:0:1": 10, "intel-rapl:0:0": 50}))
    assert isinstance(found, Meter)
    assert found.name == "RAPL package-0 + dram"
    assert found.read_j() == 0
    tree(tmp_path, {"intel-rapl:0": 300_100, "intel-rapl:0:1": 20_010, "intel-rapl:0:0": 90_000, "intel-rapl:1": 10**6})
    assert found.read_j() == pytest.approx(0.32)


def test_a_counter_that_begins_again(tmp_path: Path) -> None:
    found = rapl(tree(tmp_path, {"intel-rapl:0": 900_000}))
    assert isinstance(found, Meter)
    tree(tmp_path, {"intel-rapl:0": 100_000})
    assert found.read_j() == pytest.approx(0.2)
    tree(tmp_path, {"intel-rapl:0": 50_000})
    assert found.read_j() == pytest.approx(0.2 + 0.95)


def test_a_machine_without_a_counter(tmp_path: Path) -> None:
    found = meter("cpu", tmp_path)
    assert isinstance(found, Missing)
    assert "virtual machine hides it" in found.reason


def test_a_counter_that_only_root_may_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    tree(tmp_path, {})
    read = Path.read_text

    def closed(self: Path, *args: Any, **kwargs: Any) -> str:
        if self.name == "energy_uj":
            raise PermissionError(13, "Permission denied")
        return read(self, *args, **kwargs)

    monkeypatch.setattr(Path, "read_text", closed)
    found = rapl(tmp_path)
    assert isinstance(found, Missing)
    assert "sudo chmod a+r /sys/class/powercap/intel-rapl:0/energy_uj" in found.reason


def test_a_counter_that_says_no_number(tmp_path: Path) -> None:
    (tree(tmp_path, {}) / "sys/class/powercap/intel-rapl:0/energy_uj").write_text("many\n")
    found = rapl(tmp_path)
    assert isinstance(found, Missing)
    assert "intel-rapl:0 cannot be read" in found.reason


def fake_nvml(monkeypatch: pytest.MonkeyPatch, counts: list[int], *, broken: bool = False) -> None:
    class NVMLError(Exception):
        pass

    def energy(handle: int) -> int:
        if broken:
            raise NVMLError("Not Supported")
        return counts[handle]

    module = SimpleNamespace(
        NVMLError=NVMLError, nvmlInit=lambda: None, nvmlDeviceGetCount=lambda: len(counts),
        nvmlDeviceGetHandleByIndex=lambda at: at, nvmlDeviceGetTotalEnergyConsumption=energy,
    )  # fmt: skip
    monkeypatch.setitem(sys.modules, "pynvml", module)


def test_gpus(monkeypatch: pytest.MonkeyPatch) -> None:
    counts = [5000, 1000]
    fake_nvml(monkeypatch, counts)
    found = meter("gpu")
    assert isinstance(found, Meter)
    assert (found.name, found.read_j()) == ("NVML, 2 GPUs", 6.0)
    counts[0] = 7500
    assert found.read_j() == 8.5
    fake_nvml(monkeypatch, [])
    assert isinstance(meter("gpu"), Missing)
    fake_nvml(monkeypatch, [1], broken=True)
    refused = meter("gpu")
    assert isinstance(refused, Missing)
    assert "Not Supported" in refused.reason
    monkeypatch.setitem(sys.modules, "pynvml", None)
    absent = meter("gpu")
    assert isinstance(absent, Missing)
    assert "netweight[hw]" in absent.reason


class World:
    """Takes 10 W when idle and 30 W when busy; a call takes half a second."""

    def __init__(self) -> None:
        self.now = self.used = 0.0

    def sleep(self, seconds: float) -> None:
        self.now += seconds
        self.used += 10 * seconds

    def turn(self, seconds: float) -> int:
        calls = int(seconds / 0.5)
        self.now += calls * 0.5
        self.used += calls * 0.5 * 30
        return calls

    def clock(self) -> float:
        return self.now


def test_the_idle_machine_is_taken_off() -> None:
    world = World()
    found = taken(
        Meter(name="m", read_j=lambda: world.used), world.turn, seconds=4.0, clock=world.clock, sleep=world.sleep
    )
    assert isinstance(found, Taken)
    assert (found.calls, found.seconds, found.idle_watts, found.busy_watts) == (8, 4.0, 10.0, 30.0)
    assert found.energy_j == pytest.approx(20 * 0.5)


def test_a_counter_that_says_nothing_of_the_run_gives_a_reason_and_no_figure() -> None:
    world = World()

    def reason(read: Any, turn: Any = world.turn) -> str:
        found = taken(Meter(name="m", read_j=read), turn, seconds=4.0, clock=world.clock, sleep=world.sleep)
        assert isinstance(found, Missing)
        return found.reason

    def gone() -> float:
        raise PermissionError(13, "gone")

    def no_call(seconds: float) -> int:
        world.turn(seconds)
        return 0

    assert "did not move" in reason(lambda: 5.0)
    assert "cannot be read any more" in reason(gone)
    assert "no call ended within 4 s" in reason(lambda: world.used, no_call)

    def cool(seconds: float) -> int:
        world.now += seconds
        world.used += 5 * seconds
        return 1

    assert "no more than the idle machine before it: 5.0 W and 10.0 W" in reason(lambda: world.used, cool)


def test_the_network_that_is_measured_is_the_one_that_is_priced(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[Any] = []

    def refuse(_verb: str, _model: Any, inputs: Any, *_: Any, **more: Any) -> Any:
        asked.append((inputs, more))
        raise EngineError("engine: not today")

    monkeypatch.setattr("netweight.app.prepared.prepared", refuse)
    monkeypatch.setattr(verb, "meter", lambda _: Meter(name="m", read_j=lambda: 0.0))
    found = netweight.energy("lenet5", (4, 1, 32, 32), measure=True)
    assert (found.metered.status, found.metered.reason) == ("unavailable", "engine: not today")
    assert asked == [((4, 1, 32, 32), {"batch": None, "dims": None})]
    for options in ({"bits": 8}, {"training": True}):
        refused = netweight.energy("lenet5", measure=True, **options).metered
        assert refused.status == "unavailable"
        assert "as it is" in refused.reason
    assert len(asked) == 1


def test_nothing_is_measured_unless_it_is_asked_for_and_a_missing_counter_is_said(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert netweight.energy("lenet5").metered.status == "not asked for"
    monkeypatch.setattr(verb, "meter", lambda _: Missing(reason="no counter"))
    found = netweight.energy("lenet5", measure=True)
    assert (found.metered.status, found.metered.reason, found.metered.energy_j) == ("unavailable", "no counter", None)
    assert "measured: unavailable (no counter)" in str(found)


def test_a_run_is_measured(monkeypatch: pytest.MonkeyPatch) -> None:
    world = World()

    class Worker:
        def __init__(self, *_: object) -> None:
            pass

        def turn(self, seconds: float, _most: int) -> list[float]:
            return [0.5] * world.turn(seconds)

        def close(self) -> None:
            pass

    monkeypatch.setattr("netweight.measuring.worker.Worker", Worker)
    monkeypatch.setattr(verb, "meter", lambda _: Meter(name="fake", read_j=lambda: world.used))
    monkeypatch.setattr(verb, "time", SimpleNamespace(perf_counter=world.clock, sleep=world.sleep))
    found = netweight.energy("lenet5", measure=True, seconds=4.0)
    assert (found.metered.status, found.metered.calls, found.metered.engine) == ("measured", 8, "onnxruntime")
    assert found.metered.energy_j == pytest.approx(10.0)
    assert "measured (fake, onnxruntime, 8 calls): 10.0 J a run; 30.0 W busy, of which 10.0 W of the idle" in str(found)
