"""Columns of 2-D planes in the words that Numba compiles; imported where it is installed."""

from __future__ import annotations

from collections.abc import Callable

from numpy import uintp

from netweight.lazy import Array


def loops(*, add: bool) -> Callable[..., None]:
    """Rows of 2-D planes to columns, or of columns added to planes; addresses without sign make rows vectors."""

    def copy(
        columns: Array, x: Array, start: int, sh: int, sw: int, top: int, left: int, dh: int, dw: int
    ) -> None:  # pragma: no cover
        channels, kh, kw, samples, rows, places = columns.shape
        height, width = x.shape[2], x.shape[3]
        planes, flat, step = x.reshape(-1), columns.reshape(-1), uintp(sw)
        for c in range(channels):
            for n in range(samples):
                plane = (c * x.shape[1] + start + n) * height
                for i in range(kh):
                    up = i * dh - top
                    for j in range(kw):
                        aside = j * dw - left
                        low, high = max(0, -(aside // sw)), min(places, (width - 1 - aside) // sw + 1)
                        count = uintp(max(0, high - low))
                        tap = (((c * kh + i) * kw + j) * samples + n) * rows
                        for h in range(max(0, -(up // sh)), min(rows, (height - 1 - up) // sh + 1)):
                            a = uintp((tap + h) * places + low)
                            b = uintp((plane + h * sh + up) * width + low * sw + aside)
                            if add and sw == 1:
                                for w in range(count):
                                    planes[b + w] += flat[a + w]
                            elif add:
                                for w in range(count):
                                    planes[b + w * step] += flat[a + w]
                            elif sw == 1:
                                for w in range(count):
                                    flat[a + w] = planes[b + w]
                            else:
                                for w in range(count):
                                    flat[a + w] = planes[b + w * step]

    return copy
