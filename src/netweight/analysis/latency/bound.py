"""The least time that a device can take for a network, by its data sheet.

Of a kernel: T = max(T_compute, T_memory), with T_compute = operations / (operations per second) and T_memory = bytes /
(bytes per second), stores that lie apart moving their bytes beside each other. Of the network: the sum of the
kernels' T, and the larger of the two sums where every transfer runs beside arithmetic.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from netweight.analysis.known import known_sum
from netweight.analysis.latency.places import Places
from netweight.analysis.latency.rates import rate_of
from netweight.analysis.latency.work import KernelWork
from netweight.results.device import Device
from netweight.results.latency import DeviceInfo, KernelLatency, LatencyTotals, Limit, Peak


def bounds(
    works: Sequence[KernelWork], device: Device, at: Places, *, precision: str | None = None
) -> tuple[KernelLatency, ...]:
    """Bound of each kernel, with its share of their sum.

    Args:
        works: What each computes and moves.
        device: Where.
        at: Where weights and activations lie.
        precision: Peak in which floating arithmetic of 32 bits and less is done, None for that of its type.
    """
    rows = [_bound(work, device, at, precision) for work in works]
    whole = sum([row.bound_s for row in rows if row.bound_s is not None])
    return tuple([replace(r, share=r.bound_s / whole) if r.bound_s is not None and whole else r for r in rows])


def totals(rows: Sequence[KernelLatency], batch: int) -> LatencyTotals:
    """Bounds of the whole.

    Args:
        rows: Its kernels.
        batch: Samples at once.
    """
    compute, memory = known_sum(row.compute_s for row in rows), known_sum(row.memory_s for row in rows)
    overlap = None if compute is None or memory is None else max(compute, memory)
    return LatencyTotals(
        macs=known_sum(row.macs for row in rows),
        ops_total=known_sum(row.ops_total for row in rows),
        weight_bytes=known_sum(row.weight_bytes for row in rows),
        activation_bytes=known_sum(size for row in rows for size in (row.input_bytes, row.output_bytes)),
        compute_s=compute,
        memory_s=memory,
        serial_bound_s=known_sum(row.bound_s for row in rows),
        overlap_bound_s=overlap,
        throughput_bound_per_second=batch / overlap if overlap else None,
        limited_by=_limit(compute, memory),
    )


def device_info(device: Device, at: Places, rows: Sequence[KernelLatency]) -> DeviceInfo:
    """The device as far as the network meets it."""
    main = device.memory[at.activations]
    peaks = []
    for name in sorted({row.rate for row in rows if row.rate}):
        rate = device.compute[name]
        ridge = rate.ops_per_second / main.bytes_per_second if main.bytes_per_second else None
        peaks.append(
            Peak(
                rate=name,
                ops_per_second=rate.ops_per_second,
                unit=rate.unit,
                ridge_ops_per_byte=ridge,
                source=rate.source,
            )
        )
    stores = dict.fromkeys((at.activations, at.weights))
    return DeviceInfo(
        name=device.name,
        title=device.title,
        peaks=tuple(peaks),
        weights_in=at.weights,
        activations_in=at.activations,
        bytes_per_second={name: device.memory[name].bytes_per_second for name in stores},
        sources=tuple(dict.fromkeys(device.memory[name].source for name in stores)),
    )


def _bound(work: KernelWork, device: Device, at: Places, precision: str | None) -> KernelLatency:
    rate = _rate(work, device, precision)
    compute, memory = _compute(work, device, rate), _memory(work, device, at)
    moved = (
        None if work.weight_bytes is None else work.weight_bytes + (work.input_bytes or 0) + (work.output_bytes or 0)
    )
    return KernelLatency(
        layer=work.node.layer,
        layers=work.layers,
        op=work.node.op,
        kind=work.kind,
        dtype=work.dtype,
        rate=rate,
        macs=work.macs,
        ops_total=work.ops_total,
        weight_bytes=work.weight_bytes,
        input_bytes=work.input_bytes,
        output_bytes=work.output_bytes,
        compute_s=compute,
        memory_s=memory,
        bound_s=None if compute is None or memory is None else max(compute, memory),
        limited_by=_limit(compute, memory),
        intensity=None if work.ops_total is None or not moved else work.ops_total / moved,
    )


def _rate(work: KernelWork, device: Device, precision: str | None) -> str:
    own = rate_of(device, work.dtype) if work.ops_total != 0 else ""
    return precision if precision is not None and own in ("fp32", "tf32", "fp16", "bf16") else own


def _compute(work: KernelWork, device: Device, rate: str) -> float | None:
    """Seconds of the operations; None where nobody knows them, or how fast they are."""
    if work.ops_total == 0:
        return 0.0
    if work.ops_total is None or not rate:
        return None
    return work.ops_total / device.compute[rate].ops_per_second


def _memory(work: KernelWork, device: Device, at: Places) -> float | None:
    """Seconds of the bytes; memory whose bandwidth nobody says takes none, so that what is left is still a bound."""
    if work.weight_bytes is None or work.input_bytes is None or work.output_bytes is None:
        return None
    moved = {at.activations: work.input_bytes + work.output_bytes}
    moved[at.weights] = moved.get(at.weights, 0) + work.weight_bytes
    seconds = []
    for name, nbytes in moved.items():
        if speed := device.memory[name].bytes_per_second:
            seconds.append(nbytes / speed)
    return max(seconds, default=0.0)


def _limit(compute: float | None, memory: float | None) -> Limit | None:
    if compute is None or memory is None:
        return None
    if compute == memory == 0:
        return "nothing"
    return "compute" if compute >= memory else "memory"
