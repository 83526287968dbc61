"""Pooling."""

from __future__ import annotations

import math

from netweight.ir import is_floating
from netweight.lazy import np
from netweight.sources.onnx.write import writes
from netweight.sources.onnx.write.contract.conv import onnx_pads
from netweight.sources.onnx.write.step import Step


def _windows(step: Step) -> dict[str, object]:
    """Settings of the windows.

    ONNX rounds sizes up without a look at where the last window starts: where it starts in the padding, and PyTorch
    drops it, the padding is given so that sizes rounded down are right.
    """
    attrs = step.attrs
    pads, ceil = attrs.padding, attrs.ceil_mode
    if ceil and _rounded_up(step) != step.y.shape[2:]:
        pads, ceil = [(before, max(end, 0)) for (before, _), end in zip(pads, _ends(step), strict=True)], False
    return {
        "kernel_shape": attrs.kernel_size,
        "strides": attrs.stride,
        "pads": onnx_pads(pads),
        "ceil_mode": int(ceil),
    }


def _reaches(step: Step) -> list[int]:
    """Elements from the first to the last one of a window."""
    attrs = step.attrs
    dilation = getattr(attrs, "dilation", (1,) * len(attrs.kernel_size))
    return [step_ * (size - 1) + 1 for step_, size in zip(dilation, attrs.kernel_size, strict=True)]


def _rounded_up(step: Step) -> tuple[int, ...]:
    attrs = step.attrs
    padded = [size + sum(around) for size, around in zip(step.x.shape[2:], attrs.padding, strict=True)]
    sizes = zip(padded, _reaches(step), attrs.stride, strict=True)
    return tuple(-(-(size - reach) // stride) + 1 for size, reach, stride in sizes)


def _ends(step: Step, *, padded: bool = True) -> list[int]:
    """Elements after the input, per dimension, that the last window reaches; negative if it does not reach the end."""
    attrs = step.attrs
    padding = attrs.padding if padded else [(0, 0)] * len(attrs.kernel_size)
    sizes = zip(step.x.shape[2:], step.y.shape[2:], padding, attrs.stride, _reaches(step), strict=True)
    return [(out - 1) * stride + reach - size - before for size, out, (before, _), stride, reach in sizes]


@writes("max_pool")
def max_pool(step: Step) -> None:
    """MaxPool."""
    step.result("MaxPool", *step.names, dilations=step.attrs.dilation, **_windows(step))


@writes("min_pool")
def min_pool(step: Step) -> None:
    """Minus the MaxPool of minus x."""
    turned = step.value("Neg", *step.names)
    step.result("Neg", step.value("MaxPool", turned, dilations=step.attrs.dilation, **_windows(step)))


@writes("max_pool_with_indices")
def max_pool_with_indices(step: Step) -> None:
    """MaxPool, whose positions count across planes; the start of each plane taken off where they do not."""
    attrs = step.attrs
    settings = {"dilations": attrs.dilation, **_windows(step)}
    if attrs.across_planes:
        step.result("MaxPool", *step.names, **settings)
        return
    positions = step.several("MaxPool", 2, *step.names, **settings)
    step.output(0, "Identity", positions[0])
    step.output(1, "Sub", positions[1], _starts(step, step.x.shape))


@writes("max_unpool")
def max_unpool(step: Step) -> None:
    """Elements written by position into zeros."""
    attrs = step.attrs
    x, indices = step.names
    if not attrs.across_planes:
        indices = step.value("Add", indices, _starts(step, step.y.shape))
    zeros = step.filled(0, (step.y.numel,))
    flat = step.reshaped(x, (step.x.numel,)), step.reshaped(indices, (step.x.numel,))
    written = step.value("ScatterElements", zeros, flat[1], flat[0], axis=0)
    step.result("Reshape", written, step.ints(*step.y.shape))


def _starts(step: Step, shape: tuple[int, ...]) -> str:
    """Position of the first element of each plane."""
    planes = np.arange(shape[0] * shape[1]).reshape(*shape[:2], *(1,) * (len(shape) - 2))
    return step.constant(planes * math.prod(shape[2:]), "int64")


@writes("avg_pool")
def avg_pool(step: Step) -> None:
    """AveragePool; with a divisor of its own, times the elements of a window over that divisor.

    With ``ceil_mode`` a window may reach beyond the padding. Runtimes do not agree on what it is divided by, so zeros
    are put around the input and the mean is corrected by hand.
    """
    attrs = step.attrs
    if not is_floating(step.x.dtype):
        _sums_of_integers(step)
        return
    ends = _ends(step)
    beyond = any(end > after for end, (_, after) in zip(ends, attrs.padding, strict=True))
    if attrs.divisor_override is None and not (attrs.count_include_pad and attrs.ceil_mode and beyond):
        settings = _windows(step)
        step.result("AveragePool", *step.names, count_include_pad=int(attrs.count_include_pad), **settings)
        return
    around = [(before, max(end, 0)) for (before, _), end in zip(attrs.padding, ends, strict=True)]
    x = step.value("Pad", step.names[0], step.ints(*onnx_pads(((0, 0), (0, 0), *around))))
    mean = step.value("AveragePool", x, kernel_shape=attrs.kernel_size, strides=attrs.stride)
    taps = math.prod(attrs.kernel_size)
    if attrs.divisor_override is not None:
        step.result("Mul", mean, step.scalar(taps / attrs.divisor_override))
    else:
        step.result("Mul", mean, _shares(step, taps))


def _sums_of_integers(step: Step) -> None:
    """Means of real numbers times the elements of a window, rounded: whole numbers up to 2^22 are exact so."""
    attrs = step.attrs
    if attrs.divisor_override != 1:
        raise step.unsupported("means of integers")
    around = [(before, max(end, 0)) for (before, _), end in zip(attrs.padding, _ends(step), strict=True)]
    x = step.value("Pad", step.typed(0, "float32"), step.ints(*onnx_pads(((0, 0), (0, 0), *around))))
    mean = step.value("AveragePool", x, kernel_shape=attrs.kernel_size, strides=attrs.stride)
    total = step.value("Mul", mean, step.scalar(math.prod(attrs.kernel_size), "float32"))
    step.finish("float32", "Round", total)


def _shares(step: Step, taps: int) -> str:
    """Elements of a whole window over those that lie in the input or its padding."""
    attrs = step.attrs
    shares = np.ones(())
    for dim, (kernel, stride) in enumerate(zip(attrs.kernel_size, attrs.stride, strict=True)):
        end = step.x.shape[2 + dim] + sum(attrs.padding[dim])
        starts = np.arange(step.y.shape[2 + dim]) * stride
        shares = np.multiply.outer(shares, np.minimum(starts + kernel, end) - starts)
    flat = step.constant((taps / shares).reshape(-1), step.x.dtype)
    return step.reshaped(flat, shares.shape)


@writes("lp_pool")
def lp_pool(step: Step) -> None:
    """The root of the mean of powers times the elements of a window; LpPool would take absolute values."""
    attrs = step.attrs
    around = [(0, max(end, 0)) for end in _ends(step, padded=False)]
    powers = step.value("Pow", step.names[0], step.scalar(attrs.norm_type))
    mean = step.value(
        "AveragePool", powers,
        kernel_shape=attrs.kernel_size, strides=attrs.stride, pads=onnx_pads(around), count_include_pad=0,
    )  # fmt: skip
    total = step.value("Mul", mean, step.scalar(math.prod(attrs.kernel_size)))
    step.result("Pow", total, step.scalar(1 / attrs.norm_type))


@writes("adaptive_avg_pool")
def adaptive_avg_pool(step: Step) -> None:
    """GlobalAveragePool, AveragePool where all windows are alike, else a matrix per dimension."""
    _adaptive(step, "AveragePool", "ReduceMean")


@writes("adaptive_max_pool")
def adaptive_max_pool(step: Step) -> None:
    """GlobalMaxPool, MaxPool where all windows are alike, else window by window."""
    _adaptive(step, "MaxPool", "ReduceMax")


def _adaptive(step: Step, pool: str, reduction: str) -> None:
    sizes, out = step.x.shape[2:], step.attrs.output_size
    if all(size == 1 for size in out):
        step.result(f"Global{pool}", *step.names)
    elif not any(size % wanted for size, wanted in zip(sizes, out, strict=True)):
        window = [size // wanted for size, wanted in zip(sizes, out, strict=True)]
        step.result(pool, *step.names, kernel_shape=window, strides=window)
    else:
        _window_by_window(step, reduction)


def _window_by_window(step: Step, reduce: str) -> None:
    """One dimension after the other: the mean of means, as windows of one row have one size, and so the maximum."""
    x = step.names[0]
    for dim, (size, wanted) in enumerate(zip(step.x.shape[2:], step.attrs.output_size, strict=True), 2):
        edges = [(at * size // wanted, -(-(at + 1) * size // wanted)) for at in range(wanted)]
        if edges == [(at, at + 1) for at in range(size)]:
            continue
        parts = [step.value(reduce, step.sliced(x, dim, *edge), step.ints(dim), keepdims=1) for edge in edges]
        x = step.value("Concat", *parts, axis=dim)
    step.as_result(x)
