from collections.abc import Iterator
from typing import Any

import numpy as np


def sparse_matmul(attrs: Any, values: Any, places: Any, pointers: Any, dense: Any) -> tuple[Any, int]:
    """One stored number after the other, wherever it lies."""
    y = np.zeros((attrs.shape[0], dense.shape[1]))
    macs = 0
    for row, column, value in _stored(attrs.layout, values, places, pointers):
        for n in range(dense.shape[1]):
            y[row, n] += value * dense[column, n]
            macs += 1
    return y, macs


def _stored(layout: str, values: Any, places: Any, pointers: Any) -> Iterator[tuple[int, int, float]]:
    for at, value in enumerate(values):
        if layout == "coo":
            yield places[0, at], places[1, at], value
            continue
        other = next(line for line in range(len(pointers) - 1) if pointers[line] <= at < pointers[line + 1])
        row, column = (other, places[at]) if layout in ("csr", "bsr") else (places[at], other)
        if layout in ("csr", "csc"):
            yield row, column, value
            continue
        h, w = value.shape
        for i, j in np.ndindex(h, w):
            yield row * h + i, column * w + j, value[i, j]


DEFINITIONS = {"sparse_matmul": sparse_matmul}
