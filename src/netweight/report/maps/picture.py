"""Feature maps and kernels as one SVG: a grid for each layer, each map scaled to its own range."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Iterator
from math import ceil

from netweight.report.maps.words import heading, span
from netweight.report.png import png
from netweight.report.svg import safe
from netweight.results.maps import Group, Maps, Tile

_WIDTH, _MARGIN, _SIDE, _GAP, _LABEL = 960, 12, 96, 12, 26
_STYLE = (
    "text{font:9px system-ui,sans-serif;fill:#222}.h{font-size:14px;font-weight:600}.l{font-size:12px;font-weight:600}"
    "image{image-rendering:pixelated}"
)


def to_svg(maps: Maps) -> str:
    """The whole picture, the same for the same numbers."""
    parts: list[str] = []
    y = 36
    for group in maps.groups:
        parts.extend(_group(group, y))
        y += _height(group)
    title = f"{maps.model}: {', '.join(dict.fromkeys(group.layer for group in maps.groups))}"
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{_WIDTH}" height="{y}" viewBox="0 0 {_WIDTH} {y}" role="img">',
        f"<title>{safe(title)}</title><style>{_STYLE}</style>",
        f'<rect width="{_WIDTH}" height="{y}" fill="#fff"/>',
        f'<text class="h" x="{_MARGIN}" y="22">{safe(title)}</text>',
        *parts,
        "</svg>",
    ]
    return "".join(f"{line}\n" for line in lines)


def _columns(group: Group) -> int:
    return (_WIDTH - 2 * _MARGIN + _GAP) // (_shown_width(group) + _GAP)


def _zoom(group: Group) -> float:
    """Pixels of the screen for one of a map: a whole number where maps are small."""
    first = group.tiles[0]
    times = _SIDE / max(first.width, first.height)
    return float(int(times)) if times >= 1 else times


def _shown_width(group: Group) -> int:
    return max(_SIDE, ceil(group.tiles[0].width * _zoom(group)))


def _shown_height(group: Group) -> int:
    return ceil(group.tiles[0].height * _zoom(group))


def _height(group: Group) -> int:
    return 24 + ceil(len(group.tiles) / _columns(group)) * (_shown_height(group) + _LABEL) + 8


def _group(group: Group, top: int) -> Iterator[str]:
    yield f'<text class="l" x="{_MARGIN}" y="{top + 14}">{safe(heading(group))}</text>'
    wide, high, columns, zoom = _shown_width(group), _shown_height(group), _columns(group), _zoom(group)
    for at, tile in enumerate(group.tiles):
        x = _MARGIN + at % columns * (wide + _GAP)
        y = top + 24 + at // columns * (high + _LABEL)
        yield _image(tile, x, y, zoom)
        yield f'<text x="{x}" y="{y + high + 10}">{safe(tile.title)}: {safe(span(tile))}</text>'


def _image(tile: Tile, x: int, y: int, zoom: float) -> str:
    data = b64encode(png(tile.width, tile.height, tile.channels, tile.pixels)).decode("ascii")
    size = f'width="{tile.width * zoom:g}" height="{tile.height * zoom:g}"'
    frame = f'<rect x="{x}" y="{y}" {size} fill="none" stroke="#bbb"/>'
    return f'{frame}<image x="{x}" y="{y}" {size} preserveAspectRatio="none" href="data:image/png;base64,{data}"/>'
