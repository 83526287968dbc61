"""This machine as a device: peaks by formula, from its instruction sets."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

from netweight.analysis.devices.detect import Machine
from netweight.errors import UsageError
from netweight.results.device import Device, Product, Rate, Store

_PEAKS = {
    "fp64": (("avx512f", 32, "fp64"), ("fma", 16, "fp64"), ("avx", 8, "fp64"), ("asimd", 8, "fp64")),
    "fp32": (("avx512f", 64, "fp32"), ("fma", 32, "fp32"), ("avx", 16, "fp32"), ("asimd", 16, "fp32")),
    "fp16": (("amx_fp16", 1024, "fp32"), ("avx512_fp16", 128, "fp16"), ("asimdhp", 32, "fp16")),
    "bf16": (("amx_bf16", 1024, "fp32"), ("avx512_bf16", 128, "fp32"), ("bf16", 64, "fp32")),
    "int8": (
        ("amx_int8", 2048, "int32"), ("avx512_vnni", 256, "int32"), ("avx512bw", 256, "int16"),
        ("avx_vnni", 128, "int32"), ("avx2", 128, "int16"), ("i8mm", 128, "int32"), ("asimddp", 64, "int32"),
    ),
}  # fmt: skip
"""By arithmetic the instruction sets that have it, the fastest first: operations of a core in a cycle with two vector
pipes, or one tile unit, and the type of the sums. AVX2: VPMADDUBSW, 32 products of 8 bits in sums of two."""
_LEVELS = {"L2": "l2", "L3": "l3"}
_SOURCE = "the operating system"


def detected(found: Machine, *, today: date) -> Device:
    """The machine as a device; it has no bandwidth, which no file of the system has.

    Raises:
        UsageError: If the operating system does not say how much memory there is.
    """
    compute = dict(_rates(found, today))
    if found.memory_bytes is None:
        raise UsageError(
            "detect: the operating system does not say how much memory this machine has",
            fix="netweight devices show raspberry-pi-5 --format toml > my.toml, change it, --device ./my.toml",
        )
    memory = {"dram": Store(nbytes=found.memory_bytes, source=_SOURCE, entered=today)}
    for name, size in found.caches.items():
        if name in _LEVELS:
            memory[_LEVELS[name]] = Store(nbytes=size, on_chip=True, cache=True, source=_SOURCE, entered=today)
    threads = f", {found.threads} threads" if found.threads != found.cores else ""
    return Device(
        name="detect",
        title=found.cpu,
        kind="cpu",
        cores=f"{found.cores} cores{threads}",
        compute=compute,
        memory=memory,
        origin="this machine",
        notes=tuple(_notes(found)),
    )


def _rates(found: Machine, today: date) -> Iterator[tuple[str, Rate]]:
    clock = found.max_clock_hz or found.clock_hz
    if not clock:
        return
    for name, ways in _PEAKS.items():
        best = next(((unit, each, sums) for unit, each, sums in ways if unit in found.sets), None)
        if best is not None:
            unit, each, sums = best
            product = Product(units=found.cores, clock_hz=clock, ops_per_cycle=each)
            yield (
                name,
                Rate(
                    ops_per_second=product.ops_per_second,
                    product=product,
                    formula=str(product),
                    accumulate=sums,
                    unit=unit,
                    source=f"{_SOURCE}, and two vector pipes a core or one tile unit",
                    entered=today,
                    note="at the clock of the moment" if found.max_clock_hz is None else "",
                ),
            )


def _notes(found: Machine) -> Iterator[str]:
    yield f"instruction sets: {', '.join(found.sets) or 'not known here, so that there are no peaks'}"
    if found.caches:
        yield f"caches: {', '.join(f'{name} {size // 1024:,} KiB' for name, size in found.caches.items())}"
    if found.governor:
        yield f"governor of the clock: {found.governor}"
    if found.virtual:
        yield f"a virtual machine ({found.virtual})"
    for hidden in found.hidden:
        yield f"not known here: {hidden}"
    yield "bandwidths are not known here; save it with --format toml, add bytes_per_second, --device ./my.toml"
