"""Quantised layers: integer operators with integer weights, and the steps between integers and floating numbers.

A quantised tensor is one of small integers; its scale is not followed, so that such a graph is weighed and not run.
Bringing a result back to its scale is not counted, as reports of integer networks do not. Biases are 32-bit integers,
as integer kernels add them.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from netweight.ir import Quantization
from netweight.sources.torch.dtypes import dtype_name
from netweight.sources.torch.lower import RULES, lowers
from netweight.sources.torch.lower.common import attrs_of
from netweight.sources.torch.lower.move.layout import reshaped
from netweight.sources.torch.recorder import Recorder

_NOTE = "quantised layers: integer operations; scales of activations are not in the graph, which cannot be run"
_OBSERVED = "fake quantisation: ranges are observed; the scales they lead to are not in the graph"
_DOUBLE = 64
"""Bits of the scale, and of the zero point, that PyTorch keeps for a tensor or a channel."""


def quantize(
    rec: Recorder, x: Tensor, scale: float = 1.0, zero_point: int = 0, dtype: torch.dtype = torch.quint8
) -> Any:
    """Integers of a floating tensor."""
    note_quantized(rec)
    settings = attrs_of("quantize", dtype=dtype_name(dtype))
    return rec.op("quantize", settings, x, torch.tensor(scale), torch.tensor(zero_point))


def note_quantized(rec: Recorder) -> None:
    """Say, once, what is not in the graph."""
    rec.recording.notes.setdefault(_NOTE, 1)


def dequantized(rec: Recorder, x: Tensor, dtype: torch.dtype = torch.float32) -> Any:
    """Floating numbers of a quantised tensor; the others stay as they are."""
    if x.is_floating_point():
        return x
    return rec.op("dequantize", attrs_of("dequantize"), x, torch.tensor(1.0, dtype=dtype), torch.tensor(0))


@lowers("quantize_per_tensor", "quantize_per_tensor.tensor_qparams")
def quantize_per_tensor(rec: Recorder, self: Tensor, scale: Any, zero_point: Any, dtype: torch.dtype) -> Any:
    """``quantize_per_tensor(Tensor self, float scale, int zero_point, ScalarType dtype) -> Tensor``."""
    known = not any(isinstance(value, Tensor) and rec.is_symbolic(value) for value in (scale, zero_point))
    return quantize(rec, self, float(scale), int(zero_point), dtype) if known else quantize(rec, self, dtype=dtype)


@lowers("quantize_per_channel", "quantize_per_tensor_dynamic")
def quantize_by_data(rec: Recorder, self: Tensor, *settings: Any) -> Any:
    """PyTorch's ``quantize_per_channel``.

    quantize_per_channel(Tensor self, Tensor scales, Tensor zero_points, int axis, ScalarType dtype) -> Tensor
    """
    dtype = next(value for value in settings if isinstance(value, torch.dtype))
    return quantize(rec, self, dtype=dtype)


@lowers("dequantize.self")
def dequantize(rec: Recorder, self: Tensor) -> Any:
    """``dequantize.self(Tensor self) -> Tensor``."""
    return dequantized(rec, self)


@lowers("int_repr")
def int_repr(rec: Recorder, self: Tensor) -> Any:
    """``int_repr(Tensor self) -> Tensor``."""
    return RULES["alias"](rec, self)


# Weights.


def packed_weights(rec: Recorder, packed: Any, *, with_bias: bool = True) -> tuple[Tensor, Tensor | None]:
    """Integer weight and bias of a packed parameter, the same tensors for the same numbers in a module."""
    weight, bias = packed.unpack()
    integers = weight.int_repr() if weight.is_quantized else weight
    kept = None if bias is None or not with_bias else bias.detach().to(torch.int32)
    return _owned(rec, integers, kept, _scales_of(weight) if weight.is_quantized else None)


def half_weights(rec: Recorder, packed: Any) -> tuple[Tensor, Tensor | None]:
    """Weight in 16-bit and bias in 32-bit floating numbers of a packed parameter, as PyTorch multiplies them."""
    weight, bias = packed.unpack()
    return _owned(rec, weight.detach().to(torch.float16), None if bias is None else bias.detach(), None)


def _owned(
    rec: Recorder, weight: Tensor, bias: Tensor | None, scales: Quantization | None
) -> tuple[Tensor, Tensor | None]:
    """Both as parameters of the module being called; those of an earlier call if they have the same numbers."""
    module = rec.module_calls.current
    known = rec.packed.setdefault(module, [])
    for other, its_bias in known:
        if other.shape == weight.shape and torch.equal(other, weight):
            return other, its_bias
    suffix = f"_{len(known)}" if known else ""
    path = f"{module}." if module else ""
    rec.recording.own(weight, f"{path}weight{suffix}", "parameter")
    rec.recording.value_of(weight)
    if scales is not None:
        rec.recording.quantize(weight, scales)
    if bias is not None:
        rec.recording.own(bias, f"{path}bias{suffix}", "parameter")
    known.append((weight, bias))
    return weight, bias


def _scales_of(weight: Tensor) -> Quantization:
    per_channel = weight.qscheme() in (torch.per_channel_affine, torch.per_channel_symmetric)
    channels = weight.q_per_channel_scales().numel() if per_channel else 1
    return Quantization(group_size=weight.numel() // channels, scale_bits=_DOUBLE, zero_point_bits=_DOUBLE)


# Layers with packed parameters.


def _linear(name: str, activation: str | None, *, dynamic: bool) -> None:
    @lowers(f"quantized.{name}")
    def rule(rec: Recorder, x: Tensor, packed: Any, *_settings: Any) -> Any:
        weight, bias = packed_weights(rec, packed)
        y = rec.op("linear", None, quantize(rec, x) if dynamic else x, weight, bias)
        y = y if activation is None else rec.op(activation, None, y)
        return dequantized(rec, y) if dynamic else y


for _name in ("linear", "linear_relu"):
    _linear(_name, "relu" if _name.endswith("relu") else None, dynamic=False)
    _linear(f"{_name}_dynamic", "relu" if _name.endswith("relu") else None, dynamic=True)
_linear("linear_tanh", "tanh", dynamic=False)


def _half_linear(name: str, activation: str | None) -> None:
    @lowers(f"quantized.{name}")
    def rule(rec: Recorder, x: Tensor, packed: Any, *_settings: Any) -> Any:
        y = rec.op("linear", None, x, *half_weights(rec, packed))
        return y if activation is None else rec.op(activation, None, y)


_half_linear("linear_dynamic_fp16", None)
_half_linear("linear_relu_dynamic_fp16", "relu")


def _conv(name: str, activation: str | None, *, dynamic: bool) -> None:
    @lowers(f"quantized.{name}")
    def rule(rec: Recorder, x: Tensor, packed: Any, *_settings: Any) -> Any:
        weight, bias = packed_weights(rec, packed)
        spatial = weight.dim() - 2
        # One-dimensional convolutions are packed with a dimension of height 1 in front.
        one = "1d" in name
        if one and spatial == 2:
            weight = _without_height(rec, weight)
            spatial = 1
        steps, pads, spread = ([*values()][-spatial:] for values in (packed.stride, packed.padding, packed.dilation))
        q = quantize(rec, x) if dynamic else x
        if packed.transpose():
            out = [*packed.output_padding()][-spatial:]
            y = RULES["conv_transpose2d"](rec, q, weight, bias, steps, pads, out, packed.groups(), spread)
        else:
            y = RULES["conv2d"](rec, q, weight, bias, steps, pads, spread, packed.groups())
        y = y if activation is None else rec.op(activation, None, y)
        return dequantized(rec, y) if dynamic else y


def _without_height(rec: Recorder, weight: Tensor) -> Tensor:
    result: Tensor = RULES["squeeze"](rec, weight, 2)
    return result


for _dims in ("1d", "2d", "3d"):
    for _kind in ("conv", "conv_transpose"):
        _conv(f"{_kind}{_dims}", None, dynamic=False)
        _conv(f"{_kind}{_dims}_dynamic", None, dynamic=True)
    _conv(f"conv{_dims}_relu", "relu", dynamic=False)


# Arithmetic of quantised tensors.


def _binary(name: str, op: str, activation: str | None) -> None:
    @lowers(f"quantized.{name}")
    def rule(rec: Recorder, a: Tensor, b: Any, *_settings: Any, **_named: Any) -> Any:
        y = rec.op(op, None, a, b) if isinstance(b, Tensor) else RULES[op](rec, a, b)
        return y if activation is None else rec.op(activation, None, y)


for _op in ("add", "mul"):
    for _form in ("", "_scalar"):
        _binary(f"{_op}{_form}", _op, None)
        _binary(f"{_op}{_form}_relu" if _form else f"{_op}_relu", _op, "relu")


@lowers("quantized.cat")
def cat(rec: Recorder, tensors: Any, dim: int, *_settings: Any) -> Any:
    """``quantized::cat(Tensor[] qx, int dim, float? scale, int? zero_point) -> Tensor``."""
    return RULES["cat"](rec, tensors, dim)


def _unary(name: str) -> None:
    @lowers(f"quantized.{name}")
    def rule(rec: Recorder, x: Tensor, *_settings: Any, **_named: Any) -> Any:
        return rec.op(name, None, x)


for _name in ("hardswish", "sigmoid", "relu6"):
    _unary(_name)


# Fake quantisation.


@lowers(
    "fake_quantize_per_tensor_affine", "fake_quantize_per_tensor_affine.tensor_qparams",
    "_fake_quantize_learnable_per_tensor_affine",
)  # fmt: skip
def fake_quantize_per_tensor(
    rec: Recorder, self: Tensor, scale: Any, zero_point: Any, quant_min: int, quant_max: int, *_factor: Any
) -> Any:
    """PyTorch's ``fake_quantize_per_tensor_affine``.

    fake_quantize_per_tensor_affine(Tensor self, float scale, int zero_point, int quant_min, int quant_max) ->
        Tensor
    """
    return _faked(rec, self, scale, zero_point, None, quant_min, quant_max)


@lowers("fake_quantize_per_channel_affine", "_fake_quantize_learnable_per_channel_affine")
def fake_quantize_per_channel(
    rec: Recorder, self: Tensor, scale: Tensor, zero_point: Tensor, axis: int, quant_min: int, quant_max: int,
    *_factor: Any,
) -> Any:  # fmt: skip
    """PyTorch's ``fake_quantize_per_channel_affine``.

    fake_quantize_per_channel_affine(Tensor self, Tensor scale, Tensor zero_point, int axis, int quant_min, int
        quant_max) -> Tensor
    """
    return _faked(rec, self, scale, zero_point, axis % self.dim(), quant_min, quant_max)


@lowers("fused_moving_avg_obs_fake_quant")
def fused_moving_average(
    rec: Recorder, self: Tensor, observer_on: Tensor, fake_quant_on: Tensor, running_min: Tensor, running_max: Tensor,
    scale: Tensor, zero_point: Tensor, averaging_const: float, quant_min: int, quant_max: int, ch_axis: int,
    per_row_fake_quant: bool = False, symmetric_quant: bool = False,
) -> Any:  # fmt: skip
    """PyTorch's ``fused_moving_avg_obs_fake_quant``.

    fused_moving_avg_obs_fake_quant(Tensor self, Tensor observer_on, Tensor fake_quant_on, Tensor(a!) running_min,
        Tensor(b!) running_max, Tensor(c!) scale, Tensor(d!) zero_point, float averaging_const, int quant_min, int
        quant_max, int ch_axis, bool per_row_fake_quant=False, bool symmetric_quant=False) -> Tensor
    """
    axis = ch_axis % self.dim() if per_row_fake_quant else None
    result = self
    if rec.is_symbolic(fake_quant_on) or bool(fake_quant_on):
        result = _faked(rec, self, scale, zero_point, axis, quant_min, quant_max)
    if not rec.is_symbolic(observer_on) and bool(observer_on):
        dims = tuple(dim for dim in range(self.dim()) if not per_row_fake_quant or dim != ch_axis)
        for extreme in ("amin", "amax"):
            rec.op(extreme, attrs_of(extreme, dims=dims), self)
        rec.recording.notes.setdefault(_OBSERVED, 1)
    return result


def _faked(
    rec: Recorder, x: Tensor, scale: Any, zero_point: Any, axis: int | None, quant_min: int, quant_max: int
) -> Any:
    step = scale if isinstance(scale, Tensor) else torch.tensor(scale, dtype=x.dtype)
    zero = zero_point if isinstance(zero_point, Tensor) else torch.tensor(zero_point, dtype=torch.int32)
    if step.numel() == 1:  # a channel-wise scale is one number until ranges have been observed
        axis, step, zero = None, _number(rec, step), _number(rec, zero)
    attrs = attrs_of("fake_quantize", quant_min=quant_min, quant_max=quant_max, dim=axis)
    return rec.op("fake_quantize", attrs, x, step, zero)


def _number(rec: Recorder, x: Tensor) -> Tensor:
    return x if x.dim() == 0 else reshaped(rec, x, ())
