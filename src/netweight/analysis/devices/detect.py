"""What the operating system says of this machine, and what a virtual machine hides."""

from __future__ import annotations

import os
import platform
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

_SETS = (
    "sse4_2", "avx", "f16c", "fma", "avx2", "avx_vnni", "avx512f", "avx512bw", "avx512_vnni", "avx512_bf16",
    "avx512_fp16", "amx_tile", "amx_bf16", "amx_int8", "amx_fp16", "asimd", "asimdhp", "asimddp", "bf16", "i8mm", "sve",
    "sve2",
)  # fmt: skip
_ROOT = Path("/")
_SIZES = {"K": 1 << 10, "M": 1 << 20, "G": 1 << 30}


@dataclass(frozen=True, slots=True, kw_only=True)
class Machine:
    """What the operating system says of this machine; None and empty where it says nothing.

    Attributes:
        cpu: Name of the processor.
        cores: Cores, as far as the operating system tells them from the threads of a core.
        threads: Processors of the operating system.
        clock_hz: Clock, as the operating system has it.
        max_clock_hz: The fastest that it may become.
        sets: Instruction sets that matter to a network.
        caches: Bytes by level: ``"L1d"``, ``"L2"``, ``"L3"``; that of one core where each has its own.
        memory_bytes: Main memory.
        governor: What sets the clock.
        virtual: Name of the hypervisor, empty on a machine of its own.
        hidden: What cannot be known here.
    """

    cpu: str
    cores: int
    threads: int
    clock_hz: float | None
    max_clock_hz: float | None
    sets: tuple[str, ...]
    caches: Mapping[str, int]
    memory_bytes: int | None
    governor: str
    virtual: str
    hidden: tuple[str, ...]


def machine(root: Path = _ROOT) -> Machine:
    """What this machine is.

    Args:
        root: Folder that has ``proc`` and ``sys``.
    """
    info = _text(root / "proc/cpuinfo")
    flags = set(_field(info, "flags", "Features").split())
    clock = _field(info, "cpu MHz")
    scaling = root / "sys/devices/system/cpu/cpu0/cpufreq"
    governor, fastest = (_text(scaling / name).strip() for name in ("scaling_governor", "cpuinfo_max_freq"))
    virtual = _hypervisor(root, flags)
    listed = len(re.findall(r"^processor\s*:", info, re.MULTILINE))
    threads = listed or (os.cpu_count() if root == _ROOT else None) or 1
    hidden = []
    if virtual:
        hidden.append("the clock may change from moment to moment, and who else runs on these cores")
        hidden.append("whether its cores are cores, or threads of the same core")
        hidden.append("caches are as the hypervisor tells them, and may be shared with others")
    if not governor:
        hidden.append("no governor of the clock is to be seen")
    return Machine(
        cpu=_field(info, "model name", "Model") or platform.processor() or platform.machine(),
        cores=_cores(info) or threads,
        threads=threads,
        clock_hz=float(clock) * 1e6 if clock else None,
        max_clock_hz=float(fastest) * 1e3 if fastest.isdigit() else None,
        sets=tuple(name for name in _SETS if name in flags),
        caches=_caches(root),
        memory_bytes=_memory(root),
        governor=governor,
        virtual=virtual,
        hidden=tuple(hidden),
    )


def _cores(info: str) -> int:
    """Cores that differ in package or number; 0 where they have no numbers."""
    found: set[tuple[str, str]] = set()
    for block in info.split("\n\n"):
        if core := _field(block, "core id"):
            found.add((_field(block, "physical id"), core))
    return len(found)


def _text(path: Path) -> str:
    """What a file of the system says; nothing where there is none, or it is closed to this user."""
    try:
        return path.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""


def _field(info: str, *names: str) -> str:
    """The first line of one of these names."""
    for name in names:
        found = re.search(rf"^{re.escape(name)}\s*:\s*(.*)$", info, re.MULTILINE)
        if found:
            return found[1].strip()
    return ""


def _hypervisor(root: Path, flags: set[str]) -> str:
    named = _text(root / "sys/class/dmi/id/sys_vendor").strip()
    kind = _text(root / "sys/hypervisor/type").strip()
    return (kind or named or "a hypervisor") if "hypervisor" in flags or kind else ""


def _caches(root: Path) -> dict[str, int]:
    found: dict[str, int] = {}
    for index in sorted((root / "sys/devices/system/cpu/cpu0/cache").glob("index*")):
        level, kind, size = (_text(index / name).strip() for name in ("level", "type", "size"))
        match = re.fullmatch(r"([0-9]+)([KMG])", size)
        if match and kind != "Instruction":
            found[f"L{level}{'d' if kind == 'Data' else ''}"] = int(match[1]) * _SIZES[match[2]]
    return found


def _memory(root: Path) -> int | None:
    total = re.search(r"^MemTotal:\s*([0-9]+) kB", _text(root / "proc/meminfo"), re.MULTILINE)
    if total:
        return int(total[1]) * 1024
    if root != _ROOT or not hasattr(os, "sysconf"):
        return None
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
