"""This machine as a device: what its operating system says, and what a virtual machine hides."""

from __future__ import annotations

import platform
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from netweight.results.device import Device, Rate, Store

_SETS = (
    "sse4_2", "avx", "f16c", "fma", "avx2", "avx_vnni", "avx512f", "avx512_vnni", "avx512_bf16", "avx512_fp16",
    "amx_tile", "amx_bf16", "amx_int8", "asimd", "asimdhp", "asimddp", "bf16", "i8mm", "sve", "sve2",
)  # fmt: skip
_FP32 = (("avx512f", 16, "AVX-512"), ("fma", 8, "AVX2"), ("asimd", 4, "NEON"))
"""Instruction sets with the lanes of 32 bits that a vector has, the widest first."""
_PIPES = 2
_SIZES = {"K": 1 << 10, "M": 1 << 20, "G": 1 << 30}


@dataclass(frozen=True, slots=True, kw_only=True)
class Machine:
    """What the operating system says of this machine; None and empty where it says nothing.

    Attributes:
        cpu: Name of the processor.
        cores: Processors that programs may use.
        clock_hz: Clock, as the operating system has it.
        sets: Instruction sets that matter to a network.
        caches: Bytes by level: ``"L1d"``, ``"L2"``, ``"L3"``; that of one core where each has its own.
        memory_bytes: Main memory.
        governor: What sets the clock.
        virtual: Name of the hypervisor, empty on a machine of its own.
        hidden: What cannot be known here.
    """

    cpu: str
    cores: int
    clock_hz: float | None
    sets: tuple[str, ...]
    caches: Mapping[str, int]
    memory_bytes: int | None
    governor: str
    virtual: str
    hidden: tuple[str, ...]


def machine(root: Path = Path("/")) -> Machine:
    """What this machine is.

    Args:
        root: Folder that has ``proc`` and ``sys``.
    """
    info = _text(root / "proc/cpuinfo")
    flags = set(_field(info, "flags", "Features").split())
    clock = _field(info, "cpu MHz")
    governor = _text(root / "sys/devices/system/cpu/cpu0/cpufreq/scaling_governor").strip()
    virtual = _hypervisor(root, flags)
    hidden = []
    if virtual:
        hidden.append("the clock may change from moment to moment, and who else runs on these cores")
        hidden.append("caches are as the hypervisor tells them, and may be shared with others")
    if not governor:
        hidden.append("no governor of the clock is to be seen")
    return Machine(
        cpu=_field(info, "model name", "Model") or platform.processor() or platform.machine(),
        cores=max(1, len(re.findall(r"^processor\s*:", info, re.MULTILINE))),
        clock_hz=float(clock) * 1e6 if clock else None,
        sets=tuple(name for name in _SETS if name in flags),
        caches=_caches(root),
        memory_bytes=_memory(root),
        governor=governor,
        virtual=virtual,
        hidden=tuple(hidden),
    )


def detected(found: Machine, *, today: date) -> Device:
    """The machine as a device: peaks by formula, no bandwidth, which no file of the system has."""
    compute: dict[str, Rate] = {}
    lanes = next(((lanes, unit) for name, lanes, unit in _FP32 if name in found.sets), None)
    source = "the operating system, and two vector pipes a core"
    if lanes is not None and found.clock_hz:
        each = _PIPES * lanes[0] * 2
        for name, per_cycle in (("fp64", each // 2), ("fp32", each)):
            compute[name] = Rate(
                ops_per_second=found.cores * found.clock_hz * per_cycle,
                accumulate=name,
                unit=lanes[1],
                formula=f"{found.cores} x {found.clock_hz / 1e6:,.0f} MHz x {per_cycle} operations",
                source=source,
                entered=today,
                note="; ".join(found.hidden),
            )
    levels = {"L2": "l2", "L3": "l3"}
    memory = {
        "dram": Store(nbytes=found.memory_bytes or 1 << 30, source="the operating system", entered=today),
        **{
            levels[name]: Store(
                nbytes=size, on_chip=True, cache=True, source="the operating system", entered=today
            )
            for name, size in found.caches.items()
            if name in levels
        },
    }  # fmt: skip
    return Device(
        name="detect", title=found.cpu, kind="cpu", cores=f"{found.cores} cores", compute=compute, memory=memory,
        origin="this machine",
    )  # fmt: skip


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
    return int(total[1]) * 1024 if total else None
