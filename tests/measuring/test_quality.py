"""What disturbs a measurement, from a fake tree of the system."""

from __future__ import annotations

import os
from pathlib import Path

from netweight.measuring.quality import Moment, disturbances, moment

TICKS = os.sysconf("SC_CLK_TCK")


def fake(root: Path, *, user: int = 0, stolen: int = 0, governor: str = "", throttled: tuple[int, ...] = ()) -> Path:
    (root / "proc").mkdir(parents=True)
    line = f"{user} 0 0 1000 0 0 0 {stolen} 0 0\n"
    (root / "proc/stat").write_text(f"cpu  {line}cpu0 {line}cpu1 {line}intr 5\n")
    cpus = root / "sys/devices/system/cpu"
    for at, count in enumerate(throttled):
        (cpus / f"cpu{at}/thermal_throttle").mkdir(parents=True)
        (cpus / f"cpu{at}/thermal_throttle/core_throttle_count").write_text(f"{count}\n")
    if governor:
        (cpus / "cpu0/cpufreq").mkdir(parents=True)
        (cpus / "cpu0/cpufreq/scaling_governor").write_text(f"{governor}\n")
    return root


def test_the_state_of_a_machine(tmp_path: Path) -> None:
    found = moment(fake(tmp_path, user=5 * TICKS, stolen=2 * TICKS, governor="powersave", throttled=(3, 4)))
    assert found == Moment(busy_s=5.0, stolen_s=2.0, cores=2, throttled=7, governor="powersave")
    nothing = moment(tmp_path / "none")
    assert (nothing.busy_s, nothing.stolen_s, nothing.throttled, nothing.governor) == (None, None, None, "")


def test_what_disturbs() -> None:
    before = Moment(busy_s=10.0, stolen_s=1.0, cores=2, throttled=5, governor="performance")

    def after(**change: object) -> Moment:
        state = {"busy_s": 11.0, "stolen_s": 1.0, "cores": 2, "throttled": 5, "governor": "performance"}
        return Moment(**{**state, **change})  # type: ignore[arg-type]

    def said(**change: object) -> tuple[str, ...]:
        return disturbances(before, after(**change), seconds=1.0, own_s=1.0)

    assert said() == ()
    assert said(busy_s=11.19) == ()
    assert said(busy_s=11.5) == ("other programs used 25 % of the cores",)
    assert said(stolen_s=1.03) == ()
    assert said(stolen_s=1.1) == ("the hypervisor took 5 % of the time",)
    assert said(throttled=7) == ("heat slowed the processors down 2 times",)
    assert said(governor="powersave") == ("the clock is governed by powersave",)
    assert said(governor="", busy_s=None, stolen_s=None, throttled=None) == ()
    assert len(said(busy_s=13.0, stolen_s=2.0, throttled=6, governor="ondemand")) == 4
