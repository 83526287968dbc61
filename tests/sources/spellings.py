"""What a user of PyTorch writes for an operator, where the witness of its numbers is made of other operators.

``SPELLED``: operator name to a function of ``(attrs, *tensors)``. ``SAYABLE``: which of the cases PyTorch can say with
one function. ``APART``: operators that PyTorch does not have as one function, and why.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F  # noqa: N812

_CONV: dict[int, Any] = {1: F.conv1d, 2: F.conv2d, 3: F.conv3d}
_CONV_TRANSPOSE: dict[int, Any] = {1: F.conv_transpose1d, 2: F.conv_transpose2d, 3: F.conv_transpose3d}
_MAX_POOL: dict[int, Any] = {1: F.max_pool1d, 2: F.max_pool2d, 3: F.max_pool3d}


def _window(attrs: Any) -> dict[str, Any]:
    padding = tuple(before for before, _ in attrs.padding)
    return {"stride": attrs.stride, "padding": padding, "dilation": attrs.dilation}


def conv(attrs: Any, x: Any, weight: Any, bias: Any) -> Any:
    return _CONV[len(attrs.stride)](x, weight, bias, groups=attrs.groups, **_window(attrs))


def conv_transpose(attrs: Any, x: Any, weight: Any, bias: Any) -> Any:
    function = _CONV_TRANSPOSE[len(attrs.stride)]
    return function(x, weight, bias, output_padding=attrs.output_padding, groups=attrs.groups, **_window(attrs))


def max_pool_with_indices(attrs: Any, x: Any) -> Any:
    function = _MAX_POOL[len(attrs.stride)]
    return function(x, attrs.kernel_size, ceil_mode=attrs.ceil_mode, return_indices=True, **_window(attrs))


def fold(attrs: Any, x: Any) -> Any:
    padding = tuple(before for before, _ in attrs.padding)
    return F.fold(x.flatten(2), attrs.output_size, attrs.kernel_size, attrs.dilation, padding, attrs.stride)


def unfold(attrs: Any, x: Any) -> Any:
    padding = tuple(before for before, _ in attrs.padding)
    return F.unfold(x, attrs.kernel_size, attrs.dilation, padding, attrs.stride)


def pad(attrs: Any, x: Any) -> Any:
    return F.pad(x, [amount for pad in reversed(attrs.padding) for amount in pad], value=attrs.value)


def fake_quantize(attrs: Any, x: Any, scale: Any, zero_point: Any) -> Any:
    low, high = attrs.quant_min, attrs.quant_max
    if attrs.dim is None:
        return torch.fake_quantize_per_tensor_affine(x, scale, zero_point, low, high)
    return torch.fake_quantize_per_channel_affine(x, scale, zero_point, attrs.dim, low, high)


def unique(attrs: Any, x: Any) -> Any:
    also = {f"return_{name}": True for name in attrs.also}
    return torch.unique(x, sorted=attrs.sorted, dim=attrs.dim, **also)


def unique_consecutive(attrs: Any, x: Any) -> Any:
    return torch.unique_consecutive(x, dim=attrs.dim, **{f"return_{name}": True for name in attrs.also})


def resize(attrs: Any, x: Any) -> Any:
    exact = "-exact" if attrs.coordinates == "half_pixel" else ""
    modes = {"nearest": f"nearest{exact}", "linear": ("linear", "bilinear", "trilinear")[x.ndim - 3]}
    where = {"size": attrs.size} if attrs.scale is None else {"scale_factor": attrs.scale}
    aligned = None if attrs.mode == "nearest" else attrs.coordinates == "align_corners"
    return F.interpolate(x, mode=modes.get(attrs.mode, "bicubic"), align_corners=aligned, **where)


def _reduced(name: str) -> Any:
    def function(attrs: Any, x: Any) -> Any:
        dims = attrs.dims or tuple(range(x.ndim))
        return getattr(torch, name)(x, dims, keepdim=attrs.keepdim) if dims else getattr(torch, name)(x)

    return function


def batch_norm_training(attrs: Any, x: Any, weight: Any, bias: Any, *running: Any) -> Any:
    return F.batch_norm(x, *running, weight, bias, training=True, momentum=attrs.momentum, eps=attrs.eps)


SPELLED: dict[str, Any] = {
    "all": _reduced("all"),
    "any": _reduced("any"),
    "batch_norm_training": batch_norm_training,
    "conv": conv,
    "conv_transpose": conv_transpose,
    "count_nonzero": lambda attrs, x: torch.count_nonzero(x, attrs.dims or None),
    "cross_entropy": lambda attrs, x, target, weight: F.cross_entropy(
        x,
        target,
        weight,
        ignore_index=attrs.ignore_index,
        reduction=attrs.reduction,
        label_smoothing=attrs.label_smoothing,
    ),
    "dropout": lambda attrs, x: F.dropout(x, attrs.p, training=True),
    "fake_quantize": fake_quantize,
    "fold": fold,
    "hardsigmoid": lambda _attrs, x: F.hardsigmoid(x),
    "index_put": lambda attrs, x, values, *indices: torch.index_put(x, indices, values, attrs.accumulate),
    "kl_div": lambda attrs, x, target: F.kl_div(x, target, reduction=attrs.reduction, log_target=attrs.log_target),
    "max_pool_with_indices": max_pool_with_indices,
    "mode": lambda attrs, x: torch.mode(x, attrs.dim, attrs.keepdim),
    "one_hot": lambda attrs, x: F.one_hot(x, attrs.num_classes),
    "pad": pad,
    "pixel_shuffle": lambda attrs, x: F.pixel_shuffle(x, attrs.upscale_factor),
    "pixel_unshuffle": lambda attrs, x: F.pixel_unshuffle(x, attrs.downscale_factor),
    "prod": lambda attrs, x: x.prod(attrs.dims[0], attrs.keepdim) if attrs.dims else x.prod(),
    "resize": resize,
    "slogdet": lambda _attrs, x: torch.linalg.slogdet(x),
    "unfold": unfold,
    "unique": unique,
    "unique_consecutive": unique_consecutive,
}


def _symmetric(attrs: Any, *_inputs: Any) -> bool:
    return all(before == after for before, after in attrs.padding)


def _pooled(attrs: Any, x: Any) -> bool:
    """Padding of at most half a window, and no window larger than the plane."""
    pairs = zip(attrs.padding, attrs.kernel_size, x.shape[2:], strict=True)
    return all(before == after and 2 * after <= k and size >= k for (before, after), k, size in pairs)


def _contracts(attrs: Any, *_inputs: Any) -> bool:
    """Two tensors and a sum over what both have: elsewhere PyTorch multiplies element by element, or sums alone."""
    terms, result = attrs.equation.split("->")
    factors = [set(term) for term in terms.split(",")]
    return len(terms) == sum(map(len, factors)) + 1 and bool((factors[0] & factors[-1]) - set(result))


SAYABLE: dict[str, Any] = {
    "avg_pool": lambda attrs, x: _pooled(attrs, x) and (len(attrs.stride) > 1 or attrs.divisor_override is None),
    "bitwise_not": lambda _attrs, x: x.dtype != bool,
    "cast": lambda attrs, x: attrs.dtype != x.dtype,
    "complex": lambda _attrs, real, imag: real.shape == imag.shape,
    "conv": lambda attrs, *_: _symmetric(attrs) and attrs.padding_mode == "zeros",
    "conv_transpose": _symmetric,
    "count_nonzero": lambda attrs, _x: not attrs.keepdim,
    "cross_entropy": lambda _attrs, _x, target, _weight: target.dtype == "int64",
    "dropout": lambda attrs, _x: attrs.p > 0,
    "einsum": _contracts,
    "fake_quantize": lambda _attrs, _x, _scale, zero_point: zero_point is not None,
    "fft": lambda _attrs, x: x.dtype.kind == "c",
    "fold": lambda attrs, _x: len(attrs.kernel_size) == 2 and _symmetric(attrs),
    "grid_sample": lambda _attrs, x, _grid: x.ndim > 3,
    "group_norm": lambda _attrs, _x, weight, bias: weight is not None or bias is None,
    "index": lambda _attrs, _x, *indices: all(index.ndim for index in indices),  # one number is a part, not a tensor
    "index_put": lambda attrs, *_: attrs.dims == tuple(range(len(attrs.dims))),
    "masked_fill": lambda _attrs, _x, mask: mask.dtype == bool,
    "max_pool": _pooled,
    "max_pool_with_indices": lambda attrs, x: _pooled(attrs, x) and not attrs.across_planes,
    "one_hot": lambda attrs, x: x.dtype == "int64" and not attrs.lenient,
    "pad": lambda attrs, _x: attrs.mode == "zeros" and any(map(any, attrs.padding)),
    "pixel_shuffle": lambda attrs, _x: not attrs.blocks_first,
    "pixel_unshuffle": lambda attrs, _x: not attrs.blocks_first,
    "prod": lambda attrs, _x: len(attrs.dims) < 2,
    "resize": lambda attrs, _x: attrs.mode != "cubic",  # bicubic: test_resize.py
    "scaled_dot_product_attention": lambda attrs, *inputs: (
        not attrs.softcap and not attrs.causal_offset and not (attrs.is_causal and inputs[3] is not None)
    ),
    "scatter_reduce": lambda attrs, *_: attrs.reduce != "sum" or not attrs.include_self,
    "slice": lambda attrs, x: len(range(x.shape[attrs.dim])[attrs.start : attrs.stop]) < x.shape[attrs.dim],
    "unfold": lambda attrs, _x: len(attrs.kernel_size) == 2 and _symmetric(attrs),
    "unique": lambda attrs, _x: "first" not in attrs.also,
    "unique_consecutive": lambda attrs, _x: "first" not in attrs.also,
    "where": lambda _attrs, condition, *_: condition.dtype == bool,
    "nll_loss": lambda _attrs, _x, target, _weight: target.dtype == "int64",
    "smooth_l1_loss": lambda attrs, _x, _target: attrs.beta > 0,
}


def _plain(slots: int) -> Any:
    """With both biases, the functions that PyTorch has, all steps from the first on."""

    def case(attrs: Any, inputs: Any) -> Any:
        biases = (np.zeros(len(inputs[slots - 4])) if bias is None else bias for bias in inputs[slots - 2 : slots])
        return type(attrs)(), (*inputs[: slots - 2], *biases, *(None for _ in inputs[slots:]))

    return case


PLAIN: dict[str, Any] = {"gru": _plain(6), "lstm": _plain(7), "rnn": _plain(6)}
"""The case with the settings that PyTorch's function has, of operators of which few cases have no others."""

APART = {
    "arange": "made of nothing: a constant to whoever captures",
    "deform_conv": "torchvision has it: test_torchvision_ops.py",
    "dequantize": "PyTorch's takes its own quantised tensors: test_quantized.py",
    "dequantize_blocks": "ONNX has it",
    "full": "made of nothing: a constant to whoever captures",
    "gather_nd": "ONNX has it",
    "grouped_matmul": "of bfloat16 only: test_experts.py",
    "max_unpool": "sizes of one window are asked for: test_functions.py",
    "min_pool": "quantising tools have it",
    "nonzero": "how many there are depends on numbers that a capture does not have",
    "quantize": "PyTorch's gives its own quantised tensors: test_quantized.py",
    "quantize_blocks": "ONNX has it",
    "rdiv_scalar": "Tensor.__rtruediv__ is the reciprocal and a product, two kernels",
    "roi_align": "torchvision has it: test_torchvision_ops.py",
    "roi_pool": "torchvision has it: test_torchvision_ops.py",
    "rotary_embedding": "ONNX has it",
    "scatter_nd": "ONNX has it",
    "scatter_nd_add": "ONNX has it",
    "scatter_nd_reduce": "ONNX has it",
    "sparse_matmul": "its places are known where the tensor is made sparse: torch/test_sparse.py",
    "unique": "how many there are depends on numbers that a capture does not have",
    "unique_consecutive": "how many there are depends on numbers that a capture does not have",
}


def sayable(name: str) -> Callable[[Any, Any], bool] | None:
    """Whether PyTorch can say a case of this operator with one function, asked with attributes and inputs."""
    return (lambda attrs, inputs: SAYABLE[name](attrs, *inputs)) if name in SAYABLE else None
