"""What is written beside maps and kernels."""

from __future__ import annotations

from netweight.report.shapes import shape_text
from netweight.results.maps import Group, Tile


def heading(group: Group) -> str:
    """The layer, what is drawn of it, its shape and range."""
    low, high = min(tile.low for tile in group.tiles), max(tile.high for tile in group.tiles)
    some = f", {len(group.tiles)} of {group.count:,} drawn" if len(group.tiles) < group.count else ""
    means = f", each pixel the mean of {group.mean_of}x{group.mean_of}" if group.mean_of > 1 else ""
    first = ", of the first sample" if group.what == "feature maps" and group.shape[0] > 1 else ""
    return (
        f"{group.layer}, {group.what} {shape_text((group.shape,))} {group.dtype}{first}{some}{means}, "
        f"from {low:.4g} to {high:.4g}"
    )


def span(tile: Tile) -> str:
    """Range of one map: what is black, and what is white."""
    wrong = ", not all finite" if not tile.finite else ""
    return f"{tile.low:.3g} to {tile.high:.3g}{wrong}" if tile.high > tile.low else f"all {tile.low:.3g}{wrong}"
