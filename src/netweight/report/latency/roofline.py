"""The roofline: what rate a kernel can reach at its intensity, and which kernels matter.

Each kernel is a dot at the rate that its bound allows, its area its share of the network's time. Kernels under the
slope wait for memory, those under the flat roof compute.
"""

from __future__ import annotations

from collections.abc import Iterator
from math import sqrt

from netweight.report.latency.seconds import seconds
from netweight.report.svg import LogAxes, around, framed, number, safe
from netweight.results.latency import KernelLatency, Latency
from netweight.units import scaled

_NAMED = 8
_LINE = 13
_LARGEST, _SMALLEST = 26.0, 2.5


def dots(latency: Latency) -> list[KernelLatency]:
    """Kernels that are in the picture: those with an intensity and a time, the dearest first."""
    found = [row for row in latency.layers if row.intensity and row.bound_s]
    return sorted(found, key=lambda row: (-(row.bound_s or 0.0), row.layer))


def to_svg(latency: Latency) -> str:
    """The picture; the same figures give the same text, byte for byte."""
    rows = dots(latency)
    roofs = [peak.ops_per_second for peak in latency.device.peaks]
    if not rows or not roofs:
        return framed(title_of(latency), LogAxes(1, 10, 1, 10), "operations per byte", "OP/s", iter(()))
    ridges = [peak.ridge_ops_per_byte for peak in latency.device.peaks if peak.ridge_ops_per_byte]
    xs, ys = around([*(row.intensity or 1.0 for row in rows), *ridges]), around([*map(rate_of, rows), *roofs])
    axes = LogAxes(*xs, *ys)
    return framed(title_of(latency), axes, "operations per byte", "OP/s", _inside(latency, rows, axes))


def _inside(latency: Latency, rows: list[KernelLatency], axes: LogAxes) -> Iterator[str]:
    taken: list[float] = []
    for peak in latency.device.peaks:
        flat = axes.y(peak.ops_per_second)
        if peak.ridge_ops_per_byte:
            ridge, slope = peak.ridge_ops_per_byte, peak.ops_per_second / peak.ridge_ops_per_byte
            start = max(axes.x_from, axes.y_from / slope)
            yield (
                f'<path class="r" d="M{number(axes.x(start))} {number(axes.y(start * slope))}L{number(axes.x(ridge))} '
                f'{number(flat)}H{number(axes.x(axes.x_to))}"/>'
            )
        else:
            yield f'<path class="r" d="M{number(axes.x(axes.x_from))} {number(flat)}H{number(axes.x(axes.x_to))}"/>'
        label = f"{peak.rate} {scaled(peak.ops_per_second, 'OP/s')}"
        y = _free(flat - 6, taken)
        yield f'<text class="e" x="{number(axes.x(axes.x_to) - 4)}" y="{number(y)}">{safe(label)}</text>'
    for row in rows:
        x, y = axes.x(row.intensity or 1.0), axes.y(rate_of(row))
        size = max(_SMALLEST, _LARGEST * sqrt(row.share or 0.0))
        colour = "#3b6fb6" if row.limited_by == "memory" else "#d98a2b"
        says = f"{row.layer or row.op}: {said_of(row)}"
        yield (
            f'<circle cx="{number(x)}" cy="{number(y)}" r="{number(size)}" fill="{colour}" fill-opacity=".55">'
            f"<title>{safe(says)}</title></circle>"
        )
    named: list[float] = []
    for row in rows[:_NAMED]:
        y = _free(axes.y(rate_of(row)) + 4, named)
        name = f"{row.layer or row.op} {100 * (row.share or 0):.0f} %"
        x = axes.x(row.intensity or 1.0) + max(_SMALLEST, _LARGEST * sqrt(row.share or 0.0)) + 3
        yield f'<text x="{number(x)}" y="{number(y)}">{safe(name)}</text>'


def _free(y: float, taken: list[float]) -> float:
    """A height at which no text is yet, as near as one is, downwards."""
    while any(abs(y - other) < _LINE for other in taken):
        y += _LINE
    taken.append(y)
    return y


def said_of(row: KernelLatency) -> str:
    """Intensity, time and limit of a kernel in words."""
    return f"{row.intensity:.3g} operations per byte, {seconds(row.bound_s)}, {row.limited_by}-bound"


def rate_of(row: KernelLatency) -> float:
    """Operations per second that its bound allows."""
    return (row.ops_total or 0) / (row.bound_s or 1.0)


def title_of(latency: Latency) -> str:
    """What the picture shows."""
    return f"{latency.model.name} on {latency.device.title}, batch {latency.batch}: roofline, bound"
