"""Resize by interpolation: nearest, linear (bilinear, trilinear) and cubic (bicubic), one dimension after another.

Along one dimension of scale s, which is out / in or given, output ``i`` lies at coordinate
    half_pixel            (i + 1/2) / s - 1/2
    pytorch_half_pixel    the same, but 0 where there is one output
    half_pixel_symmetric  in / 2 * (1 - out / (s * in)) + (i + 1/2) / s - 1/2
    align_corners         i * (in - 1) / (s * in - 1)
    asymmetric            i / s
    tf_crop_and_resize    start * (in - 1) + i * (end - start) * (in - 1) / (s * in - 1)
and is a sum of a few elements around it, the edge repeated beyond the edge, with weights that depend on the coordinate
alone. Those indices and weights are the whole definition: the forward gathers along them, the backward adds along them.
Antialiasing widens the kernel by 1 / s where s is below one. Coordinates are exact fractions: where i / s is a whole
number, floating point may fall just below it and pick the element before.

Shapes
    x  (*rest, *in)
    y  (*rest, *size)

Source: torch.nn.functional.interpolate; ONNX Resize, version 19; Keys 1981, "Cubic convolution interpolation".
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, Literal, get_args

from netweight.count import product, total
from netweight.errors import ShapeError
from netweight.ir import TensorSpec
from netweight.lazy import Array, np
from netweight.ops.arrays.taps import Pass, passed, passed_back
from netweight.ops.arrays.windows import Sizes
from netweight.ops.dims import named_shape, spatial_names
from netweight.ops.extent import Extent, Spreads
from netweight.ops.table import COPIED, FREE, Cost, Wanted, define

ResizeMode = Literal["nearest", "linear", "cubic"]
Coordinates = Literal[
    "half_pixel", "pytorch_half_pixel", "half_pixel_symmetric", "align_corners", "asymmetric", "tf_crop_and_resize"
]
Rounding = Literal["floor", "ceil", "round_prefer_floor", "round_prefer_ceil"]

_RADIUS = {"nearest": 1, "linear": 1, "cubic": 2}


@dataclass(frozen=True, slots=True, kw_only=True)
class ResizeAttrs:
    """Attributes of a resize, one entry per dimension that it is about: the last ones of ``x``.

    PyTorch's ``nearest`` is asymmetric and rounds down, its ``nearest-exact`` rounds half up.

    Attributes:
        size: Sizes of ``y``.
        mode: How elements between input positions are made.
        coordinates: Where the outputs lie.
        rounding: Which neighbour the mode ``"nearest"`` takes.
        scale: Outputs per input where that is not ``size / in``; as written, 1.1 is eleven tenths. A dimension of
            scale 1 that keeps its size is copied.
        cubic_a: The coefficient of Keys' kernel.
        antialias: Widen the kernel where the size shrinks.
        exclude_outside: Elements beyond the edge have no weight, and the others share it. The sum is 0 if there are no
            others, as in the reference of ONNX.
        region: (start, end) of the part of ``x`` that ``"tf_crop_and_resize"`` reads, from 0 to 1.
        extrapolation_value: What lies beyond ``x`` with ``"tf_crop_and_resize"``.
    """

    size: Sizes
    mode: ResizeMode
    coordinates: Coordinates = "half_pixel"
    rounding: Rounding = "floor"
    scale: tuple[float, ...] | None = None
    cubic_a: float = -0.75
    antialias: bool = False
    exclude_outside: bool = False
    region: tuple[tuple[float, float], ...] | None = None
    extrapolation_value: float = 0.0


def resize_shape(attrs: ResizeAttrs, x: TensorSpec) -> TensorSpec:
    """The given size in the last dimensions."""
    _check_settings(attrs)
    if len(x.shape) < len(attrs.size):
        raise ShapeError(f"resize: expected x with at least {len(attrs.size)} dimensions, got {x.shape}")
    rest = x.shape[: len(x.shape) - len(attrs.size)]
    in_size = x.shape[len(rest) :]
    if min((*in_size, *attrs.size), default=1) < 1:
        raise ShapeError(f"resize: expected sizes of at least 1, got {in_size} and size {attrs.size}")
    if attrs.scale is not None:
        if len(attrs.scale) != len(attrs.size) or min(attrs.scale, default=1) <= 0:
            raise ShapeError(f"resize: expected {len(attrs.size)} positive scales, got {attrs.scale}")
        told = [size * scale for size, scale in zip(in_size, attrs.scale, strict=True)]
        # A crop has the size of its region, which its source has worked out.
        if attrs.region is None and any(not -1 < out - wide < 0.51 for out, wide in zip(attrs.size, told, strict=True)):
            raise ShapeError(f"resize: expected size in * scale, rounded or cut, got {attrs.size} for {told}")
    return TensorSpec((*rest, *attrs.size), x.dtype)


def resize_cost(attrs: ResizeAttrs, x: TensorSpec) -> Cost:
    """One pass per dimension that changes; per element a pass makes, a product per tap and an addition between them.

    Two taps for linear, four for cubic, 1 / scale times as many if widened. The first pass makes the new rows at the
    old width, the second the new columns. Nearest copies. The weights depend on sizes alone and are not counted.
    """
    resize_shape(attrs, x)
    if attrs.mode == "nearest":
        return FREE
    made = _made(attrs, x)
    return Cost(
        muls=total(product(sizes, taps=taps) for sizes, taps in made),
        adds=total(product({**sizes, "taps - 1": taps - 1}) for sizes, taps in made),
    )


def resize_forward(attrs: ResizeAttrs, x: Array) -> Array:
    """Weighted sum of the elements around each coordinate, one dimension after another."""
    y = passed(x, _passes(attrs, x.shape))
    y = x.copy() if y is x else y.astype(x.dtype, copy=False)
    for outside in _beyond(attrs, x.shape):
        y[outside] = attrs.extrapolation_value
    return y


def resize_backward(attrs: ResizeAttrs, grad_y: Array, x: Array) -> tuple[Array]:
    """Every gradient is added to the elements it was made of, with the same weights, last dimension first."""
    grad = grad_y.copy()
    for outside in _beyond(attrs, x.shape):
        grad[outside] = 0
    return (passed_back(grad, x.shape, _passes(attrs, x.shape)),)


def resize_backward_cost(attrs: ResizeAttrs, wanted: Wanted, x: TensorSpec) -> Cost:
    """The passes of the forward in reverse; a product and an addition per tap, nearest an addition."""
    if not any(wanted):
        return FREE
    resize_shape(attrs, x)
    made = [product(sizes, taps=taps) for sizes, taps in _made(attrs, x)]
    return Cost(adds=total(made), muls=0 if attrs.mode == "nearest" else total(made)) if made else COPIED


def resize_extent(attrs: ResizeAttrs, x: TensorSpec) -> Extent:
    """As many neighbours as the kernel reads, where a dimension changes."""
    in_size = x.shape[len(x.shape) - len(attrs.size) :]
    return Spreads(
        tuple(
            1 if _unchanged(attrs, dim, size) else min(_taps_of(attrs, dim, size), size)
            for dim, size in enumerate(in_size)
        ),
        tuple(Fraction(out, size) for out, size in zip(attrs.size, in_size, strict=True)),
    )


def weights_along(attrs: ResizeAttrs, dim: int, size: int) -> list[list[tuple[int, Fraction | float]]]:
    """For each output along a dimension the elements it is made of, also those beyond the edge, and their weights."""
    return [_taps(attrs, dim, at, size) for at in _places(attrs, dim, size)]


def _check_settings(attrs: ResizeAttrs) -> None:
    for name, known in (
        ("mode", tuple(_RADIUS)),
        ("coordinates", get_args(Coordinates)),
        ("rounding", get_args(Rounding)),
    ):
        if getattr(attrs, name) not in known:
            raise ShapeError(f"resize: expected {name} {', '.join(known)}, got {getattr(attrs, name)!r}")
    cropped = attrs.coordinates == "tf_crop_and_resize"
    if cropped != (attrs.region is not None) or len(attrs.region or attrs.size) != len(attrs.size):
        raise ShapeError(
            f"resize: expected a region per dimension with 'tf_crop_and_resize' and only there, got {attrs.region}"
        )
    if attrs.antialias and attrs.mode == "nearest":
        raise ShapeError("resize: expected antialias with linear or cubic, got mode 'nearest'")


def _made(attrs: ResizeAttrs, x: TensorSpec) -> list[tuple[dict[str, int], int]]:
    """Sizes of what each pass makes, by name, and the taps of its kernel."""
    rank, made = len(x.shape), []
    names = ("n", "c", *spatial_names(rank - 2)) if rank > 2 else tuple(named_shape(x))
    sizes = dict(zip(names, x.shape, strict=True))
    for dim, name in enumerate(names[rank - len(attrs.size) :]):
        if not _unchanged(attrs, dim, sizes[name]):
            taps = _taps_of(attrs, dim, sizes[name])
            sizes[name] = attrs.size[dim]
            made.append((dict(sizes), taps))
    return made


def _unchanged(attrs: ResizeAttrs, dim: int, size: int) -> bool:
    """Whether the dimension is copied."""
    whole = attrs.region is None or attrs.region[dim] == (0, 1)
    return attrs.size[dim] == size and (attrs.scale is None or attrs.scale[dim] == 1) and whole


def _scale(attrs: ResizeAttrs, dim: int, size: int) -> Fraction:
    """Outputs per input."""
    ratio = Fraction(attrs.size[dim], size)
    if attrs.scale is None or math.isclose(attrs.scale[dim], ratio, rel_tol=1e-6):
        return ratio
    return Fraction(str(attrs.scale[dim]))  # str: a scale of 1.1 means 11/10, which its binary form is not


def _half(attrs: ResizeAttrs, dim: int, size: int) -> int:
    """Elements that the kernel reads on either side."""
    squeeze = min(_scale(attrs, dim, size), Fraction(1)) if attrs.antialias else 1
    return math.ceil(_RADIUS[attrs.mode] / squeeze)


def _taps_of(attrs: ResizeAttrs, dim: int, size: int) -> int:
    """Elements that the kernel reads."""
    return 1 if attrs.mode == "nearest" else 2 * _half(attrs, dim, size)


def _passes(attrs: ResizeAttrs, in_shape: Sizes) -> Iterator[Pass]:
    """For each dimension that changes, its axis and the (taps, out) indices and weights along it."""
    first = len(in_shape) - len(attrs.size)
    for dim, size in enumerate(in_shape[first:]):
        if _unchanged(attrs, dim, size):
            continue
        taps = weights_along(attrs, dim, size)
        index = np.array([[min(max(near, 0), size - 1) for near, _ in pairs] for pairs in taps])
        weight = np.array([[float(part) for _, part in pairs] for pairs in taps])
        yield first + dim, index.T, weight.T


def _beyond(attrs: ResizeAttrs, in_shape: Sizes) -> Iterator[Any]:
    """For each dimension of a crop, where in ``y`` the outputs are that lie beyond the input."""
    if attrs.region is not None:
        first = len(in_shape) - len(attrs.size)
        for dim, size in enumerate(in_shape[first:]):
            outside = [i for i, at in enumerate(_places(attrs, dim, size)) if not 0 <= at <= size - 1]
            yield (*(slice(None),) * (first + dim), outside)


def _places(attrs: ResizeAttrs, dim: int, size: int) -> list[Fraction]:
    """Where each output lies along the input."""
    scale, half = _scale(attrs, dim, size), Fraction(1, 2)
    out, count = scale * size, range(attrs.size[dim])
    match attrs.coordinates:
        case "align_corners":
            return [i * (size - 1) / (out - 1) if out != 1 else Fraction(0) for i in count]
        case "asymmetric":
            return [i / scale for i in count]
        case "tf_crop_and_resize":
            start, end = (Fraction(str(end)) for end in (attrs.region or ())[dim])
            if out == 1:  # the middle of the region
                return [(end - start) * (size - 1) / 2 + start * (size - 1) for _ in count]
            return [start * (size - 1) + i * (end - start) * (size - 1) / (out - 1) for i in count]
        case "pytorch_half_pixel" if attrs.size[dim] == 1:
            return [Fraction(0)]
        case _:
            shift = Fraction(size, 2) * (1 - attrs.size[dim] / out) if attrs.coordinates.endswith("symmetric") else 0
            return [shift + (i + half) / scale - half for i in count]


def _taps(attrs: ResizeAttrs, dim: int, at: Fraction, size: int) -> list[tuple[int, Fraction | float]]:
    """Elements around a coordinate, those beyond the edge as well, and their weights."""
    if attrs.mode == "nearest":
        return [(_nearest(attrs.rounding, at), 1.0)]
    near, half = math.floor(at), _half(attrs, dim, size)
    indices = range(near - half + 1, near + half + 1)
    squeeze = min(_scale(attrs, dim, size), Fraction(1)) if attrs.antialias else 1
    distances = [abs(index - at) * squeeze for index in indices]
    weights = [max(1 - d, Fraction(0)) if attrs.mode == "linear" else _cubic(d, attrs.cubic_a) for d in distances]
    if attrs.exclude_outside:
        weights = [w if 0 <= index < size else Fraction(0) for index, w in zip(indices, weights, strict=True)]
    if attrs.exclude_outside or attrs.antialias:
        whole = sum(weights) or 1  # all are 0 where everything lies outside
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


def _cubic(distance: Fraction, coefficient: float) -> Fraction:
    """Keys' kernel: within one element, and between one and two elements away."""
    a = Fraction(str(coefficient))
    if distance <= 1:
        return ((a + 2) * distance - (a + 3)) * distance * distance + 1
    return (((distance - 5) * distance + 8) * distance - 4) * a if distance < 2 else Fraction(0)


RESIZE = define(
    name="resize",
    kind="resize",
    attrs=ResizeAttrs,
    shape=resize_shape,
    cost=resize_cost,
    forward=resize_forward,
    backward=resize_backward,
    backward_cost=resize_backward_cost,
    extent=resize_extent,
    dims={"x": "*in", "y": "*out"},
)
