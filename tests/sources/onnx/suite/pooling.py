"""Expected outputs of pooling in the suite, which onnx computes window by window: most of the time that loading takes.

Where every window lies inside and no element of it is missing, NumPy takes all windows at once.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any
from unittest import mock

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from onnx.reference.ops import op_pool_common

by_windows: Callable[..., Any] = op_pool_common.pool
"""What onnx has."""


@contextmanager
def pooled_at_once() -> Iterator[None]:
    """The cases that are made in here get their outputs from ``pool``."""
    with mock.patch.object(op_pool_common, "pool", pool):
        yield


def pool(
    padded: Any, x_shape: Sequence[int], kernel: Sequence[int], strides: Any, out_shape: Any, pooling_type: str,
    *rest: Any, p: int = 1, dilations: Any = None, **others: Any,
) -> Any:  # fmt: skip
    """As ``by_windows``, with its arguments."""
    given = (padded, x_shape, kernel, strides, out_shape, pooling_type, *rest)
    steps = tuple(strides or [1] * len(kernel))
    reach = [(size - 1) * step + width for size, step, width in zip(out_shape, steps, kernel, strict=True)]
    inside = tuple(padded.shape) == tuple(x_shape) and all(np.less_equal(reach, padded.shape[2:]))
    plain = not rest and dilations is None and not any(np.any(value) for value in others.values())
    if not plain or not inside or np.isnan(padded).any():
        return by_windows(*given, p=p, dilations=dilations, **others)
    windows = sliding_window_view(padded, tuple(kernel), tuple(range(2, padded.ndim)))
    windows = windows[(..., *(slice(None, None, step) for step in steps), *(slice(None) for _ in kernel))]
    taps = tuple(range(-len(kernel), 0))
    match pooling_type:
        case "AVG":
            found = windows.mean(taps)
        case "MAX":
            found = windows.max(taps)
        case _:
            found = (np.abs(windows) ** p).sum(taps) ** (1.0 / p)
    return found.astype(padded.dtype)
