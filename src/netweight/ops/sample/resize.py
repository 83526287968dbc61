"""Resize by interpolation: nearest, linear (bilinear, trilinear) and cubic (bicubic), one dimension after another.

Along one dimension, output ``i`` lies at a coordinate of the input, and is a sum of a few elements around it with
weights that depend on the coordinate alone. Those indices and weights are the whole definition: the forward gathers
along them, the backward adds along them, every mode alike. Output centres lie at
    align_corners  i * (in - 1) / (out - 1)
    nearest        i / scale
    nearest-exact  (i + 1/2) / scale
    otherwise      (i + 1/2) / scale - 1/2
with scale = out / in, or the ``scale_factor``. Coordinates are exact fractions: where i / scale is a whole number,
floating point may fall just below it and pick the element before.

Shapes
    x  (N, C, *in)
    y  (N, C, *size)

Source: torch.nn.functional.interpolate; Keys 1981, "Cubic convolution interpolation", with a = -0.75.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from functools import reduce
from typing import Literal

from netweight.count import product, total
from netweight.errors import ShapeError
from netweight.ir import TensorSpec
from netweight.lazy import np
from netweight.ops.arrays.taps import passes_back
from netweight.ops.arrays.windows import Sizes
from netweight.ops.dims import spatial_names
from netweight.ops.reach import Reach, Spreads
from netweight.ops.table import COPIED, FREE, Array, Cost, OpDef, Wanted, register

ResizeMode = Literal["nearest", "nearest-exact", "linear", "cubic"]

_TAPS: dict[str, int] = {"nearest": 1, "nearest-exact": 1, "linear": 2, "cubic": 4}
_CUBIC_A = Fraction(-3, 4)


@dataclass(frozen=True, slots=True, kw_only=True)
class ResizeAttrs:
    """Attributes of a resize, one entry per spatial dimension.

    Attributes:
        size: Spatial sizes of ``y``.
        mode: How elements between input positions are made.
        align_corners: The first and last elements of input and output lie on each other.
        scale_factor: Outputs per input where that is not ``size / in``; as written, 1.1 is eleven tenths.
    """

    size: Sizes
    mode: ResizeMode = "nearest"
    align_corners: bool = False
    scale_factor: tuple[float, ...] | None = None


def resize_shape(attrs: ResizeAttrs, x: TensorSpec) -> TensorSpec:
    """The given size, per plane."""
    if attrs.mode not in _TAPS:
        raise ShapeError(f"resize: expected mode {', '.join(_TAPS)}, got {attrs.mode!r}")
    if attrs.align_corners and _TAPS[attrs.mode] == 1:
        raise ShapeError(f"resize: expected align_corners with linear or cubic, got mode {attrs.mode!r}")
    if len(x.shape) != len(attrs.size) + 2:
        raise ShapeError(f"resize: expected x with 2 + {len(attrs.size)} dimensions, got {x.shape}")
    if min((*x.shape[2:], *attrs.size), default=0) < 1:
        raise ShapeError(f"resize: expected spatial sizes of at least 1, got {x.shape[2:]} and size {attrs.size}")
    factors = attrs.scale_factor
    if factors is not None and (len(factors) != len(attrs.size) or min(factors) <= 0):
        raise ShapeError(f"resize: expected {len(attrs.size)} positive scale factors, got {factors}")
    if factors is not None and attrs.size != tuple(map(_scaled, x.shape[2:], factors)):
        raise ShapeError(
            f"resize: expected size floor(in * scale_factor), got {attrs.size} for {x.shape[2:]} by {factors}"
        )
    return TensorSpec((*x.shape[:2], *attrs.size), x.dtype)


def resize_cost(attrs: ResizeAttrs, x: TensorSpec) -> Cost:
    """One pass per dimension that changes; per element a pass makes, 2 products and 1 addition (cubic: 4 and 3).

    The first pass makes the new rows at the old width, the second the new columns. Nearest copies. The weights depend
    on the sizes alone and are not counted.
    """
    resize_shape(attrs, x)
    taps = _TAPS[attrs.mode]
    if taps == 1:
        return FREE
    made = _made(attrs, x)
    return Cost(
        muls=total(product(pass_sizes, taps=taps) for pass_sizes in made),
        adds=total(product({**pass_sizes, "taps - 1": taps - 1}) for pass_sizes in made),
    )


def resize_forward(attrs: ResizeAttrs, x: Array) -> Array:
    """Weighted sum of the elements around each coordinate, one dimension after another."""
    y = x
    for axis, index, weight in _passes(attrs, x.shape[2:]):
        if len(index) == 1:
            y = np.take(y, index[0], axis=axis)
            continue
        parts = weight.astype(x.dtype).reshape(*weight.shape, *(1,) * (x.ndim - axis - 1))
        y = reduce(np.add, (np.take(y, near, axis=axis) * part for near, part in zip(index, parts, strict=True)))
    return x.copy() if y is x else y


def resize_backward(attrs: ResizeAttrs, grad_y: Array, x: Array) -> tuple[Array]:
    """Every gradient is added to the elements it was made of, with the same weights, last dimension first."""
    return (passes_back(grad_y, x.shape, _passes(attrs, x.shape[2:])),)


def resize_backward_cost(attrs: ResizeAttrs, wanted: Wanted, x: TensorSpec) -> Cost:
    """The passes of the forward in reverse; per element 2 products and 2 additions (cubic: 4, nearest: 1 addition)."""
    if not any(wanted):
        return FREE
    resize_shape(attrs, x)
    taps = _TAPS[attrs.mode]
    made = [product(pass_sizes, taps=taps) for pass_sizes in _made(attrs, x)]
    return Cost(adds=total(made), muls=total(made) if taps > 1 else 0) if made else COPIED


def resize_reach(attrs: ResizeAttrs, x: TensorSpec) -> Reach:
    """As many neighbours as the mode reads, where a dimension changes."""
    in_size = x.shape[2:]
    taps = _TAPS[attrs.mode]
    return Spreads(
        tuple(1 if _unchanged(attrs, dim, size) else min(taps, size) for dim, size in enumerate(in_size)),
        tuple(Fraction(out, size) for out, size in zip(attrs.size, in_size, strict=True)),
    )


def _made(attrs: ResizeAttrs, x: TensorSpec) -> list[dict[str, int]]:
    """Sizes of what each pass makes, by name."""
    made = []
    sizes = dict(zip(("n", "c", *spatial_names(len(attrs.size))), x.shape, strict=True))
    for dim, letter in enumerate(spatial_names(len(attrs.size))):
        if not _unchanged(attrs, dim, x.shape[dim + 2]):
            sizes[letter] = attrs.size[dim]
            made.append(dict(sizes))
    return made


def _scaled(size: int, factor: float) -> int:
    return math.floor(size * factor)


def _step(attrs: ResizeAttrs, dim: int, size: int) -> Fraction:
    """Input elements between neighbouring outputs."""
    out = attrs.size[dim]
    if attrs.align_corners:
        return Fraction(size - 1, out - 1) if out > 1 else Fraction(0)
    # str: a factor of 1.1 means 11/10, which its binary form is not.
    return Fraction(size, out) if attrs.scale_factor is None else 1 / Fraction(str(attrs.scale_factor[dim]))


def _unchanged(attrs: ResizeAttrs, dim: int, size: int) -> bool:
    """Whether the dimension is copied: its size stays, whatever factor says so.

    A factor such as 1.1 can leave a small size as it is. PyTorch's linear copies then, as do some of its kernels of
    the other modes and all their gradients.
    """
    return attrs.size[dim] == size


def _passes(attrs: ResizeAttrs, in_size: Sizes) -> Iterator[tuple[int, Array, Array]]:
    """For each dimension that changes its axis, and the (taps, out) indices and weights along it."""
    for dim, size in enumerate(in_size):
        if _unchanged(attrs, dim, size):
            continue
        taps = [_taps(attrs, at, size) for at in _coordinates(attrs, dim, size)]
        index = np.array([[near for near, _ in pairs] for pairs in taps])
        weight = np.array([[float(part) for _, part in pairs] for pairs in taps])
        yield dim + 2, index.T, weight.T


def _coordinates(attrs: ResizeAttrs, dim: int, size: int) -> list[Fraction]:
    """Where each output lies along the input."""
    step = _step(attrs, dim, size)
    half = Fraction(1, 2)
    if attrs.align_corners or attrs.mode == "nearest":
        return [i * step for i in range(attrs.size[dim])]
    if attrs.mode == "nearest-exact":
        return [(i + half) * step for i in range(attrs.size[dim])]
    return [(i + half) * step - half for i in range(attrs.size[dim])]


def _taps(attrs: ResizeAttrs, at: Fraction, size: int) -> list[tuple[int, Fraction]]:
    """Elements around a coordinate, the edge repeated beyond the edge, and their weights."""
    if attrs.mode == "linear":
        at = max(at, Fraction(0))
    near = math.floor(at)
    part = at - near
    match attrs.mode:
        case "nearest" | "nearest-exact":
            return [(near, Fraction(1))]
        case "linear":
            return [(near, 1 - part), (min(near + 1, size - 1), part)]
        case "cubic":
            weights = (_cubic_far(1 + part), _cubic_near(part), _cubic_near(1 - part), _cubic_far(2 - part))
            return [(min(max(near + offset, 0), size - 1), w) for offset, w in zip(range(-1, 3), weights, strict=True)]


def _cubic_near(distance: Fraction) -> Fraction:
    """Keys' kernel within one element."""
    return ((_CUBIC_A + 2) * distance - (_CUBIC_A + 3)) * distance * distance + 1


def _cubic_far(distance: Fraction) -> Fraction:
    """Keys' kernel between one and two elements away."""
    return ((distance - 5) * distance + 8) * _CUBIC_A * distance - 4 * _CUBIC_A


RESIZE = register(
    OpDef(
        name="resize",
        kind="resize",
        attrs=ResizeAttrs,
        inputs=("x",),
        shape=resize_shape,
        cost=resize_cost,
        forward=resize_forward,
        backward=resize_backward,
        backward_cost=resize_backward_cost,
        reach=resize_reach,
        dims={"x": "n c *in", "y": "n c *out"},
    )
)
