"""Mean and power mean of windows of one, two or three spatial dimensions.

Shapes
    x  (N, C, *in)
    y  (N, C, *out)

Source: torch.nn.functional.avg_pool2d and lp_pool2d.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import reduce

from netweight.count import product
from netweight.errors import ShapeError
from netweight.ir import TensorSpec
from netweight.lazy import Array, np
from netweight.ops.arrays.padding import Pads, pad_array, unpad_gradient
from netweight.ops.arrays.windows import Sizes, add_windows, windows
from netweight.ops.dims import out_dims
from netweight.ops.extent import Extent, Slides
from netweight.ops.table import FREE, Cost, Wanted, define
from netweight.ops.window.pool import pool_spec, reached_padding


@dataclass(frozen=True, slots=True, kw_only=True)
class AvgPoolAttrs:
    """Attributes of average pooling, one entry per spatial dimension.

    Attributes:
        kernel_size: Elements of the window.
        stride: Step between windows.
        padding: Zeros added (before, after) each spatial dimension.
        ceil_mode: Round the output size up; a last window that starts in the padding is dropped.
        count_include_pad: Divide by the elements of the window in the input and its padding, not in the input alone.
            What ``ceil_mode`` reads beyond the padding never counts.
        divisor_override: Divide by this instead.
    """

    kernel_size: Sizes
    stride: Sizes
    padding: Pads
    ceil_mode: bool = False
    count_include_pad: bool = True
    divisor_override: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class LpPoolAttrs:
    """Attributes of power-mean pooling, one entry per spatial dimension.

    Attributes:
        norm_type: The power p.
        kernel_size: Elements of the window.
        stride: Step between windows.
        ceil_mode: Round the output size up; the sum over a window cut short is scaled up to the whole window.
    """

    norm_type: float
    kernel_size: Sizes
    stride: Sizes
    ceil_mode: bool = False


def avg_pool_shape(attrs: AvgPoolAttrs, x: TensorSpec) -> TensorSpec:
    """Windowed sizes."""
    if attrs.divisor_override == 0:
        raise ShapeError("avg_pool: expected a divisor_override other than 0, got 0")
    one = (1,) * len(attrs.kernel_size)
    return pool_spec("avg_pool", x, attrs.kernel_size, attrs.stride, attrs.padding, one, ceil_mode=attrs.ceil_mode)


def avg_pool_cost(attrs: AvgPoolAttrs, x: TensorSpec) -> Cost:
    """Per output element one addition less than elements in the window, padding included, and one division."""
    outputs = _outputs(avg_pool_shape(attrs, x))
    return Cost(adds=product({**outputs, "k - 1": math.prod(attrs.kernel_size) - 1}), divs=product(outputs))


def avg_pool_forward(attrs: AvgPoolAttrs, x: Array) -> Array:
    """Sum of each window over the number of its elements."""
    y: Array = _window_sums(attrs, x) / divisors(attrs, x.shape[2:]).astype(x.dtype)
    return y


def avg_pool_backward(attrs: AvgPoolAttrs, grad_y: Array, x: Array) -> tuple[Array]:
    """Every element of a window gets the same share of its gradient."""
    return (_spread_sums(attrs, grad_y / divisors(attrs, x.shape[2:]).astype(grad_y.dtype), x.shape[2:]),)


def avg_pool_backward_cost(attrs: AvgPoolAttrs, wanted: Wanted, x: TensorSpec) -> Cost:
    """One division per output element, and an add of the share to each element of its window."""
    outputs = _outputs(avg_pool_shape(attrs, x))
    taps = math.prod(attrs.kernel_size)
    return Cost(adds=product({**outputs, "k": taps}), divs=product(outputs)) if any(wanted) else FREE


def avg_pool_extent(attrs: AvgPoolAttrs, _x: TensorSpec) -> Extent:
    """A window of the kernel's size."""
    one = (1,) * len(attrs.kernel_size)
    return Slides(attrs.kernel_size, attrs.stride, one)


def lp_pool_shape(attrs: LpPoolAttrs, x: TensorSpec) -> TensorSpec:
    """Windowed sizes."""
    if not 0 < attrs.norm_type < math.inf:
        raise ShapeError(f"lp_pool: expected a positive, finite norm_type, got {attrs.norm_type}")
    n = len(attrs.kernel_size)
    return pool_spec("lp_pool", x, attrs.kernel_size, attrs.stride, ((0, 0),) * n, (1,) * n, ceil_mode=attrs.ceil_mode)


def lp_pool_cost(attrs: LpPoolAttrs, x: TensorSpec) -> Cost:
    """Per output element one power per element of the window, one addition less than that, and one root.

    A square is a multiplication, its root a square root, the power of one nothing. Where ``ceil_mode`` cuts windows
    short, the scaling adds one multiplication per output element.
    """
    y = lp_pool_shape(attrs, x)
    outputs = _outputs(y)
    taps = math.prod(attrs.kernel_size)
    cut = any(
        (out - 1) * step + k > size
        for out, step, k, size in zip(y.shape[2:], attrs.stride, attrs.kernel_size, x.shape[2:], strict=True)
    )
    scaling = product(outputs) if cut else 0
    adds = product({**outputs, "k - 1": taps - 1})
    if attrs.norm_type == 1:
        return Cost(adds=adds, muls=scaling)
    powers = product({**outputs, "k": taps})
    if attrs.norm_type == 2:
        return Cost(adds=adds, muls=powers + scaling, sqrts=product(outputs))
    return Cost(adds=adds, muls=scaling, pows=powers + product(outputs))


def lp_pool_forward(attrs: LpPoolAttrs, x: Array) -> Array:
    """(sum of x ** p over the window) ** (1 / p), without absolute values: NaN for a negative sum unless p is 1."""
    y: Array = _lp_sums(attrs, x) ** (1 / attrs.norm_type)
    return y


def lp_pool_backward(attrs: LpPoolAttrs, grad_y: Array, x: Array, *, y: Array) -> tuple[Array]:
    """grad_x = sum over windows of grad_y * y ** (1 - p), times x ** (p - 1); 0 where ``y`` is 0."""
    p = attrs.norm_type
    with np.errstate(divide="ignore"):
        slope = np.where(y == 0, 0, y ** (1 - p)) * _scales(attrs, x)
    return (_spread_sums(_as_average(attrs), grad_y * slope, x.shape[2:]) * x ** (p - 1),)


def lp_pool_backward_cost(attrs: LpPoolAttrs, wanted: Wanted, x: TensorSpec) -> Cost:
    """Per output element a power, a product, an add to each element of its window; per input a power and a product.

    For p = 2 the power of the output is a reciprocal, that of the input the input; for p = 1 only the adds remain.
    """
    if not any(wanted):
        return FREE
    outputs = _outputs(lp_pool_shape(attrs, x))
    adds = product({**outputs, "k": math.prod(attrs.kernel_size)})
    if attrs.norm_type == 1:
        return Cost(adds=adds)
    products = product(outputs) + product(elements=x.numel)
    if attrs.norm_type == 2:
        return Cost(adds=adds, muls=products, divs=product(outputs))
    return Cost(adds=adds, muls=products, pows=product(outputs) + product(elements=x.numel))


def lp_pool_extent(attrs: LpPoolAttrs, _x: TensorSpec) -> Extent:
    """A window of the kernel's size."""
    n = len(attrs.kernel_size)
    return Slides(attrs.kernel_size, attrs.stride, (1,) * n)


def _outputs(y: TensorSpec) -> dict[str, int]:
    n, c, *out_size = y.shape
    return {"n": n, "c": c, **out_dims(tuple(out_size))}


def _window_sums(attrs: AvgPoolAttrs, x: Array) -> Array:
    n = len(attrs.kernel_size)
    out_size = avg_pool_shape(attrs, TensorSpec(x.shape)).shape[2:]
    padding = reached_padding(x.shape[2:], out_size, attrs.kernel_size, attrs.stride, attrs.padding, (1,) * n)
    views = windows(pad_array(x, padding), attrs.kernel_size, attrs.stride, (1,) * n, out_size)
    sums: Array = views.sum(axis=tuple(range(-n, 0)))
    return sums


def _spread_sums(attrs: AvgPoolAttrs, grad_sums: Array, in_size: Sizes) -> Array:
    """Transpose of ``_window_sums``."""
    n = len(attrs.kernel_size)
    lead, out_size = grad_sums.shape[:2], grad_sums.shape[2:]
    padding = reached_padding(in_size, out_size, attrs.kernel_size, attrs.stride, attrs.padding, (1,) * n)
    padded_size = tuple(size + sum(pad) for size, pad in zip(in_size, padding, strict=True))
    taps = np.broadcast_to(grad_sums[(...,) + (None,) * n], (*lead, *out_size, *attrs.kernel_size))
    return unpad_gradient(add_windows(taps, (*lead, *padded_size), attrs.stride, (1,) * n), in_size, padding)


def divisors(attrs: AvgPoolAttrs, in_size: Sizes) -> Array:
    """What the sum of each window is divided by, (*out)."""
    out_size = avg_pool_shape(attrs, TensorSpec((1, 1, *in_size))).shape[2:]
    if attrs.divisor_override is not None:
        return np.full(out_size, attrs.divisor_override)
    counts = []
    for size, out, k, step, (before, after) in zip(
        in_size, out_size, attrs.kernel_size, attrs.stride, attrs.padding, strict=True
    ):
        start = np.arange(out) * step - before
        low, high = (-before, size + after) if attrs.count_include_pad else (0, size)
        counts.append(np.minimum(start + k, high) - np.maximum(start, low))
    return np.maximum(reduce(np.multiply.outer, counts), 1)  # a window of padding alone: 0, not 0 / 0


def _as_average(attrs: LpPoolAttrs) -> AvgPoolAttrs:
    padding = ((0, 0),) * len(attrs.kernel_size)
    return AvgPoolAttrs(kernel_size=attrs.kernel_size, stride=attrs.stride, padding=padding, ceil_mode=attrs.ceil_mode)


def _scales(attrs: LpPoolAttrs, x: Array) -> Array:
    """Elements of the window over those in the input: 1 but for windows cut short."""
    scales: Array = (math.prod(attrs.kernel_size) / divisors(_as_average(attrs), x.shape[2:])).astype(x.dtype)
    return scales


def _lp_sums(attrs: LpPoolAttrs, x: Array) -> Array:
    sums: Array = _window_sums(_as_average(attrs), x**attrs.norm_type) * _scales(attrs, x)
    return sums


AVG_POOL = define(
    name="avg_pool",
    kind="pool",
    attrs=AvgPoolAttrs,
    shape=avg_pool_shape,
    cost=avg_pool_cost,
    forward=avg_pool_forward,
    backward=avg_pool_backward,
    backward_cost=avg_pool_backward_cost,
    extent=avg_pool_extent,
    dims={"x": "n c *in", "y": "n c *out"},
)

LP_POOL = define(
    name="lp_pool",
    kind="pool",
    attrs=LpPoolAttrs,
    shape=lp_pool_shape,
    cost=lp_pool_cost,
    forward=lp_pool_forward,
    backward=lp_pool_backward,
    backward_cost=lp_pool_backward_cost,
    saves=("x", "y"),
    extent=lp_pool_extent,
    dims={"x": "n c *in", "y": "n c *out"},
)
