"""Gradients of resized pictures, as autograd asks for them: each is added to the places that it was made of."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import torch
from torch import Tensor

from netweight.sources.torch.lower import RULES, lowers
from netweight.sources.torch.lower.move.create import made
from netweight.sources.torch.lower.pointwise.elementwise import add, mul
from netweight.sources.torch.recorder import Recorder

_LINEAR = {1: "linear", 2: "bilinear", 3: "trilinear"}


def _of_nearest(dims: int) -> None:
    @lowers(f"upsample_nearest{dims}d_backward", f"_upsample_nearest_exact{dims}d_backward")
    def rule(rec: Recorder, grad_output: Tensor, output_size: Any, input_size: Any, *scales: float | None) -> Any:
        """Each gradient goes to the one place that it is a copy of."""
        shift = 0.5 if rec.overload is not None and "exact" in rec.overload._schema.name else 0.0
        grad = grad_output
        for dim, size, step in _steps(output_size, input_size, scales):
            places = ((torch.arange(grad.shape[dim]) + shift) * step).floor().long().clamp(max=size - 1)
            grad = _gathered(rec, grad, dim, size, places)
        return grad


def _of_linear(dims: int) -> None:
    @lowers(f"upsample_{_LINEAR[dims]}{dims}d_backward")
    def rule(
        rec: Recorder, grad_output: Tensor, output_size: Any, input_size: Any, align_corners: bool,
        *scales: float | None,
    ) -> Any:  # fmt: skip
        """Each gradient goes to the two places along a dimension between which it lies, by its distance from both."""
        grad = grad_output
        for dim, size, step in _steps(output_size, input_size, scales):
            out = torch.arange(grad.shape[dim], dtype=grad.dtype)
            if align_corners:
                at = out * ((size - 1) / max(grad.shape[dim] - 1, 1))
            else:
                at = ((out + 0.5) * step - 0.5).clamp(min=0)
            low = at.floor().long().clamp(max=size - 1)
            shape = [-1 if d == dim else 1 for d in range(grad.dim())]
            part = (at - low).view(shape)
            halves = (
                _gathered(rec, mul(rec, grad, 1 - part), dim, size, low),
                _gathered(rec, mul(rec, grad, part), dim, size, (low + 1).clamp(max=size - 1)),
            )
            grad = add(rec, *halves)
        return grad


def _steps(output_size: Any, input_size: Any, scales: tuple[float | None, ...]) -> Iterator[tuple[int, int, float]]:
    """Each resized dimension, its size before, and how far apart there two results lie."""
    sizes = tuple(input_size)[2:]
    known = scales if len(scales) == len(sizes) else (None,) * len(sizes)
    for at, (size, out, scale) in enumerate(zip(sizes, output_size, known, strict=True)):
        yield at + 2, size, 1 / scale if scale else size / out


def _gathered(rec: Recorder, grad: Tensor, dim: int, size: int, places: Tensor) -> Tensor:
    shape = [size if d == dim else n for d, n in enumerate(grad.shape)]
    result: Tensor = RULES["index_add"](rec, made(rec, shape, 0.0, grad.dtype), dim, places, grad)
    return result


for _dims in _LINEAR:
    _of_nearest(_dims)
    _of_linear(_dims)
