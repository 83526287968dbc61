"""Bytes alive over time, a bar for each step, or for a few steps together where there are many."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from netweight.report.fit import shortened
from netweight.report.width import left, width_of
from netweight.report.wrap import wrapped
from netweight.results.memory import ConventionMemory, Step

_LINES = 24
_LONGEST, _SHORTEST = 40, 8
_BAR = "█"
_MARK = "  <- peak"


@dataclass(frozen=True, slots=True)
class Span:
    """Steps that share a line.

    Attributes:
        first: The first, counted from 1.
        last: The last.
        at: The one of them that holds the most, the first of equals.
        worst: That step.
        at_peak: Whether the peak is among them.
    """

    first: int
    last: int
    at: int
    worst: Step
    at_peak: bool


def spans_of(steps: Sequence[Step], peak: int, lines: int = _LINES) -> tuple[Span, ...]:
    """Equal parts of the steps, at most so many; each stands for its worst step.

    Args:
        steps: Steps in order.
        peak: The step with the most bytes, counted from 1.
        lines: How many parts at most.
    """
    size = max(-(-len(steps) // lines), 1)
    found = []
    for start in range(0, len(steps), size):
        part = steps[start : start + size]
        at = max(range(len(part)), key=lambda place: part[place].alive_bytes)
        found.append(Span(start + 1, start + len(part), start + at + 1, part[at], start < peak <= start + len(part)))
    return tuple(found)


def timeline_lines(name: str, memory: ConventionMemory, width: int | None) -> Iterator[str]:
    """A title and the bars."""
    spans = spans_of(memory.steps, memory.peak_step)
    count = len(memory.steps)
    folded = "" if len(spans) == count else f", up to {spans[0].last} to a line: the worst of them is shown"
    yield from wrapped(f"timeline, {name}: bytes alive at {count} step{'s' * (count != 1)}{folded}", width, 2)
    numbers = [str(span.first) if span.first == span.last else f"{span.first}-{span.last}" for span in spans]
    sizes = [f"{span.worst.alive_bytes:,}" for span in spans]
    number, size = max(map(width_of, numbers)), max(map(width_of, sizes))
    layer, bar = _widths(spans, number + size, width)
    most = max(span.worst.alive_bytes for span in spans) or 1
    for text, span, nbytes in zip(numbers, spans, sizes, strict=True):
        name_of = left(_cut(span.worst.layer, layer), layer)
        filled = _BAR * -(-span.worst.alive_bytes * bar // most)
        yield f"  {text:>{number}}  {name_of}  {nbytes:>{size}}  {filled}{_MARK if span.at_peak else ''}"


def _widths(spans: Sequence[Span], numbers: int, width: int | None) -> tuple[int, int]:
    """Columns for the layer and for the longest bar."""
    layer = max(width_of(span.worst.layer) for span in spans)
    if width is None:
        return layer, _LONGEST
    room = width - numbers - len(_MARK) - 8
    bar = max(min(_LONGEST, room - layer), _SHORTEST)
    return max(min(layer, room - bar), _SHORTEST), bar


def _cut(text: str, size: int) -> str:
    return text if width_of(text) <= size else shortened(text, size)
