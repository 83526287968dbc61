# ruff: noqa: E402  -- the number of threads is set before NumPy starts any
"""Convolution three ways: seven plain loops, im2col with one matrix product, einsum over a strided view.

    python benchmarks/conv_forms.py [--rounds N] [--quick]

One sample, float32, one thread. Time is CPU time and its ratio to im2col; memory is the peak of what NumPy allocates
during the call, result included; the error is the largest difference from float64, relative to the largest value. The
loops are timed where they take less than a few seconds.
"""

from __future__ import annotations

import functools
import math
import os
import tracemalloc
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

for _pool in ("OPENBLAS", "MKL", "OMP"):
    os.environ.setdefault(f"{_pool}_NUM_THREADS", "1")

import numpy as np
from timing import arguments, in_turns, markdown

from netweight.kernels.conv import conv_im2col, conv_im2col_backward, conv_loops
from netweight.ops.contract.conv import ConvAttrs, conv_backward, conv_forward

Array = np.ndarray[Any, Any]
LOOPS_LIMIT = 500_000  # MACs; a loop does about a million per second
TITLES = ("layer", "pass", "form", "CPU ms", "ratio to im2col", "peak MB", "largest error")


@dataclass(frozen=True, kw_only=True)
class Layer:
    """One convolution, every setting for all spatial dimensions alike."""

    name: str
    c_in: int
    c_out: int
    size: tuple[int, ...]
    kernel: int
    stride: int = 1
    padding: int = 0
    dilation: int = 1
    groups: int = 1

    def settings(self) -> dict[str, Any]:
        n = len(self.size)
        return {
            "stride": (self.stride,) * n,
            "padding": ((self.padding, self.padding),) * n,
            "dilation": (self.dilation,) * n,
            "groups": self.groups,
        }

    def arrays(self) -> tuple[Array, Array, Array]:
        """x, weight and bias."""
        rng = np.random.default_rng(0)
        shape = (self.c_out, self.c_in // self.groups, *(self.kernel,) * len(self.size))
        x = rng.standard_normal((1, self.c_in, *self.size), np.float32)
        return x, rng.standard_normal(shape, np.float32), rng.standard_normal(self.c_out, np.float32)


LAYERS = (
    Layer(name="LeNet-5 conv1: 5x5, 1 to 6, 28x28", c_in=1, c_out=6, size=(28, 28), kernel=5, padding=2),
    Layer(name="3x3, 8 to 16, 14x14", c_in=8, c_out=16, size=(14, 14), kernel=3, padding=1),
    Layer(
        name="AlexNet conv2: 5x5, 96 to 256 in 2 groups, 27x27",
        c_in=96, c_out=256, size=(27, 27), kernel=5, padding=2, groups=2,
    ),
    Layer(name="ResNet 3x3, 64 to 64, 56x56", c_in=64, c_out=64, size=(56, 56), kernel=3, padding=1),
    Layer(name="ResNet 1x1, 256 to 64, 56x56", c_in=256, c_out=64, size=(56, 56), kernel=1),
    Layer(name="3x3 depthwise, 144, 56x56", c_in=144, c_out=144, size=(56, 56), kernel=3, padding=1, groups=144),
    Layer(name="3x3, 64 to 64, 28x28, dilation 2", c_in=64, c_out=64, size=(28, 28), kernel=3, padding=2, dilation=2),
    Layer(name="1-D: 9, 64 to 64, 1000", c_in=64, c_out=64, size=(1000,), kernel=9, padding=4),
    Layer(name="3-D: 3x3x3, 16 to 16, 12x28x28", c_in=16, c_out=16, size=(12, 28, 28), kernel=3, padding=1),
)  # fmt: skip

Form = Callable[[], Any]


def forwards(layer: Layer, dtype: str = "float32") -> dict[str, Form]:
    x, weight, bias = (array.astype(dtype) for array in layer.arrays())
    settings = layer.settings()
    y = conv_forward(ConvAttrs(**settings), x, weight, bias)
    forms: dict[str, Form] = {
        "im2col": functools.partial(conv_im2col, x, weight, bias, **settings),
        "einsum": functools.partial(conv_forward, ConvAttrs(**settings), x, weight, bias),
    }
    if y.size * math.prod(weight.shape[1:]) <= LOOPS_LIMIT:
        forms["loops"] = lambda: conv_loops(x, weight, bias, **settings)[0]
    return forms


def backwards(layer: Layer, dtype: str = "float32") -> dict[str, Form]:
    x, weight, bias = (array.astype(dtype) for array in layer.arrays())
    attrs = ConvAttrs(**layer.settings())
    grad_y = conv_forward(attrs, x, weight, bias)
    return {
        "im2col": functools.partial(conv_im2col_backward, grad_y, x, weight, bias, **layer.settings()),
        "einsum": functools.partial(conv_backward, attrs, grad_y, x, weight, bias),
    }


def peak_bytes(form: Form) -> int:
    """Most bytes that the call held at once, arguments not counted."""
    tracemalloc.start()
    held = tracemalloc.get_traced_memory()[0]
    result = form()
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    del result
    return peak - held


def largest_error(form: Form, exact: Form) -> float:
    """Largest difference over all results, relative to the largest value of the result it is in."""
    found, expected = (result if isinstance(result, tuple) else (result,) for result in (form(), exact()))
    pairs = zip(found, expected, strict=True)
    return max(float(np.abs(one - other).max() / np.abs(other).max()) for one, other in pairs)


def rows_of(layer: Layer, rounds: int) -> list[list[str]]:
    rows = []
    for pass_name, make in (("forward", forwards), ("backward", backwards)):
        forms, exact = make(layer), make(layer, "float64")["einsum"]
        seconds = in_turns(forms, rounds)
        for name, form in forms.items():
            cost = f"{1e3 * seconds[name]:.2f}", f"{seconds[name] / seconds['im2col']:.2f}"
            # The loops make a Python number per product; tracing each would take minutes and they hold nothing.
            peak = "-" if name == "loops" else f"{peak_bytes(form) / 1e6:.2f}"
            rows.append([layer.name, pass_name, name, *cost, peak, f"{largest_error(form, exact):.0e}"])
    return rows


def main(argv: list[str] | None = None) -> None:
    chosen = arguments(__doc__, rounds=9, argv=argv)
    rows = [row for layer in (LAYERS[:2] if chosen.quick else LAYERS) for row in rows_of(layer, chosen.rounds)]
    print(markdown(TITLES, rows, left=3))


if __name__ == "__main__":
    main()
