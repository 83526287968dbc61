"""Feature maps and kernels in characters, two for each pixel: as many beside each other as fit."""

from __future__ import annotations

from collections.abc import Iterator
from math import ceil

from netweight.report.escape import plain
from netweight.report.maps.words import heading, span
from netweight.report.wrap import wrapped
from netweight.results.maps import Group, Maps, Tile

_SHADES = " .:-=+*#%@"
_LARGEST = 16
_USUAL = 100


def to_text(maps: Maps, *, width: int | None = None) -> str:
    """All layers; names from files cannot act on the terminal."""
    return "".join(f"{plain(line).rstrip()}\n" for group in maps.groups for line in _group(group, width))


def _group(group: Group, width: int | None) -> Iterator[str]:
    yield from wrapped(heading(group), width, 2)
    step = ceil(max(group.tiles[0].width, group.tiles[0].height) / _LARGEST)
    shown = [_lines(tile, step) for tile in group.tiles]
    wide = max(len(line) for line in shown[0])
    fitting = max(1, ((width or _USUAL) + 2) // (wide + 2))
    chosen = shown[:fitting]
    for row in zip(*chosen, strict=True):
        yield "  ".join(cell.ljust(wide) for cell in row)
    if fitting < len(shown):
        yield f"{fitting} of {group.count:,} shown; -o FILE.svg has {len(shown)}"
    yield ""


def _lines(tile: Tile, step: int) -> list[str]:
    """One map, and its range below it."""
    rows = []
    for top in range(0, tile.height, step):
        row = ""
        for left in range(0, tile.width, step):
            row += _SHADES[_mean(tile, top, left, step) * len(_SHADES) // 256] * 2
        rows.append(row)
    label = f"{tile.title}: {span(tile)}"
    return [*rows, label]


def _mean(tile: Tile, top: int, left: int, step: int) -> int:
    row = tile.width * tile.channels
    found = [
        value
        for y in range(top, min(top + step, tile.height))
        for value in tile.pixels[
            y * row + left * tile.channels : y * row + min(left + step, tile.width) * tile.channels
        ]
    ]
    return sum(found) // len(found)
