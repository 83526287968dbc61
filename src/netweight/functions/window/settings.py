"""What functions of windows share: settings, and a name for each number of spatial dimensions."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

from netweight.errors import ShapeError
from netweight.functions.recorder import Recorder, Size, per_dim
from netweight.ops.arrays.padding import PaddingAmount, resolve_padding

# Pools share them, nobody else calls them.
__all__: list[str] = []

_SHAPES = {1: "(N, C, L)", 2: "(N, C, H, W)", 3: "(N, C, D, H, W)"}


def of_dims(function: Callable[..., Any], *dims: int, name: str = "") -> tuple[Callable[..., Any], ...]:
    """A function of any spatial dimensions as ``max_pool1d``, ``max_pool2d`` ..., each of which takes as many.

    Args:
        function: ``(rec, x, ...)``, x (N, C, *in).
        *dims: Numbers of spatial dimensions.
        name: Where the number stands, for example ``"max_pool{}d_with_indices"``; before a ``d`` at the end by default.
    """
    return tuple(_of(function, count, (name or f"{function.__name__}{{}}d").format(count)) for count in dims)


def _of(function: Callable[..., Any], count: int, name: str) -> Callable[..., Any]:
    @wraps(function)
    def numbered(rec: Recorder, x: Any, *args: Any, **kwargs: Any) -> Any:
        shape = rec.spec(x).shape
        if len(shape) != count + 2:
            raise ShapeError(f"{name}: expected x {_SHAPES[count]}, got {shape}")
        return function(rec, x, *args, **kwargs)

    numbered.__name__ = numbered.__qualname__ = name
    numbered.__doc__ = f"{function.__doc__} ``x`` is {_SHAPES[count]}."
    return numbered


def window_of(
    rec: Recorder, x: object, kernel_size: Size, stride: Size | None, padding: PaddingAmount, dilation: Size,
    ceil_mode: bool,
) -> dict[str, Any]:  # fmt: skip
    """Settings of a pool over all spatial dimensions of ``x`` (N, C, *in)."""
    size = rec.spec(x).shape[2:]
    kernel, spread = per_dim(kernel_size, len(size)), per_dim(dilation, len(size))
    steps = steps_of(stride, kernel)
    if isinstance(padding, list | tuple) and len(padding) == 1:
        padding = (padding[0],) * len(size)
    pads = resolve_padding(padding, size, kernel, steps, spread)
    return {"kernel_size": kernel, "stride": steps, "padding": pads, "dilation": spread, "ceil_mode": ceil_mode}


def steps_of(stride: Size | None, kernel: tuple[int, ...]) -> tuple[int, ...]:
    """Steps of a window: its size where they are None or an empty list, as ATen writes it."""
    if stride is None or (not isinstance(stride, int) and not len(stride)):
        return kernel
    return per_dim(stride, len(kernel))
