"""Pools whose windows make an output of a given size."""

from __future__ import annotations

from netweight.errors import ShapeError
from netweight.functions.recorder import Recorder, T, layer_named
from netweight.ops.window.adaptive_pool import AdaptivePoolAttrs

OutputSize = int | None | tuple[int | None, ...]


@layer_named("avgpool")
def adaptive_avg_pool1d(rec: Recorder, x: T, output_size: OutputSize) -> T:
    """Mean over windows that make the length ``output_size``."""
    return rec.op("adaptive_avg_pool", _adaptive(rec, x, 1, output_size), x)


@layer_named("avgpool")
def adaptive_avg_pool2d(rec: Recorder, x: T, output_size: OutputSize) -> T:
    """Mean over windows that make (H, W) the ``output_size``; None keeps a size."""
    return rec.op("adaptive_avg_pool", _adaptive(rec, x, 2, output_size), x)


@layer_named("avgpool")
def adaptive_avg_pool3d(rec: Recorder, x: T, output_size: OutputSize) -> T:
    """Mean over windows that make (D, H, W) the ``output_size``; None keeps a size."""
    return rec.op("adaptive_avg_pool", _adaptive(rec, x, 3, output_size), x)


@layer_named("maxpool")
def adaptive_max_pool1d(rec: Recorder, x: T, output_size: OutputSize) -> T:
    """Largest element of windows that make the length ``output_size``."""
    return rec.op("adaptive_max_pool", _adaptive(rec, x, 1, output_size), x)


@layer_named("maxpool")
def adaptive_max_pool2d(rec: Recorder, x: T, output_size: OutputSize) -> T:
    """Largest element of windows that make (H, W) the ``output_size``; None keeps a size."""
    return rec.op("adaptive_max_pool", _adaptive(rec, x, 2, output_size), x)


@layer_named("maxpool")
def adaptive_max_pool3d(rec: Recorder, x: T, output_size: OutputSize) -> T:
    """Largest element of windows that make (D, H, W) the ``output_size``; None keeps a size."""
    return rec.op("adaptive_max_pool", _adaptive(rec, x, 3, output_size), x)


@layer_named("avgpool")
def global_avg_pool(rec: Recorder, x: T) -> T:
    """Mean of each plane: (N, C, *in) to (N, C, 1, ...)."""
    return rec.op("adaptive_avg_pool", _adaptive(rec, x, len(rec.spec(x).shape) - 2, 1), x)


@layer_named("maxpool")
def global_max_pool(rec: Recorder, x: T) -> T:
    """Largest element of each plane: (N, C, *in) to (N, C, 1, ...)."""
    return rec.op("adaptive_max_pool", _adaptive(rec, x, len(rec.spec(x).shape) - 2, 1), x)


def _adaptive(rec: Recorder, x: object, dims: int, output_size: OutputSize) -> AdaptivePoolAttrs:
    sizes = (output_size,) * dims if output_size is None or isinstance(output_size, int) else tuple(output_size)
    sizes = sizes * dims if len(sizes) == 1 else sizes
    shape = rec.spec(x).shape
    if len(shape) != len(sizes) + 2:
        raise ShapeError(f"adaptive_pool: expected x with 2 + {len(sizes)} dimensions, got {shape}")
    kept = zip(sizes, shape[2:], strict=True)
    return AdaptivePoolAttrs(output_size=tuple(size if given is None else given for given, size in kept))
