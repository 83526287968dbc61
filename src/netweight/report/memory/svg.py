"""Activation memory as a picture: live tensors stacked over the steps, and where the plan puts them.

The same figures give the same text, byte for byte. Both panels have steps from left to right and bytes upwards, so
that a tensor has its width, height and colour in both; the title of each shape says which tensor it is.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from html import escape

from netweight.report.escape import plain
from netweight.report.fit import shortened
from netweight.report.memory.bars import Span, spans_of
from netweight.results.memory import ConventionMemory, Memory, Plan, Tensor

_WIDTH, _PANEL, _LEFT, _RIGHT, _TOP, _BETWEEN, _BOTTOM = 960, 300, 92, 16, 58, 58, 40
_COLUMNS = 1000  # steps that are drawn one by one
_HUES, _TURN = 360, 137  # of neighbours far apart
_LETTER, _LINE, _READABLE = 6.2, 12, 8
_STYLE = (
    "text{font:11px system-ui,sans-serif;fill:#222}.h{font-size:14px;font-weight:600}.n{fill:#111;font-size:10px}"
    ".e{text-anchor:end}.m{text-anchor:middle}.a{stroke:#555;fill:none}.p{stroke:#c00;stroke-dasharray:4 3;fill:none}"
)


@dataclass(frozen=True, slots=True)
class Panel:
    """Where steps and bytes lie in the picture.

    Attributes:
        top: Upper edge.
        most: Bytes at the upper edge.
        columns: Steps that are drawn, each of the same width.
    """

    top: float
    most: int
    columns: Sequence[Span]

    def x(self, column: int) -> str:
        """Left edge of a column."""
        return _number(_LEFT + (_WIDTH - _LEFT - _RIGHT) * column / max(len(self.columns), 1))

    def y(self, nbytes: int) -> str:
        """Height of an amount."""
        return _number(self.top + _PANEL * (1 - nbytes / max(self.most, 1)))

    def span(self, tensor: Tensor) -> tuple[int, int]:
        """Columns in whose drawn step a tensor is alive: the first, and the one after the last."""
        size = self.columns[0].last - self.columns[0].first + 1 if self.columns else 1
        first, last = (tensor.first_step - 1) // size, (tensor.last_step - 1) // size
        if first < len(self.columns) and tensor.first_step > self.columns[first].at:
            first += 1
        if last < len(self.columns) and tensor.last_step < self.columns[last].at:
            last -= 1
        return first, min(last + 1, len(self.columns))


def to_svg(memory: Memory, name: str) -> str:
    """The picture of one convention.

    Args:
        memory: What was found.
        name: The convention.
    """
    return "".join(f"{line}\n" for line in _lines(memory, name, memory.conventions[name]))


def _lines(memory: Memory, name: str, found: ConventionMemory) -> Iterator[str]:
    panels = 1 if found.plan is None else 2
    height = _TOP + panels * _PANEL + (panels - 1) * _BETWEEN + _BOTTOM
    yield (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{_WIDTH}" height="{height}" '
        f'viewBox="0 0 {_WIDTH} {height}" role="img">'
    )
    title = f"{memory.model.name}: activation memory, {name}"
    yield f"<title>{_safe(title)}</title><style>{_STYLE}</style>"
    yield f'<rect width="{_WIDTH}" height="{height}" fill="#fff"/>'
    yield f'<text class="h" x="{_LEFT}" y="22">{_safe(title)}</text>'
    columns = spans_of(found.steps, found.peak_step, _COLUMNS)
    stack = Panel(_TOP, max((step.alive_bytes + found.shared_bytes for step in found.steps), default=0), columns)
    peak = f"peak {found.peak_bytes:,} bytes at step {found.peak_step}, {found.peak_layer}"
    yield from _axes(stack, f"alive at each of {len(found.steps)} steps: {peak}")
    yield from _stacked(stack, found.tensors)
    yield from _peak_line(stack)
    if found.plan is not None:
        yield from _arena(found.plan, found.tensors, columns)
    yield "</svg>"


def _arena(plan: Plan, tensors: Sequence[Tensor], columns: Sequence[Span]) -> Iterator[str]:
    panel = Panel(_TOP + _PANEL + _BETWEEN, plan.arena_bytes, columns)
    proof = "proved optimal" if plan.proved_optimal else f"lower bound {plan.lower_bound_bytes:,}"
    yield from _axes(panel, f"place in an arena of {plan.arena_bytes:,} bytes, {proof}")
    yield from _placed(panel, tensors)
    yield from _peak_line(panel)


def _axes(panel: Panel, says: str) -> Iterator[str]:
    bottom, right = _number(panel.top + _PANEL), _number(_WIDTH - _RIGHT)
    yield f'<text x="{_LEFT}" y="{_number(panel.top - 10)}">{_safe(says)}</text>'
    yield f'<path class="a" d="M{_LEFT} {_number(panel.top)}V{bottom}H{right}"/>'
    for part in (0, 1, 2, 3, 4):
        nbytes = panel.most * part // 4
        yield f'<text class="e" x="{_LEFT - 6}" y="{_number(float(panel.y(nbytes)) + 4)}">{nbytes:,}</text>'
    below = _number(panel.top + _PANEL + 16)
    last = panel.columns[-1].last if panel.columns else 0
    yield f'<text x="{_LEFT}" y="{below}">step 1</text><text class="e" x="{right}" y="{below}">step {last}</text>'


def _peak_line(panel: Panel) -> Iterator[str]:
    at = next((column for column, span in enumerate(panel.columns) if span.at_peak), None)
    if at is not None:
        middle = _number((float(panel.x(at)) + float(panel.x(at + 1))) / 2)
        line = f"M{middle} {_number(panel.top)}V{_number(panel.top + _PANEL)}"
        yield f'<path class="p" d="{line}"><title>peak</title></path>'


def _stacked(panel: Panel, tensors: Sequence[Tensor]) -> Iterator[str]:
    """Each tensor above those that are older, as wide as it lives."""
    below = [0] * len(panel.columns)
    for at, tensor in enumerate(tensors):
        first, after = panel.span(tensor)
        if first >= after or not tensor.nbytes:
            continue
        floor = below[first:after]
        upper = "".join(
            f"L{panel.x(first + i)} {panel.y(low + tensor.nbytes)}H{panel.x(first + i + 1)}"
            for i, low in enumerate(floor)
        )
        lower = "".join(
            f"L{panel.x(first + i + 1)} {panel.y(low)}H{panel.x(first + i)}"
            for i, low in reversed(list(enumerate(floor)))
        )
        yield f'<path d="M{upper[1:]}{lower}Z" {_filled(at)}><title>{_says(tensor)}</title></path>'
        below[first:after] = [low + tensor.nbytes for low in floor]


def _placed(panel: Panel, tensors: Sequence[Tensor]) -> Iterator[str]:
    """A rectangle for each tensor: the steps it lives, the bytes it takes; with its name where there is room."""
    for at, tensor in enumerate(tensors):
        first, after = panel.span(tensor)
        if tensor.offset_bytes is None or first >= after or not tensor.nbytes:
            continue
        x, right = float(panel.x(first)), float(panel.x(after))
        y, bottom = float(panel.y(tensor.offset_bytes + tensor.nbytes)), float(panel.y(tensor.offset_bytes))
        size = f'width="{_number(right - x)}" height="{_number(bottom - y)}"'
        yield f'<rect x="{_number(x)}" y="{_number(y)}" {size} {_filled(at)}><title>{_says(tensor)}</title></rect>'
        letters = int((right - x) / _LETTER)
        if letters >= _READABLE and bottom - y > _LINE:
            middle = f'x="{_number((x + right) / 2)}" y="{_number((y + bottom) / 2 + 4)}"'
            yield f'<text class="m n" {middle}>{_safe(shortened(tensor.name, letters))}</text>'


def _filled(at: int) -> str:
    return f'fill="hsl({at * _TURN % _HUES} 62% 72%)" stroke="hsl({at * _TURN % _HUES} 40% 45%)" stroke-width=".4"'


def _says(tensor: Tensor) -> str:
    where = "" if tensor.offset_bytes is None else f", from byte {tensor.offset_bytes:,}"
    return _safe(f"{tensor.name}: {tensor.nbytes:,} bytes, steps {tensor.first_step} to {tensor.last_step}{where}")


def _safe(text: str) -> str:
    return escape(plain(text))


def _number(value: float) -> str:
    return f"{value:.2f}".rstrip("0").rstrip(".")
