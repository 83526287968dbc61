"""Resize by interpolation as ONNX defines it: any dimension, six ways to place the outputs, antialiasing, a crop.

Along one dimension, output ``i`` of a scale s lies at coordinate
    half_pixel            (i + 1/2) / s - 1/2
    pytorch_half_pixel    the same, but 0 where there is one output
    half_pixel_symmetric  in / 2 * (1 - size / (s * in)) + (i + 1/2) / s - 1/2
    align_corners         i * (in - 1) / (s * in - 1)
    asymmetric            i / s
    tf_crop_and_resize    start * (in - 1) + i * (end - start) * (in - 1) / (s * in - 1)
and is a sum of a few elements around it, the edge repeated beyond the edge, with weights that depend on the coordinate
alone. Antialiasing widens the kernel by 1 / s where s is below one. Coordinates are exact fractions.

Shapes
    x  any
    y  size

Source: ONNX Resize, version 19; Keys 1981, "Cubic convolution interpolation".
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from functools import reduce
from typing import Any, Literal, get_args

from netweight.count import product, total
from netweight.errors import ShapeError
from netweight.ir import TensorSpec
from netweight.lazy import np
from netweight.ops.arrays.taps import passes_back
from netweight.ops.arrays.windows import Sizes
from netweight.ops.dims import named_shape
from netweight.ops.reach import Reach, Spreads
from netweight.ops.table import COPIED, FREE, Array, Cost, OpDef, Wanted, register

Coordinates = Literal[
    "half_pixel", "pytorch_half_pixel", "half_pixel_symmetric", "align_corners", "asymmetric", "tf_crop_and_resize"
]
Rounding = Literal["round_prefer_floor", "round_prefer_ceil", "floor", "ceil"]

_RADIUS = {"nearest": 1, "linear": 1, "cubic": 2}


@dataclass(frozen=True, slots=True, kw_only=True)
class ResampleAttrs:
    """Attributes of a resize, one entry per dimension of ``x``.

    Attributes:
        size: Sizes of ``y``.
        scale: Outputs per input; as written, 1.1 is eleven tenths. A dimension of scale 1 that keeps its size is
            copied.
        mode: How elements between input positions are made.
        coordinates: Where the outputs lie.
        nearest: Which neighbour the mode ``"nearest"`` takes.
        cubic_a: The coefficient of Keys' kernel.
        exclude_outside: Elements beyond the edge have no weight, and the others share it. The sum is 0 if there are no
            others, as in the reference of ONNX.
        antialias: Widen the kernel where the size shrinks.
        region: (start, end) of the part of ``x`` that ``"tf_crop_and_resize"`` reads, from 0 to 1.
        extrapolation_value: What lies beyond ``x`` with ``"tf_crop_and_resize"``.
    """

    size: Sizes
    scale: tuple[float, ...]
    mode: Literal["nearest", "linear", "cubic"] = "nearest"
    coordinates: Coordinates = "half_pixel"
    nearest: Rounding = "round_prefer_floor"
    cubic_a: float = -0.75
    exclude_outside: bool = False
    antialias: bool = False
    region: tuple[tuple[float, float], ...] | None = None
    extrapolation_value: float = 0.0


def resample_shape(attrs: ResampleAttrs, x: TensorSpec) -> TensorSpec:
    """The given size."""
    for name, known in (
        ("mode", tuple(_RADIUS)),
        ("coordinates", get_args(Coordinates)),
        ("nearest", get_args(Rounding)),
    ):
        if getattr(attrs, name) not in known:
            raise ShapeError(f"resample: expected {name} {', '.join(known)}, got {getattr(attrs, name)!r}")
    if not len(x.shape) == len(attrs.size) == len(attrs.scale) or min(attrs.scale, default=1) <= 0:
        raise ShapeError(
            f"resample: expected a size and a positive scale per dimension of {x.shape}, "
            f"got size {attrs.size} and scale {attrs.scale}"
        )
    if min((*x.shape, *attrs.size), default=1) < 1:
        raise ShapeError(f"resample: expected sizes of at least 1, got {x.shape} and size {attrs.size}")
    cropped = attrs.coordinates == "tf_crop_and_resize"
    if cropped != (attrs.region is not None) or len(attrs.region or attrs.size) != len(attrs.size):
        raise ShapeError(
            f"resample: expected a region per dimension with 'tf_crop_and_resize' and only there, got {attrs.region}"
        )
    told = [size * scale for size, scale in zip(x.shape, attrs.scale, strict=True)]
    if not cropped and any(not -1 < out - wide < 0.51 for out, wide in zip(attrs.size, told, strict=True)):
        raise ShapeError(f"resample: expected size in * scale, rounded or cut, got {attrs.size} for {told}")
    if attrs.antialias and attrs.mode == "nearest":
        raise ShapeError("resample: expected antialias with linear or cubic, got mode 'nearest'")
    return TensorSpec(attrs.size, x.dtype)


def resample_cost(attrs: ResampleAttrs, x: TensorSpec) -> Cost:
    """One pass per dimension that changes; per element a pass makes, a product per tap and an addition between them.

    Two taps for linear, four for cubic, 1 / scale times as many if widened. The weights depend on sizes alone: free.
    """
    resample_shape(attrs, x)
    if attrs.mode == "nearest":
        return FREE
    made = _made(attrs, x)
    return Cost(
        muls=total(product(sizes, taps=taps) for sizes, taps in made),
        adds=total(product({**sizes, "taps - 1": taps - 1}) for sizes, taps in made),
    )


def resample_forward(attrs: ResampleAttrs, x: Array) -> Array:
    """Weighted sum of the elements around each coordinate, one dimension after another."""
    y = x
    for axis, index, weight in _passes(attrs, x.shape):
        if len(index) == 1:
            y = np.take(y, index[0], axis=axis)
            continue
        parts = weight.reshape(*weight.shape, *(1,) * (x.ndim - axis - 1))
        typed = parts.astype(x.dtype) if x.dtype.kind == "f" else parts
        y = reduce(np.add, (np.take(y, near, axis=axis) * part for near, part in zip(index, typed, strict=True)))
    y = x.copy() if y is x else y.astype(x.dtype, copy=False)
    for outside in _beyond(attrs, x.shape):
        y[outside] = attrs.extrapolation_value
    return y


def resample_backward(attrs: ResampleAttrs, grad_y: Array, x: Array) -> tuple[Array]:
    """Every gradient is added to the elements it was made of, with the same weights, last dimension first."""
    grad = grad_y.copy()
    for outside in _beyond(attrs, x.shape):
        grad[outside] = 0
    return (passes_back(grad, x.shape, _passes(attrs, x.shape)),)


def resample_backward_cost(attrs: ResampleAttrs, wanted: Wanted, x: TensorSpec) -> Cost:
    """The passes of the forward in reverse; a product and an addition per tap, nearest an addition."""
    if not any(wanted):
        return FREE
    resample_shape(attrs, x)
    made = [product(sizes, taps=taps) for sizes, taps in _made(attrs, x)]
    return Cost(adds=total(made), muls=0 if attrs.mode == "nearest" else total(made)) if made else COPIED


def resample_reach(attrs: ResampleAttrs, x: TensorSpec) -> Reach:
    """As many neighbours as the kernel reads, where a dimension changes."""
    taps = (1 if _unchanged(attrs, dim, x) else min(_taps_of(attrs, dim), x.shape[dim]) for dim in range(len(x.shape)))
    scale = (Fraction(out, size) for out, size in zip(attrs.size, x.shape, strict=True))
    return Spreads(tuple(taps), tuple(scale))


def _made(attrs: ResampleAttrs, x: TensorSpec) -> list[tuple[dict[str, int], int]]:
    """Sizes of what each pass makes, by name, and the taps of its kernel."""
    made = []
    sizes = named_shape(x)
    for dim, name in enumerate(list(sizes)):
        if not _unchanged(attrs, dim, x):
            sizes[name] = attrs.size[dim]
            made.append((dict(sizes), _taps_of(attrs, dim)))
    return made


def _unchanged(attrs: ResampleAttrs, dim: int, x: TensorSpec) -> bool:
    whole = attrs.region is None or attrs.region[dim] == (0, 1)
    return attrs.scale[dim] == 1 and attrs.size[dim] == x.shape[dim] and whole


def _taps_of(attrs: ResampleAttrs, dim: int) -> int:
    """Elements that the kernel reads."""
    return 1 if attrs.mode == "nearest" else 2 * _half(attrs, dim)


def _half(attrs: ResampleAttrs, dim: int) -> int:
    """Elements that the kernel reads on either side."""
    radius = _RADIUS[attrs.mode]
    if not attrs.antialias or attrs.scale[dim] >= 1:
        return radius
    return -math.floor(-radius / Fraction(str(attrs.scale[dim])))


def _passes(attrs: ResampleAttrs, in_shape: Sizes) -> Iterator[tuple[int, Array, Array]]:
    """For each dimension that changes, the (taps, out) indices and weights along it."""
    for dim, size in enumerate(in_shape):
        if _unchanged(attrs, dim, TensorSpec(in_shape)):
            continue
        taps = [_taps(attrs, dim, at, size) for at in _places(attrs, dim, size)]
        index = np.array([[min(max(near, 0), size - 1) for near, _ in pairs] for pairs in taps])
        weight = np.array([[part for _, part in pairs] for pairs in taps])
        yield dim, index.T, weight.T


def _beyond(attrs: ResampleAttrs, in_shape: Sizes) -> Iterator[Any]:
    """For each dimension of a crop, where in ``y`` the outputs are that lie beyond the input."""
    if attrs.region is not None:
        for dim, size in enumerate(in_shape):
            outside = [i for i, at in enumerate(_places(attrs, dim, size)) if not 0 <= at <= size - 1]
            yield (*(slice(None),) * dim, outside)


def _places(attrs: ResampleAttrs, dim: int, size: int) -> list[Fraction]:
    """Where each output lies along the input."""
    # str: a scale of 1.1 means 11/10, which its binary form is not.
    scale = Fraction(str(attrs.scale[dim]))
    if math.isclose(scale, Fraction(attrs.size[dim], size), rel_tol=1e-6):
        scale = Fraction(attrs.size[dim], size)
    out, half = scale * size, Fraction(1, 2)
    count = range(attrs.size[dim])
    match attrs.coordinates:
        case "align_corners":
            return [i * (size - 1) / (out - 1) if out != 1 else Fraction(0) for i in count]
        case "asymmetric":
            return [i / scale for i in count]
        case "tf_crop_and_resize":
            start, end = (Fraction(str(end)) for end in (attrs.region or ())[dim])
            if out == 1:
                # ONNX adds the start to half of the region's length.
                return [(end - start) * (size - 1) / 2 + start * (size - 1) for _ in count]
            return [start * (size - 1) + i * (end - start) * (size - 1) / (out - 1) for i in count]
        case "pytorch_half_pixel" if attrs.size[dim] == 1:
            return [Fraction(0)]
        case _:
            shift = Fraction(size, 2) * (1 - attrs.size[dim] / out) if attrs.coordinates.endswith("symmetric") else 0
            return [shift + (i + half) / scale - half for i in count]


def _taps(attrs: ResampleAttrs, dim: int, at: Fraction, size: int) -> list[tuple[int, float]]:
    """Elements around a coordinate, those beyond the edge as well, and their weights."""
    if attrs.mode == "nearest":
        return [(_nearest(attrs.nearest, at), 1.0)]
    near, half = math.ceil(at) - 1, _half(attrs, dim)
    indices = range(near - half + 1, near + half + 1)
    squeeze = min(float(attrs.scale[dim]), 1.0) if attrs.antialias else 1.0
    distances = [abs(float(index - at)) * squeeze for index in indices]
    weights = [max(1 - d, 0.0) if attrs.mode == "linear" else _cubic(d, attrs.cubic_a) for d in distances]
    if attrs.exclude_outside:
        weights = [w if 0 <= index < size else 0.0 for index, w in zip(indices, weights, strict=True)]
    if attrs.exclude_outside or attrs.antialias:
        whole = sum(weights) or 1.0  # nothing that has weight lies inside: all weights are 0, and so is the sum
        weights = [weight / whole for weight in weights]
    return list(zip(indices, weights, strict=True))


def _nearest(rounding: Rounding, at: Fraction) -> int:
    match rounding:
        case "floor":
            return math.floor(at)
        case "ceil":
            return math.ceil(at)
        case "round_prefer_floor":
            return math.ceil(at - Fraction(1, 2))
        case "round_prefer_ceil":
            return math.floor(at + Fraction(1, 2))


def _cubic(distance: float, a: float) -> float:
    if distance <= 1:
        return ((a + 2) * distance - (a + 3)) * distance * distance + 1
    return (((distance - 5) * distance + 8) * distance - 4) * a if distance < 2 else 0.0


RESAMPLE = register(
    OpDef(
        name="resample",
        kind="resize",
        attrs=ResampleAttrs,
        inputs=("x",),
        shape=resample_shape,
        cost=resample_cost,
        forward=resample_forward,
        backward=resample_backward,
        backward_cost=resample_backward_cost,
        reach=resample_reach,
    )
)
