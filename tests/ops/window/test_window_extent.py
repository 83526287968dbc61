"""How far a window reaches: which elements an output changes with, found by moving one element at a time."""

from typing import Any

import numpy as np
import pytest

from netweight.ir import TensorSpec
from netweight.ops import REGISTRY
from netweight.ops.extent import Slides
from netweight.ops.window.adaptive_pool import AdaptivePoolAttrs
from netweight.ops.window.pool import PoolAttrs
from netweight.ops.window.pool_average import AvgPoolAttrs, LpPoolAttrs
from netweight.ops.window.unfold import UnfoldAttrs

_PADS = ((1, 0), (1, 1))
_WINDOW: Any = {"kernel_size": (3, 2), "stride": (2, 3), "padding": _PADS}
_DILATED: Any = {**_WINDOW, "dilation": (2, 3)}


def _changes(name: str, attrs: Any, size: tuple[int, int]) -> Any:
    """(outputs, inputs): whether an output of a plane changes with an input."""
    op, found = REGISTRY[name], []
    sign = -1.0 if name == "min_pool" else 1.0
    for at in range(size[0] * size[1]):
        x = np.zeros(size[0] * size[1])
        x[at] = sign
        y = op.forward(attrs, x.reshape(1, 1, *size))
        y = y[0] if isinstance(y, tuple) else y
        y = np.abs(y).sum(axis=1, keepdims=True) if name == "unfold" else y
        found.append(y[0, 0].reshape(y.shape[-2:]) != 0)
    return np.stack(found, axis=-1).reshape(*y.shape[-2:], *size)


@pytest.mark.parametrize(
    ("name", "attrs"),
    [
        ("max_pool", PoolAttrs(**_DILATED)),
        ("min_pool", PoolAttrs(**_DILATED)),
        ("avg_pool", AvgPoolAttrs(**_WINDOW)),
        ("lp_pool", LpPoolAttrs(norm_type=2.0, kernel_size=(3, 2), stride=(2, 3))),
        ("unfold", UnfoldAttrs(**_DILATED)),
        ("adaptive_avg_pool", AdaptivePoolAttrs(output_size=(3, 4))),
        ("adaptive_max_pool", AdaptivePoolAttrs(output_size=(3, 4))),
    ],
)
def test_a_window_reaches_as_far_as_its_rule_says(name: str, attrs: Any) -> None:
    """Windows in the middle, which meet no padding: first and last element, and how far the next window is."""
    size = (15, 12)
    extent = REGISTRY[name].extent(attrs, TensorSpec((1, 1, *size)))
    assert isinstance(extent, Slides)
    changes = _changes(name, attrs, size)
    for dim, (k, stride, dilation) in enumerate(zip(extent.kernel_size, extent.stride, extent.dilation, strict=True)):
        along = changes.any(axis=(1 - dim, 3 - dim))
        here, following = (np.flatnonzero(along[row]) for row in (1, 2))
        assert here[-1] - here[0] == (k - 1) * dilation
        assert following[0] - here[0] == stride
        assert len(here) == k
