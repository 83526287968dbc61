"""What pictures of ours share: a frame with a title, axes on logarithmic scales, numbers and texts that are safe."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from html import escape
from math import floor, log10

from netweight.report.escape import plain
from netweight.units import scaled

WIDTH, HEIGHT, LEFT, RIGHT, TOP, BOTTOM = 960, 540, 84, 24, 48, 52
_STYLE = (
    "text{font:11px system-ui,sans-serif;fill:#222}.h{font-size:14px;font-weight:600}.e{text-anchor:end}"
    ".m{text-anchor:middle}.a{stroke:#555;fill:none}.g{stroke:#e4e4e4;fill:none}.r{stroke:#c00;fill:none;stroke-width:1.6}"
)


@dataclass(frozen=True, slots=True)
class LogAxes:
    """Two logarithmic axes.

    Attributes:
        x_from: Left end.
        x_to: Right end.
        y_from: Lower end.
        y_to: Upper end.
    """

    x_from: float
    x_to: float
    y_from: float
    y_to: float

    def x(self, value: float) -> float:
        """Where a number is from left to right."""
        part = (log10(value) - log10(self.x_from)) / (log10(self.x_to) - log10(self.x_from))
        return LEFT + (WIDTH - LEFT - RIGHT) * min(max(part, 0.0), 1.0)

    def y(self, value: float) -> float:
        """Where a number is from top to bottom."""
        part = (log10(value) - log10(self.y_from)) / (log10(self.y_to) - log10(self.y_from))
        return TOP + (HEIGHT - TOP - BOTTOM) * (1 - min(max(part, 0.0), 1.0))


def around(values: list[float]) -> tuple[float, float]:
    """Powers of ten that hold positive numbers between them, with room on both sides."""
    low, high = floor(log10(min(values))), floor(log10(max(values))) + 1
    return 10.0**low, 10.0**high


def framed(title: str, axes: LogAxes, below: str, beside: str, inside: Iterator[str]) -> str:
    """A whole picture.

    Args:
        title: What it shows.
        axes: Its axes.
        below: What the axis below counts, with its unit.
        beside: What the axis at the left counts, with its unit.
        inside: What is drawn between them.
    """
    size = f'width="{WIDTH}" height="{HEIGHT}" viewBox="0 0 {WIDTH} {HEIGHT}"'
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" {size} role="img">',
        f"<title>{safe(title)}</title><style>{_STYLE}</style>",
        f'<rect width="{WIDTH}" height="{HEIGHT}" fill="#fff"/>',
        f'<text class="h" x="{LEFT}" y="24">{safe(title)}</text>',
        *_grid(axes),
        f'<text class="e" x="{WIDTH - RIGHT}" y="{HEIGHT - 12}">{safe(below)}</text>',
        f'<text x="8" y="{TOP - 8}">{safe(beside)}</text>',
        *inside,
        "</svg>",
    ]
    return "".join(f"{line}\n" for line in lines)


def _grid(axes: LogAxes) -> Iterator[str]:
    for power in range(round(log10(axes.x_from)), round(log10(axes.x_to)) + 1):
        x = number(axes.x(10.0**power))
        yield f'<path class="g" d="M{x} {TOP}V{HEIGHT - BOTTOM}"/>'
        yield f'<text class="m" x="{x}" y="{HEIGHT - BOTTOM + 16}">{_power(power)}</text>'
    for power in range(round(log10(axes.y_from)), round(log10(axes.y_to)) + 1):
        y = number(axes.y(10.0**power))
        yield f'<path class="g" d="M{LEFT} {y}H{WIDTH - RIGHT}"/>'
        yield f'<text class="e" x="{LEFT - 6}" y="{number(axes.y(10.0**power) + 4)}">{_power(power)}</text>'
    yield f'<path class="a" d="M{LEFT} {TOP}V{HEIGHT - BOTTOM}H{WIDTH - RIGHT}"/>'


def _power(power: int) -> str:
    return scaled(10**power, digits=1) if power >= 0 else f"{10.0**power:g}"


def safe(text: str) -> str:
    """A text that ends no element."""
    return escape(plain(text))


def number(value: float) -> str:
    """A coordinate with two decimals at most."""
    return f"{value:.2f}".rstrip("0").rstrip(".")
