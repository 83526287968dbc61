"""Pooling to a given output size: the windows follow from it. Global pooling is the output size 1.

Output ``i`` of ``out`` reads the elements from ``floor(i * in / out)`` to before ``ceil((i + 1) * in / out)``: windows
that differ in size by one where ``out`` does not divide ``in``, and overlap there.

Shapes
    x        (N, C, *in)
    y        (N, C, *output_size)
    indices  (N, C, *output_size), positions in the flattened plane of ``x``

Source: torch.nn.functional.adaptive_avg_pool2d and adaptive_max_pool2d.
"""

from __future__ import annotations

import itertools
import math
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from netweight.count import Count, product, total
from netweight.errors import ShapeError
from netweight.ir import TensorSpec
from netweight.lazy import Array, np
from netweight.lazy_modules import fractions
from netweight.ops.arrays.dims import merged
from netweight.ops.arrays.windows import Sizes
from netweight.ops.dims import out_dims
from netweight.ops.extent import Extent, Slides, Spreads
from netweight.ops.table import FREE, Cost, Wanted, define
from netweight.ops.window.pool import scatter_add


@dataclass(frozen=True, slots=True, kw_only=True)
class AdaptivePoolAttrs:
    """Attributes of adaptive pooling.

    Attributes:
        output_size: Size of ``y``, one entry per spatial dimension.
    """

    output_size: Sizes


def adaptive_avg_pool_shape(attrs: AdaptivePoolAttrs, x: TensorSpec) -> TensorSpec:
    """The output size, per plane."""
    return _adaptive_spec("adaptive_avg_pool", attrs, x)


def adaptive_avg_pool_cost(attrs: AdaptivePoolAttrs, x: TensorSpec) -> Cost:
    """Per output element one addition less than elements in its window, and one division."""
    n, c, *out_size = adaptive_avg_pool_shape(attrs, x).shape
    return Cost(adds=_window_work(attrs, x), divs=product({"n": n, "c": c, **out_dims(tuple(out_size))}))


def adaptive_avg_pool_forward(attrs: AdaptivePoolAttrs, x: Array) -> Array:
    """Mean of each window."""
    y = np.empty((*x.shape[:2], *attrs.output_size), x.dtype)
    for position, window in _windows(attrs, x.shape[2:]):
        y[(..., *position)] = x[(..., *window)].mean(axis=_spatial(x))
    return y


def adaptive_avg_pool_backward(attrs: AdaptivePoolAttrs, grad_y: Array, x: Array) -> tuple[Array]:
    """Every element of a window gets the same share of its gradient."""
    grad_x = np.zeros(x.shape, grad_y.dtype)
    for position, window in _windows(attrs, x.shape[2:]):
        share = grad_y[(..., *position)] / math.prod(edge.stop - edge.start for edge in window)
        grad_x[(..., *window)] += share.reshape(*share.shape, *(1,) * len(window))
    return (grad_x,)


def adaptive_avg_pool_backward_cost(attrs: AdaptivePoolAttrs, wanted: Wanted, x: TensorSpec) -> Cost:
    """One division per output element, and an add of the share to each element of its window."""
    if not any(wanted):
        return FREE
    outputs = product(outputs=adaptive_avg_pool_shape(attrs, x).numel)
    return Cost(adds=total((_window_work(attrs, x), outputs)), divs=outputs)


def adaptive_max_pool_shape(attrs: AdaptivePoolAttrs, x: TensorSpec) -> tuple[TensorSpec, TensorSpec]:
    """The output size, for ``y`` and for the positions of the chosen elements."""
    y = _adaptive_spec("adaptive_max_pool", attrs, x)
    return y, TensorSpec(y.shape, "int64")


def adaptive_max_pool_cost(attrs: AdaptivePoolAttrs, x: TensorSpec) -> Cost:
    """Per output element one comparison less than elements in its window."""
    adaptive_max_pool_shape(attrs, x)
    return Cost(compares=_window_work(attrs, x))


def adaptive_max_pool_forward(attrs: AdaptivePoolAttrs, x: Array) -> tuple[Array, Array]:
    """Largest element of each window, and its position; the first of equal ones."""
    plane = np.arange(math.prod(x.shape[2:])).reshape(x.shape[2:])
    y = np.empty((*x.shape[:2], *attrs.output_size), x.dtype)
    indices = np.empty(y.shape, plane.dtype)
    for position, window in _windows(attrs, x.shape[2:]):
        taps = merged(x[(..., *window)], 2)
        best = taps.argmax(axis=-1)
        y[(..., *position)] = np.take_along_axis(taps, best[..., None], axis=-1)[..., 0]
        indices[(..., *position)] = plane[window].reshape(-1)[best]
    return y, indices


def adaptive_max_pool_backward(_attrs: AdaptivePoolAttrs, grad_y: Array, x: Array, *, indices: Array) -> tuple[Array]:
    """The gradient goes to the chosen position, and adds up where windows overlap."""
    return (scatter_add(grad_y, indices, x.shape),)


def adaptive_max_pool_backward_cost(attrs: AdaptivePoolAttrs, wanted: Wanted, x: TensorSpec) -> Cost:
    """One add per output element."""
    return Cost(adds=product(outputs=adaptive_max_pool_shape(attrs, x)[0].numel)) if any(wanted) else FREE


def adaptive_pool_extent(attrs: AdaptivePoolAttrs, x: TensorSpec) -> Extent:
    """Equal windows side by side; where the sizes differ, the largest window at the mean distance."""
    in_size, out_size = x.shape[2:], attrs.output_size
    largest = tuple(max(lengths) for lengths in _lengths(attrs, in_size))
    if any(size % out for size, out in zip(in_size, out_size, strict=True)):
        scale = [fractions.Fraction(out, size) for size, out in zip(in_size, out_size, strict=True)]
        return Spreads(largest, tuple(scale))
    n = len(out_size)
    return Slides(largest, largest, (1,) * n)


def _adaptive_spec(op: str, attrs: AdaptivePoolAttrs, x: TensorSpec) -> TensorSpec:
    if len(x.shape) != len(attrs.output_size) + 2:
        raise ShapeError(f"{op}: expected x with 2 + {len(attrs.output_size)} dimensions, got {x.shape}")
    if min((*x.shape[2:], *attrs.output_size), default=0) < 1:
        raise ShapeError(
            f"{op}: expected spatial sizes of at least 1, got {x.shape[2:]} and output_size {attrs.output_size}"
        )
    return TensorSpec((*x.shape[:2], *attrs.output_size), x.dtype)


def _edges(size: int, out: int) -> list[slice]:
    """First and end of each window along one dimension: floor(i * in / out) to ceil((i + 1) * in / out)."""
    return [slice(i * size // out, -(-(i + 1) * size // out)) for i in range(out)]


def _lengths(attrs: AdaptivePoolAttrs, in_size: Sizes) -> list[list[int]]:
    """Sizes of the windows, per dimension."""
    return [
        [edge.stop - edge.start for edge in _edges(size, out)]
        for size, out in zip(in_size, attrs.output_size, strict=True)
    ]


def _window_work(attrs: AdaptivePoolAttrs, x: TensorSpec) -> Count:
    """Sum over all windows of elements less one: one term per size of window, of which there are few."""
    windows: Counter[int] = Counter({1: 1})
    for lengths in _lengths(attrs, x.shape[2:]):
        grown: Counter[int] = Counter()
        for (size, many), (length, times) in itertools.product(windows.items(), Counter(lengths).items()):
            grown[size * length] += many * times
        windows = grown
    n, c, *_ = x.shape
    return total(
        product({"n": n, "c": c, "windows": many, "k - 1": size - 1}) for size, many in sorted(windows.items())
    )


def _windows(attrs: AdaptivePoolAttrs, in_size: Sizes) -> Iterator[tuple[Any, Any]]:
    """Each output position, and the slices of its window."""
    edges = (_edges(size, out) for size, out in zip(in_size, attrs.output_size, strict=True))
    return zip(itertools.product(*map(range, attrs.output_size)), itertools.product(*edges), strict=True)


def _spatial(x: Array) -> Sizes:
    return tuple(range(2, x.ndim))


ADAPTIVE_AVG_POOL = define(
    name="adaptive_avg_pool",
    kind="pool",
    attrs=AdaptivePoolAttrs,
    shape=adaptive_avg_pool_shape,
    cost=adaptive_avg_pool_cost,
    forward=adaptive_avg_pool_forward,
    backward=adaptive_avg_pool_backward,
    backward_cost=adaptive_avg_pool_backward_cost,
    extent=adaptive_pool_extent,
    dims={"x": "n c *in", "y": "n c *out"},
)

ADAPTIVE_MAX_POOL = define(
    name="adaptive_max_pool",
    kind="pool",
    attrs=AdaptivePoolAttrs,
    shape=adaptive_max_pool_shape,
    cost=adaptive_max_pool_cost,
    forward=adaptive_max_pool_forward,
    backward=adaptive_max_pool_backward,
    backward_cost=adaptive_max_pool_backward_cost,
    saves=("indices",),
    extras=("indices",),
    extent=adaptive_pool_extent,
    dims={"x": "n c *in", "y": "n c *out"},
)
