"""The energy of processors and their memory, as Linux tells it through powercap.

Source: Documentation/power/powercap/powercap.rst of Linux. A package counts its cores and caches; ``dram`` is a counter
of its own inside of the package's folder. Each starts again at zero behind ``max_energy_range_uj``.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from netweight.metering.meter import Meter, Missing

_MICRO = 1e-6


def rapl(root: Path = Path("/")) -> Meter | Missing:
    """The sum of all packages and their memory.

    Args:
        root: Folder that has ``sys``.
    """
    folder = root / "sys/class/powercap"
    zones = [zone for zone in sorted(folder.glob("*-rapl:*")) if _is_counted(zone)]
    if not zones:
        return Missing(reason="no powercap counter of energy: a virtual machine hides it, or the processor has none")
    counters, closed = [], []
    for zone in zones:
        try:
            counters.append(_counter(zone))
        except PermissionError:
            closed.append(f"/{(zone / 'energy_uj').relative_to(root)}")
        except (OSError, ValueError) as error:
            return Missing(reason=f"{zone.name} cannot be read: {error}")
    if closed:
        return Missing(
            reason=f"only root may read the counter of energy; sudo chmod a+r {' '.join(closed)}, until the next start"
        )
    names = " + ".join(dict.fromkeys(_name(zone) for zone in zones))
    return Meter(name=f"RAPL {names}", read_j=lambda: sum(counter() for counter in counters))


def _is_counted(zone: Path) -> bool:
    """Whether it is a package, or memory, which no package counts."""
    name = _name(zone)
    return name.startswith("package") or name == "dram"


def _name(zone: Path) -> str:
    try:
        return (zone / "name").read_text(encoding="utf-8").strip()
    except OSError:
        return ""


def _counter(zone: Path) -> Callable[[], float]:
    """Reads joules that never fall: what comes behind the highest number is added."""
    largest = int((zone / "max_energy_range_uj").read_text(encoding="utf-8"))
    last = _microjoules(zone)
    total = 0

    def read() -> float:
        nonlocal last, total
        now = _microjoules(zone)
        total += now - last if now >= last else now - last + largest
        last = now
        return total * _MICRO

    return read


def _microjoules(zone: Path) -> int:
    return int((zone / "energy_uj").read_text(encoding="utf-8"))
