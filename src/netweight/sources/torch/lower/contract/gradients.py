"""Gradients of convolutions, trilinear products and distances, as autograd asks for them: products of their own."""

from __future__ import annotations

from collections.abc import Sequence
from functools import reduce
from typing import Any

import torch
from torch import Tensor

from netweight.functions.contract import conv as convolutions
from netweight.ops.contract.einsum import EinsumAttrs
from netweight.ops.move.layout import PermuteAttrs
from netweight.ops.reduce.reduction import ReduceAttrs
from netweight.sources.torch.lower import lowers
from netweight.sources.torch.lower.common import binary
from netweight.sources.torch.lower.contract.products import conv, conv_transpose
from netweight.sources.torch.lower.move.layout import reshaped, slice_, unsqueeze
from netweight.sources.torch.lower.pointwise.elementwise import div, mul, sub, where
from netweight.sources.torch.recorder import Recorder

_EUCLIDEAN = 2


@lowers("convolution_backward")
def convolution_backward(
    rec: Recorder, grad_output: Tensor, input: Tensor, weight: Tensor, bias_sizes: Any, stride: Any, padding: Any,
    dilation: Any, transposed: bool, output_padding: Any, groups: int, output_mask: Any,
) -> Any:  # fmt: skip
    """PyTorch's ``convolution_backward``.

    convolution_backward(Tensor grad_output, Tensor input, Tensor weight, SymInt[]? bias_sizes, SymInt[] stride,
        SymInt[] padding, SymInt[] dilation, bool transposed, SymInt[] output_padding, int groups, bool[3]
        output_mask) -> (Tensor, Tensor, Tensor)
    """
    dims = weight.dim() - 2
    steps, pads, spread = (_each(size, dims) for size in (stride, padding, dilation))
    of_input = of_weight = of_bias = None
    if output_mask[0] and transposed:
        of_input = conv(rec, grad_output, weight, None, steps, pads, spread, groups)
    elif output_mask[0]:
        more = _missing(input.shape[2:], grad_output.shape[2:], weight.shape[2:], steps, pads, spread)
        of_input = conv_transpose(rec, grad_output, weight, None, steps, pads, more, groups, spread)
    if output_mask[1]:
        x, grad = (grad_output, input) if transposed else (input, grad_output)
        of_weight = _of_weight(rec, x, grad, weight, steps, pads, spread, groups)
    if output_mask[2]:
        of_bias = rec.op("sum", ReduceAttrs(dims=(0, *range(2, dims + 2))), grad_output)
    return of_input, of_weight, of_bias


def _each(size: Any, dims: int) -> tuple[int, ...]:
    return tuple(size) * dims if len(size) == 1 else tuple(size)


def _missing(
    wide: Sequence[int], narrow: Sequence[int], kernel: Sequence[int], steps: Sequence[int], pads: Sequence[int],
    spread: Sequence[int],
) -> tuple[int, ...]:  # fmt: skip
    """Places at the end of the input that no window reaches."""
    sizes = zip(wide, narrow, kernel, steps, pads, spread, strict=True)
    return tuple(w - ((n - 1) * step - 2 * pad + apart * (k - 1) + 1) for w, n, k, step, pad, apart in sizes)


def _of_weight(
    rec: Recorder, x: Tensor, grad: Tensor, weight: Tensor, steps: Sequence[int], pads: Sequence[int],
    spread: Sequence[int], groups: int,
) -> Tensor:  # fmt: skip
    """The input under windows that are the gradient: samples take the place of channels, steps that of dilation."""
    more = _missing(x.shape[2:], grad.shape[2:], weight.shape[2:], steps, pads, spread)
    ends = []
    for dim, (unreached, pad) in enumerate(zip(more, pads, strict=True), 2):
        if unreached > pad:
            x = slice_(rec, x, dim, 0, x.shape[dim] - (unreached - pad))
        ends.append((pad, max(pad - unreached, 0)))
    inputs = _grouped(rec, x, groups)
    windows = _permuted(rec, grad, (1, 0, *range(2, grad.dim())))
    made = convolutions.conv(rec, inputs, windows, None, tuple(spread), tuple(ends), tuple(steps), groups)
    return _permuted(rec, made, (1, 0, *range(2, made.dim())))


def _grouped(rec: Recorder, x: Tensor, groups: int) -> Tensor:
    """(n, groups * c, ...) as (c, groups * n, ...)."""
    sizes = tuple(x.shape[2:])
    if groups == 1:
        return _permuted(rec, x, (1, 0, *range(2, x.dim())))
    apart = reshaped(rec, x, (x.shape[0], groups, x.shape[1] // groups, *sizes))
    turned = _permuted(rec, apart, (2, 1, 0, *range(3, apart.dim())))
    return reshaped(rec, turned, (turned.shape[0], groups * x.shape[0], *sizes))


def _permuted(rec: Recorder, x: Tensor, order: tuple[int, ...]) -> Tensor:
    result: Tensor = rec.op("permute", PermuteAttrs(order=order), x)
    return result


@lowers("_trilinear")
def trilinear(
    rec: Recorder, i1: Tensor, i2: Tensor, i3: Tensor, expand1: Any, expand2: Any, expand3: Any, sumdim: Any,
    unroll_dim: int = 1,
) -> Any:  # fmt: skip
    """Products of three tensors with new dimensions, added up over some: two of them first, then with the third."""
    given = zip((i1, i2, i3), (expand1, expand2, expand3), strict=True)
    first, second, third = (reduce(lambda x, dim: unsqueeze(rec, x, dim), sorted(new), x) for x, new in given)
    pair = mul(rec, first, second)
    shape = torch.broadcast_shapes(pair.shape, third.shape)
    letters = "abcdefgh"[: len(shape)]
    kept = "".join(letter for at, letter in enumerate(letters) if at not in sumdim)
    terms, parts = zip(*(_without_ones(rec, x, letters) for x in (pair, third)), strict=True)
    return rec.op("einsum", EinsumAttrs(equation=f"{','.join(terms)}->{kept}"), *parts)


def _without_ones(rec: Recorder, x: Tensor, letters: str) -> tuple[str, Tensor]:
    """The tensor without its dimensions of size 1, and letters for the others."""
    wide = [at for at, size in enumerate(x.shape) if size != 1]
    return "".join(letters[at] for at in wide), reshaped(rec, x, [x.shape[at] for at in wide])


@lowers("_cdist_backward")
def cdist_backward(rec: Recorder, grad: Tensor, x1: Tensor, x2: Tensor, p: float, cdist: Tensor) -> Any:
    """Differences over lengths, 0 for a length of 0, times the gradient, added up over the second vectors."""
    if p != _EUCLIDEAN:
        return NotImplemented
    apart = sub(rec, unsqueeze(rec, x1, -2), unsqueeze(rec, x2, -3))
    slope = where(rec, binary(rec, "eq", cdist, 0), 0.0, div(rec, grad, cdist))
    weighted = mul(rec, apart, unsqueeze(rec, slope, -1))
    return rec.op("sum", ReduceAttrs(dims=(weighted.dim() - 2,)), weighted)
