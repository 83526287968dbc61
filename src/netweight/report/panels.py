"""A picture of panels side by side, each with a few lines over one axis."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import ceil, floor, isfinite, log10

from netweight.report.svg import number, safe

COLOURS = ("#1f5fa8", "#c2571a", "#2a7f3f", "#8a3a9c", "#b3282d", "#5a5a5a", "#9a7b00")
_WIDTH, _HEIGHT, _LEFT, _TOP, _BOTTOM, _RIGHT = 320, 250, 58, 44, 40, 12
_STYLE = (
    "text{font:11px system-ui,sans-serif;fill:#222}.h{font-size:13px;font-weight:600}.e{text-anchor:end}"
    ".m{text-anchor:middle}.g{stroke:#e4e4e4;fill:none}.a{stroke:#555;fill:none}"
)
_TICKS = 4


@dataclass(frozen=True, slots=True)
class Line:
    """Points of one line or, if ``dots``, points alone; where a number is missing the line has a gap."""

    name: str
    points: Sequence[tuple[float, float | None]]
    dots: bool = False


@dataclass(frozen=True, slots=True)
class Panel:
    """Lines over one axis.

    Attributes:
        title: What the lines are, with the unit.
        below: What the axis below counts.
        lines: What is drawn.
        logarithmic: Whether equal ratios are equally far apart, from bottom to top.
        beside: Whether that holds from left to right.
    """

    title: str
    below: str
    lines: Sequence[Line]
    logarithmic: bool = False
    beside: bool = False


def picture(title: str, panels: Sequence[Panel]) -> str:
    """The whole picture, the same for the same numbers."""
    width, height = _WIDTH * len(panels), _HEIGHT + 24
    size = f'width="{width}" height="{height}" viewBox="0 0 {width} {height}"'
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" {size} role="img">',
        f"<title>{safe(title)}</title><style>{_STYLE}</style>",
        f'<rect width="{width}" height="{height}" fill="#fff"/>',
        f'<text class="h" x="10" y="18">{safe(title)}</text>',
    ]
    for index, panel in enumerate(panels):
        lines += [f'<g transform="translate({_WIDTH * index},24)">', *_panel(panel), "</g>"]
    return "".join(f"{line}\n" for line in (*lines, "</svg>"))


def _panel(panel: Panel) -> Iterator[str]:
    xs = [x for line in panel.lines for x, y in line.points if y is not None and isfinite(x)]
    ys = [y for line in panel.lines for _, y in line.points if y is not None and isfinite(y)]
    across = _Axis(xs, _LEFT, _WIDTH - _RIGHT, logarithmic=panel.beside)
    up = _Axis(ys, _HEIGHT - _BOTTOM, _TOP, logarithmic=panel.logarithmic)
    yield f'<text x="{_LEFT}" y="14">{safe(panel.title)}</text>'
    for value in up.ticks:
        y = number(up.at(value))
        yield f'<path class="g" d="M{_LEFT} {y}H{_WIDTH - _RIGHT}"/>'
        yield f'<text class="e" x="{_LEFT - 5}" y="{number(up.at(value) + 4)}">{_short(value)}</text>'
    for value in across.ticks:
        yield f'<text class="m" x="{number(across.at(value))}" y="{_HEIGHT - _BOTTOM + 15}">{_short(value)}</text>'
    yield f'<path class="a" d="M{_LEFT} {_TOP}V{_HEIGHT - _BOTTOM}H{_WIDTH - _RIGHT}"/>'
    yield f'<text class="e" x="{_WIDTH - _RIGHT}" y="{_HEIGHT - 8}">{safe(panel.below)}</text>'
    place = _LEFT
    for index, line in enumerate(panel.lines):
        colour = COLOURS[index % len(COLOURS)]
        yield from _line(line, across, up, colour)
        yield f'<text x="{place}" y="30" style="fill:{colour}">{safe(line.name)}</text>'
        place += 7 * len(line.name) + 14


def _line(line: Line, across: _Axis, up: _Axis, colour: str) -> Iterator[str]:
    path, pen = [], "M"
    for x, y in line.points:
        if y is None or not isfinite(y) or (up.logarithmic and y <= 0):
            pen = "M"
            continue
        at = f"{number(across.at(x))} {number(up.at(y))}"
        if line.dots or len(line.points) == 1:
            yield f'<circle cx="{at.split(maxsplit=1)[0]}" cy="{at.split()[1]}" r="3" fill="{colour}"/>'
        path.append(f"{pen}{at}")
        pen = "L"
    if path and not line.dots:
        yield f'<path d="{"".join(path)}" fill="none" stroke="{colour}" stroke-width="1.6"/>'


class _Axis:
    """From numbers to places.

    Args:
        values: What has to be on it.
        start: Place of its lower end.
        end: Place of its upper end.
        logarithmic: Whether equal ratios are equally far apart.
    """

    def __init__(self, values: Sequence[float], start: float, end: float, *, logarithmic: bool) -> None:
        self.logarithmic = logarithmic
        self._start, self._end = start, end
        used = [value for value in values if value > 0] if logarithmic else list(values)
        low, high = (min(used), max(used)) if used else (1.0, 10.0)
        if logarithmic:
            first, last = floor(log10(low)), max(ceil(log10(high)), floor(log10(low)) + 1)
            every = max(1, ceil((last - first) / _TICKS))
            self.ticks = [10.0**power for power in range(first, last + 1, every)]
            self._low, self._high = 10.0**first, 10.0**last
        else:
            step = _step((high - low) or abs(high) or 1.0)
            first, last = floor(low / step + 1e-9), max(ceil(high / step - 1e-9), floor(low / step + 1e-9) + 1)
            self.ticks = [step * count for count in range(first, last + 1)]
            self._low, self._high = step * first, step * last

    def at(self, value: float) -> float:
        """The place of a number."""
        if self.logarithmic:
            part = (log10(max(value, self._low)) - log10(self._low)) / (log10(self._high) - log10(self._low))
        else:
            part = (value - self._low) / (self._high - self._low)
        return self._start + (self._end - self._start) * part


def _step(span: float) -> float:
    """1, 2 or 5 times a power of ten, so that a few of them are the span."""
    rough = span / _TICKS
    power = 10.0 ** floor(log10(rough))
    return power * next(times for times in (1, 2, 5, 10) if times * power >= rough * (1 - 1e-9))


def _short(value: float) -> str:
    return f"{value:.3g}"
