"""What disturbs a measurement: other programs, a hypervisor, a clock that changes."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

BUSY = 0.1
"""Part of the cores that others may use."""
STOLEN = 0.02
"""Part of the time that a hypervisor may give to others."""
WIDE = 0.1
"""Interquartile range, as a part of the median, above which a measurement is marked."""
_TICKS = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Moment:
    """State of the machine at one moment; None where the system does not say.

    Attributes:
        busy_s: Seconds that all cores have worked for anybody.
        stolen_s: Seconds that a hypervisor gave to others.
        cores: Processors.
        throttled: How often heat slowed the processors down.
        governor: What sets the clock.
    """

    busy_s: float | None
    stolen_s: float | None
    cores: int
    throttled: int | None
    governor: str


def moment(root: Path = Path("/")) -> Moment:
    """How the machine is now.

    Args:
        root: Folder that has ``proc`` and ``sys``.
    """
    lines = _text(root / "proc/stat").splitlines()
    first = lines[0].split()[1:] if lines and lines[0].startswith("cpu ") else []
    fields = [int(field) for field in first]
    ticks = os.sysconf("SC_CLK_TCK") if hasattr(os, "sysconf") else _TICKS
    busy = sum(fields[:3]) + sum(fields[5:7]) if len(fields) > 7 else None
    cpus = root / "sys/devices/system/cpu"
    heats = [_text(path).strip() for path in sorted(cpus.glob("cpu[0-9]*/thermal_throttle/core_throttle_count"))]
    return Moment(
        busy_s=None if busy is None else busy / ticks,
        stolen_s=fields[7] / ticks if len(fields) > 7 else None,
        cores=sum(line.startswith("cpu") for line in lines) - 1 if len(lines) > 1 else os.cpu_count() or 1,
        throttled=sum(int(text) for text in heats if text.isdigit()) if heats else None,
        governor=_text(cpus / "cpu0/cpufreq/scaling_governor").strip(),
    )


def disturbances(before: Moment, after: Moment, *, seconds: float, own_s: float) -> tuple[str, ...]:
    """What disturbed a measurement, in words.

    Args:
        before: The machine when it began.
        after: The machine when it ended.
        seconds: How long it took.
        own_s: Seconds of the processors that the measurement itself took.
    """
    found = []
    if before.busy_s is not None and after.busy_s is not None and seconds > 0:
        others = (after.busy_s - before.busy_s - own_s) / (seconds * after.cores)
        if others > BUSY:
            found.append(f"other programs used {100 * others:.0f} % of the cores")
    if before.stolen_s is not None and after.stolen_s is not None and seconds > 0:
        stolen = (after.stolen_s - before.stolen_s) / (seconds * after.cores)
        if stolen > STOLEN:
            found.append(f"the hypervisor took {100 * stolen:.0f} % of the time")
    if before.throttled is not None and after.throttled is not None and after.throttled > before.throttled:
        found.append(f"heat slowed the processors down {after.throttled - before.throttled} times")
    if after.governor not in ("", "performance"):
        found.append(f"the clock is governed by {after.governor}")
    return tuple(found)


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""
