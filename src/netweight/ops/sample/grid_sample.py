"""Sampling at positions that a tensor names: every output position reads around a coordinate of its own.

Shapes
    x     (N, C, *in)
    grid  (N, *out, spatial), the last dimension of x first: (x, y) or (x, y, z); -1 is the first end, 1 the last
    y     (N, C, *out)

A grid value g lies at coordinate
    align_corners  (g + 1) / 2 * (in - 1): the ends are the centres of the first and last element
    otherwise      ((g + 1) * in - 1) / 2: the ends are their outer edges
and outside of the input, by padding mode, reads zeros, the nearest element of the border, or the input mirrored at
the ends. Linear is a weighted sum of the 2 ** spatial elements around the coordinate, cubic of 4 ** spatial, nearest
the closest one. Beyond the input, linear and nearest move the coordinate, cubic each of the elements it reads.

Source: torch.nn.functional.grid_sample; ONNX GridSample; Jaderberg et al. 2015, "Spatial transformer networks"; Keys
1981, "Cubic convolution interpolation", with a = -0.75.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator
from dataclasses import dataclass
from functools import reduce
from typing import Literal, get_args

from netweight.count import Count, product
from netweight.errors import ShapeError
from netweight.ir import TensorSpec
from netweight.lazy import Array, np
from netweight.ops.dims import out_dims
from netweight.ops.extent import Extent, Mixes
from netweight.ops.table import COPIED, FREE, Cost, Wanted, define

SampleMode = Literal["linear", "nearest", "cubic"]
Beyond = Literal["zeros", "border", "reflection"]

_TAPS: dict[str, int] = {"nearest": 1, "linear": 2, "cubic": 4}
_CUBIC_A = -0.75


@dataclass(frozen=True, slots=True, kw_only=True)
class GridSampleAttrs:
    """Attributes of sampling.

    Attributes:
        mode: How elements between input positions are made.
        padding_mode: What lies beyond the input.
        align_corners: The ends of the grid are the centres of the outer elements, not their edges.
    """

    mode: SampleMode = "linear"
    padding_mode: Beyond = "zeros"
    align_corners: bool = False


def grid_sample_shape(attrs: GridSampleAttrs, x: TensorSpec, grid: TensorSpec) -> TensorSpec:
    """The positions of the grid, per channel."""
    spatial = len(x.shape) - 2
    if attrs.mode not in _TAPS or attrs.padding_mode not in get_args(Beyond):
        raise ShapeError(
            f"grid_sample: expected mode {', '.join(_TAPS)} and padding_mode {', '.join(get_args(Beyond))}, "
            f"got {attrs.mode!r} and {attrs.padding_mode!r}"
        )
    if spatial < 1 or len(grid.shape) != spatial + 2 or (grid.shape[0], grid.shape[-1]) != (x.shape[0], spatial):
        raise ShapeError(
            f"grid_sample: expected x (N, C, *in) and grid (N, *out, spatial dimensions of x), "
            f"got {x.shape} and {grid.shape}"
        )
    return TensorSpec((*x.shape[:2], *grid.shape[1:-1]), x.dtype)


def grid_sample_cost(attrs: GridSampleAttrs, x: TensorSpec, grid: TensorSpec) -> Cost:
    """That of the coordinates, that of the weights of the corners, and per output element a product per corner.

    A coordinate is one product and one sum with constants, and a rounding. Linear has two shares along it, an addition
    each; cubic four, 12 products and 14 additions in all. The product of the shares of all coordinates is the weight
    of a corner, and the sum over corners has one addition fewer than corners. Beyond the input: zeros compare each
    element with both ends; the border is a clip, two comparisons; a reflection is a distance, a division and its
    remainder, and a clip; both once per coordinate, for cubic once per element along it.
    """
    n, c, *out_size = grid_sample_shape(attrs, x, grid).shape
    spatial, taps = len(out_size), _TAPS[attrs.mode]
    positions = product({"n": n, **out_dims(tuple(out_size))})
    coordinates = positions * product(coordinates=spatial)
    moved = coordinates * product(elements=4) if attrs.mode == "cubic" else coordinates
    cost = _each(coordinates, muls=1, adds=1, compares=1)
    match attrs.padding_mode:
        case "zeros":
            cost += _each(coordinates, compares=2 * taps)
        case "border":
            cost += _each(moved, compares=2)
        case "reflection":
            cost += _each(moved, adds=3, muls=1, divs=1, compares=5)
    if taps == 1:
        return cost
    corners = taps**spatial
    elements = product({"n": n, "c": c, **out_dims(tuple(out_size))})
    cost += _each(coordinates, adds=2) if attrs.mode == "linear" else _each(coordinates, muls=12, adds=14)
    return cost + _each(positions, muls=corners * (spatial - 1)) + _each(elements, muls=corners, adds=corners - 1)


def grid_sample_forward(attrs: GridSampleAttrs, x: Array, grid: Array) -> Array:
    """Weighted sum over the corners around each coordinate."""
    last = np.moveaxis(x, 1, -1)
    parts = (last[at] * weight[..., None] for at, weight, _ in _corners(attrs, x, grid))
    return np.moveaxis(reduce(np.add, parts), -1, 1).astype(x.dtype, copy=False)


def grid_sample_backward(attrs: GridSampleAttrs, grad_y: Array, x: Array, grid: Array) -> tuple[Array, Array]:
    """Every gradient is added to the corners with their weights; the grid's is that of the weights."""
    last, grad_last = np.moveaxis(x, 1, -1), np.moveaxis(grad_y, 1, -1)
    grad_x = np.zeros(last.shape, grad_y.dtype)
    grad_grid = np.zeros(grid.shape, grad_y.dtype)
    for at, weight, slopes in _corners(attrs, x, grid):
        np.add.at(grad_x, at, grad_last * weight[..., None])
        through = (grad_last * last[at]).sum(axis=-1)
        for dim, slope in enumerate(slopes):
            grad_grid[..., -1 - dim] += through * slope
    return np.moveaxis(grad_x, -1, 1), grad_grid


def grid_sample_backward_cost(attrs: GridSampleAttrs, wanted: Wanted, x: TensorSpec, grid: TensorSpec) -> Cost:
    """Per output element and corner a product and an addition, for ``x`` and for ``grid`` alike.

    The sum over channels that a corner gets is weighted, per coordinate, by the shares of the others and by the
    scale; slopes of linear are signs, the four of cubic are 10 products and 6 additions per coordinate, and a product
    where they are used. Nearest adds once per element, and has no slope along the grid.
    """
    n, c, *out_size = grid_sample_shape(attrs, x, grid).shape
    spatial, nearest = len(out_size), attrs.mode == "nearest"
    corners = _TAPS[attrs.mode] ** spatial
    positions = product({"n": n, **out_dims(tuple(out_size))})
    taps = positions * product(c=c, corners=corners)
    cost = FREE
    if wanted[0]:
        cost += Cost(adds=taps, muls=0 if nearest else taps)
    if not wanted[1]:
        return cost
    if nearest:
        return cost + COPIED
    if attrs.mode == "cubic":
        cost += _each(positions * product(coordinates=spatial), muls=10, adds=6)
    steps = positions * product(corners=corners, coordinates=spatial)
    return cost + Cost(adds=taps, muls=taps) + _each(steps, muls=spatial + (attrs.mode == "cubic"), adds=1)


def grid_sample_extent(_attrs: GridSampleAttrs, x: TensorSpec, _grid: TensorSpec) -> Extent:
    """Any position: the grid says which."""
    return Mixes(tuple(range(2, len(x.shape))))


def _each(of: Count, **amounts: int) -> Cost:
    return Cost(**{kind: of * product(each=amount) for kind, amount in amounts.items()})


def _corners(
    attrs: GridSampleAttrs, x: Array, grid: Array
) -> Iterator[tuple[tuple[Array, ...], Array, tuple[Array, ...]]]:
    """For each corner where it is, its weight, and what a step along each dimension of the grid adds to that."""
    in_size = x.shape[2:]
    batch = np.arange(x.shape[0]).reshape(-1, *(1,) * len(in_size))
    along = [_taps(attrs, grid[..., -1 - dim], size) for dim, size in enumerate(in_size)]
    for corner in itertools.product(*along):
        index, shares, steps = zip(*corner, strict=True)
        inside = reduce(np.logical_and, [(i >= 0) & (i < size) for i, size in zip(index, in_size, strict=True)])
        at = tuple(np.clip(i, 0, size - 1) for i, size in zip(index, in_size, strict=True))
        slopes = tuple(
            inside * step * math.prod(shares[:dim]) * math.prod(shares[dim + 1 :]) for dim, step in enumerate(steps)
        )
        yield (batch, *at), inside * math.prod(shares), slopes


def _taps(attrs: GridSampleAttrs, g: Array, size: int) -> list[tuple[Array, Array, Array]]:
    """Elements around the coordinate, the share of each, and how fast it grows with the grid."""
    scale = (size - 1 if attrs.align_corners else size) / 2
    at = (g + 1) * scale - (0 if attrs.align_corners else 0.5)
    if attrs.mode == "cubic":
        return _cubic_taps(attrs, at, scale, size)
    at, turned = _within(attrs, at, size)
    if attrs.mode == "nearest":
        return [(np.round(at).astype(np.int64), np.ones_like(at), np.zeros_like(at))]
    near = np.floor(at).astype(np.int64)
    part, slope = at - near, turned * scale
    return [(near, 1 - part, -slope), (near + 1, part, slope)]


def _cubic_taps(attrs: GridSampleAttrs, at: Array, scale: float, size: int) -> list[tuple[Array, Array, Array]]:
    """Keys' kernel: within one element, and between one and two elements away."""
    near, a = np.floor(at), _CUBIC_A
    taps = []
    for offset in range(-1, 3):
        away = at - near - offset
        d = np.abs(away)
        if offset in (0, 1):
            share, slope = ((a + 2) * d - (a + 3)) * d * d + 1, (3 * (a + 2) * d - 2 * (a + 3)) * d
        else:
            share, slope = (((d - 5) * d + 8) * d - 4) * a, ((3 * d - 10) * d + 8) * a
        index, _ = _within(attrs, near + offset, size)
        taps.append((index.astype(np.int64), share, np.sign(away) * slope * scale))
    return taps


def _within(attrs: GridSampleAttrs, at: Array, size: int) -> tuple[Array, Array]:
    """Coordinates brought into the input as the padding mode says, and the sign or zero of their derivative."""
    turned = np.ones_like(at)
    if attrs.padding_mode == "zeros":
        return at, turned
    if attrs.padding_mode == "reflection":
        low, span = (0, size - 1) if attrs.align_corners else (-0.5, size)
        if not span:
            return np.zeros_like(at), np.zeros_like(at)
        distance = np.abs(at - low)
        spans, rest = np.divmod(distance, span)
        turned = np.where((spans % 2 == 0) == (at >= low), turned, -turned)
        at = np.where(spans % 2 == 0, rest, span - rest) + low
    return np.clip(at, 0, size - 1), np.where((at > 0) & (at < size - 1), turned, 0)


GRID_SAMPLE = define(
    name="grid_sample",
    kind="resize",
    attrs=GridSampleAttrs,
    inputs=("x", "grid"),
    shape=grid_sample_shape,
    cost=grid_sample_cost,
    forward=grid_sample_forward,
    backward=grid_sample_backward,
    backward_cost=grid_sample_backward_cost,
    saves=("x", "grid"),
    extent=grid_sample_extent,
    dims={"x": "n c *in", "y": "n c *out"},
)
