"""A curve and its gradient in characters."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

_ROWS = 13
_LABEL = 7


def curve_lines(points: Sequence[tuple[float, float, float]]) -> Iterator[str]:
    """The value as ``*`` and the gradient as ``.``, over x from left to right; 0 of both axes as lines.

    Args:
        points: x, value and gradient, x from left to right at equal distances.
    """
    top = max(max(y, slope) for _, y, slope in points)
    bottom = min(min(y, slope, 0.0) for _, y, slope in points)
    step = (top - bottom) / (_ROWS - 1)
    zero = round(top / step)
    cells = [[" "] * len(points) for _ in range(_ROWS)]
    cells[zero] = ["-"] * len(points)
    for at, (x, y, slope) in enumerate(points):
        if x == 0:
            for row in cells:
                row[at] = "|"
        cells[round((top - slope) / step)][at] = "."
        cells[round((top - y) / step)][at] = "*"
    yield "* value, . gradient"
    yield ""
    for at, row in enumerate(cells):
        label = f"{top - at * step:.3g}" if at in (0, _ROWS - 1) else "0" if at == zero else ""
        yield f"{label:>{_LABEL}} {''.join(row)}".rstrip()
    first, last = f"{points[0][0]:g}", f"{points[-1][0]:g}"
    yield " " * (_LABEL + 1) + first + last.rjust(len(points) - len(first))
