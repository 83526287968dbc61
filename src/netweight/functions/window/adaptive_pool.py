"""Pools whose windows make an output of a given size."""

from __future__ import annotations

from netweight.errors import ShapeError
from netweight.functions.recorder import Recorder, T, layer_named
from netweight.functions.window.settings import of_dims
from netweight.ops.window.adaptive_pool import AdaptivePoolAttrs

__all__ = [
    "adaptive_avg_pool1d", "adaptive_avg_pool2d", "adaptive_avg_pool3d", "adaptive_max_pool1d", "adaptive_max_pool2d",
    "adaptive_max_pool3d", "global_avg_pool", "global_max_pool",
]  # fmt: skip

OutputSize = int | None | tuple[int | None, ...]


@layer_named("avgpool")
def adaptive_avg_pool(rec: Recorder, x: T, output_size: OutputSize) -> T:
    """Mean over windows that make an output of that size; None keeps one."""
    return rec.op("adaptive_avg_pool", _adaptive(rec, x, output_size), x)


@layer_named("maxpool")
def adaptive_max_pool(rec: Recorder, x: T, output_size: OutputSize) -> T:
    """Largest element of windows that make an output of that size; None keeps one."""
    return rec.op("adaptive_max_pool", _adaptive(rec, x, output_size), x)


adaptive_avg_pool1d, adaptive_avg_pool2d, adaptive_avg_pool3d = of_dims(adaptive_avg_pool, 1, 2, 3)
adaptive_max_pool1d, adaptive_max_pool2d, adaptive_max_pool3d = of_dims(adaptive_max_pool, 1, 2, 3)


@layer_named("avgpool")
def global_avg_pool(rec: Recorder, x: T) -> T:
    """Mean of each plane: (N, C, *in) to (N, C, 1, ...)."""
    return adaptive_avg_pool(rec, x, 1)


@layer_named("maxpool")
def global_max_pool(rec: Recorder, x: T) -> T:
    """Largest element of each plane: (N, C, *in) to (N, C, 1, ...)."""
    return adaptive_max_pool(rec, x, 1)


def _adaptive(rec: Recorder, x: object, output_size: OutputSize) -> AdaptivePoolAttrs:
    shape = rec.spec(x).shape
    sizes = (output_size,) if output_size is None or isinstance(output_size, int) else tuple(output_size)
    sizes = sizes * (len(shape) - 2) if len(sizes) == 1 else sizes
    if len(shape) != len(sizes) + 2:
        raise ShapeError(f"adaptive_pool: expected x with 2 + {len(sizes)} dimensions, got {shape}")
    kept = zip(sizes, shape[2:], strict=True)
    return AdaptivePoolAttrs(output_size=tuple(size if given is None else given for given, size in kept))
