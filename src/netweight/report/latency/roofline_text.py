"""The roofline in characters: ``/`` and ``-`` the roof, a letter for each of the dearest kernels, ``.`` for others."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from math import log10

from netweight.report.escape import plain
from netweight.report.latency.roofline import dots, rate_of, said_of, title_of
from netweight.report.svg import around
from netweight.report.width import head
from netweight.results.latency import KernelLatency, Latency, Peak
from netweight.units import scaled

_COLUMNS, _ROWS, _NARROWEST, _LABEL = 72, 18, 30, 8
_LETTERS = "ABCDEFGH"
_EACH = 6
"""Lines from one number at the axis to the next."""


@dataclass
class _Grid:
    """Cells over two logarithmic axes."""

    columns: int
    x: tuple[float, float]
    y: tuple[float, float]
    cells: list[list[str]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.cells = [[" "] * self.columns for _ in range(_ROWS)]

    def put(self, intensity: float, rate: float, mark: str) -> None:
        """A mark where a kernel or a roof is."""
        across = log10(intensity / self.x[0]) / log10(self.x[1] / self.x[0])
        up = log10(max(rate, self.y[0]) / self.y[0]) / log10(self.y[1] / self.y[0])
        self.cells[max(_ROWS - 1 - int(_ROWS * up), 0)][min(int(self.columns * across), self.columns - 1)] = mark

    def roof(self, peak: Peak) -> None:
        """The slope of the bandwidth and the flat of the peak."""
        ridge = peak.ridge_ops_per_byte
        for at in range(self.columns):
            intensity = self.x[0] * (self.x[1] / self.x[0]) ** ((at + 0.5) / self.columns)
            rate = peak.ops_per_second * (1.0 if ridge is None else min(1.0, intensity / ridge))
            if rate >= self.y[0]:
                self.put(intensity, rate, "-" if rate >= peak.ops_per_second else "/")

    def lines(self) -> Iterator[str]:
        """The cells with the numbers of both axes."""
        for at, cells in enumerate(self.cells):
            height = self.y[0] * (self.y[1] / self.y[0]) ** ((_ROWS - at) / _ROWS)
            label = scaled(height, digits=2) if at % _EACH == 0 else ""
            yield f"{label:>6} |{''.join(cells)}"
        yield f"{'OP/s':>6} +{'-' * self.columns}"
        left, right = f"{self.x[0]:g}", f"{self.x[1]:g} operations per byte"
        yield f"{'':8}{left}{right:>{max(self.columns - len(left), len(right))}}"


def to_text(latency: Latency, *, width: int | None = None) -> str:
    """The picture, and what each letter is.

    Args:
        latency: What was found.
        width: Characters of a line; None for the natural width.
    """
    return "".join(f"{plain(line).rstrip()}\n" for line in _lines(latency, width))


def _lines(latency: Latency, width: int | None) -> Iterator[str]:
    rows, peaks = dots(latency), latency.device.peaks
    yield title_of(latency)
    if not rows or not peaks:
        yield "no kernel has operations, bytes and a time"
        return
    yield from _grid(rows, peaks, width).lines()
    for letter, row in zip(_LETTERS, rows, strict=False):
        said = f"{letter}  {row.layer or row.op}: {said_of(row)}"
        yield head(said, width) if width else said


def _grid(rows: Sequence[KernelLatency], peaks: Sequence[Peak], width: int | None) -> _Grid:
    ridges = [peak.ridge_ops_per_byte for peak in peaks if peak.ridge_ops_per_byte]
    grid = _Grid(
        columns=min(max((width or _COLUMNS + _LABEL) - _LABEL, _NARROWEST), _COLUMNS),
        x=around([*(row.intensity or 1.0 for row in rows), *ridges]),
        y=around([*map(rate_of, rows), *(peak.ops_per_second for peak in peaks)]),
    )
    for peak in peaks:
        grid.roof(peak)
    for place, row in reversed(list(enumerate(rows))):
        grid.put(row.intensity or 1.0, rate_of(row), _LETTERS[place] if place < len(_LETTERS) else ".")
    return grid
