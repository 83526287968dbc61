from typing import Any

import numpy as np


def grouped_matmul(_attrs: None, a: Any, b: Any, offsets: Any) -> tuple[Any, int]:
    """Each row looks for the group that it is in."""
    y = np.zeros((a.shape[0], b.shape[2]))
    macs = 0
    for row, n in np.ndindex(y.shape):
        group = next(g for g, stop in enumerate(offsets) if row < stop)
        for k in range(a.shape[1]):
            y[row, n] += a[row, k] * b[group, k, n]
            macs += 1
    return y, macs


DEFINITIONS = {"grouped_matmul": grouped_matmul}
