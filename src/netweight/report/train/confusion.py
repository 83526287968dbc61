"""The confusion matrix as a picture: the darker a square, the larger its share of the row."""

from __future__ import annotations

from collections.abc import Iterator

from netweight.report.svg import number, safe
from netweight.results.evaluation import Evaluation

_SIDE, _LEFT, _TOP = 34, 110, 80
_STYLE = (
    "text{font:11px system-ui,sans-serif;fill:#222}.h{font-size:14px;font-weight:600}.e{text-anchor:end}"
    ".m{text-anchor:middle}.w{fill:#fff}"
)
_NUMBERS_UP_TO = 40
_DARK = 0.5


def to_svg(found: Evaluation) -> str:
    """The picture, the same for the same numbers."""
    count = len(found.classes)
    width, height = _LEFT + _SIDE * count + 20, _TOP + _SIDE * count + 30
    title = f"{found.model}, {found.part} part of {found.data}: {found.right} of {found.images} right"
    size = f'width="{width}" height="{height}" viewBox="0 0 {width} {height}"'
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" {size} role="img">',
        f"<title>{safe(title)}</title><style>{_STYLE}</style>",
        f'<rect width="{width}" height="{height}" fill="#fff"/>',
        f'<text class="h" x="10" y="22">{safe(title)}</text>',
        '<text x="10" y="42">rows: class of the picture; columns: class of the highest score</text>',
        *_squares(found),
        "</svg>",
    ]
    return "".join(f"{line}\n" for line in lines)


def _squares(found: Evaluation) -> Iterator[str]:
    for row, (one, counts) in enumerate(zip(found.classes, found.confusion, strict=True)):
        y = _TOP + _SIDE * row
        yield f'<text class="e" x="{_LEFT - 6}" y="{y + _SIDE // 2 + 4}">{safe(one.name)}</text>'
        yield f'<text class="m" x="{_LEFT + _SIDE * row + _SIDE // 2}" y="{_TOP - 6}">{safe(one.name)}</text>'
        for column, count in enumerate(counts):
            share = count / one.images if one.images else 0.0
            x = _LEFT + _SIDE * column
            colour = "#1f5fa8" if row == column else "#b3282d"
            yield (
                f'<rect x="{x}" y="{y}" width="{_SIDE - 1}" height="{_SIDE - 1}" fill="{colour}" '
                f'fill-opacity="{number(share) or 0}" stroke="#ddd"/>'
            )
            if count and len(counts) <= _NUMBERS_UP_TO:
                white = " w" if share > _DARK else ""
                yield f'<text class="m{white}" x="{x + _SIDE // 2}" y="{y + _SIDE // 2 + 4}">{count}</text>'
