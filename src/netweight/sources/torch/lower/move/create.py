"""Tensors made in the likeness of others, filled in place, and triangles of them."""

from __future__ import annotations

import math
from typing import Any

import torch
from torch import Tensor

from netweight.functions.move import copies as functions
from netweight.ops.move.creation import FullAttrs
from netweight.sources.torch.dtypes import dtype_name
from netweight.sources.torch.lower import bind, lowers
from netweight.sources.torch.lower.common import Operand, cast
from netweight.sources.torch.lower.move.layout import copy
from netweight.sources.torch.lower.pointwise.elementwise import add, mul, sub
from netweight.sources.torch.recorder import Recorder

_STEERING = 1 << 20
_SMALL = 1 << 16


def made(rec: Recorder, shape: Any, value: Any, dtype: torch.dtype, like: Tensor | None = None) -> Any:
    """A new tensor of equal elements: with numbers while it is small, as masks and positions steer programs."""
    if math.prod(shape) <= (_SMALL if dtype.is_floating_point else _STEERING):
        return rec.constant(torch.full(tuple(shape), value, dtype=dtype))
    return filled(rec, shape, value, dtype, like)


def filled(rec: Recorder, shape: Any, value: Any, dtype: torch.dtype, like: Tensor | None = None) -> Any:
    """A recorded tensor of equal elements; complex numbers have no rule."""
    if isinstance(value, complex):
        return NotImplemented
    return rec.op("full", FullAttrs(shape=tuple(shape), value=float(value), dtype=dtype_name(dtype)), like=like)


def _in_likeness(name: str, value: float) -> None:
    """``zeros_like`` and the like; memory that nobody filled is zeros."""

    @lowers(name)
    def rule(rec: Recorder, self: Tensor, *, dtype: Any = None, **_others: Any) -> Any:
        return made(rec, self.shape, value, dtype or self.dtype, self)


def _of_size(name: str, value: float) -> None:
    """``new_zeros`` and the like."""

    @lowers(name)
    def rule(rec: Recorder, self: Tensor, size: Any, *, dtype: Any = None, **_others: Any) -> Any:
        return made(rec, size, value, dtype or self.dtype)


for _name, _value in {"zeros": 0.0, "ones": 1.0, "empty": 0.0}.items():
    _in_likeness(f"{_name}_like", _value)
    _of_size(f"new_{_name}", _value)


@lowers("full_like")
def full_like(rec: Recorder, self: Tensor, fill_value: Any, *, dtype: Any = None, **_others: Any) -> Any:
    """``full_like(Tensor self, Scalar fill_value, *, ScalarType? dtype=None, ...) -> Tensor``."""
    return made(rec, self.shape, fill_value, dtype or self.dtype, self)


@lowers("new_full")
def new_full(rec: Recorder, self: Tensor, size: Any, fill_value: Any, *, dtype: Any = None, **_others: Any) -> Any:
    """``new_full(Tensor self, SymInt[] size, Scalar fill_value, *, ScalarType? dtype=None, ...) -> Tensor``."""
    return made(rec, size, fill_value, dtype or self.dtype)


@lowers("new_empty_strided")
def new_empty_strided(rec: Recorder, self: Tensor, size: Any, stride: Any, *, dtype: Any = None, **_others: Any) -> Any:
    """``new_empty_strided(Tensor self, SymInt[] size, SymInt[] stride, *, ScalarType? dtype=None, ...) -> Tensor``."""
    result = torch.empty_strided(size, stride, dtype=dtype or self.dtype, device="meta")
    attrs = FullAttrs(shape=tuple(size), value=0.0, dtype=dtype_name(result.dtype))
    rec.recording.record("full", attrs, (), (result,))
    return result


@lowers("_new_zeros_with_same_feature_meta")
def zeros_like_other(rec: Recorder, self: Tensor, other: Tensor, *, self_num_batch_dims: int = 0) -> Any:
    """Zeros of the shape of ``other``, after the first dimensions of ``self``."""
    return made(rec, (*self.shape[:self_num_batch_dims], *other.shape), 0.0, other.dtype, other)


@lowers("fill")
def fill(rec: Recorder, self: Tensor, value: Any) -> Any:
    """``fill.Tensor(Tensor self, Tensor value) -> Tensor``."""
    if isinstance(value, Tensor):
        return copy(rec, self, value)
    return filled(rec, self.shape, value, self.dtype, self)


@lowers("zero")
def zero(rec: Recorder, self: Tensor) -> Any:
    """``zero(Tensor self) -> Tensor``."""
    return filled(rec, self.shape, 0.0, self.dtype, self)


bind(functions.tril)
bind(functions.triu)


@lowers("one_hot")
def one_hot(rec: Recorder, self: Tensor, num_classes: int = -1) -> Any:
    """``one_hot(Tensor self, int num_classes=-1) -> Tensor``."""
    if num_classes < 1:
        return NotImplemented
    return functions.one_hot(rec, cast(rec, self, torch.int64), num_classes)


@lowers("linspace.Tensor_Tensor", "linspace.Tensor_Scalar", "linspace.Scalar_Tensor")
def linspace(rec: Recorder, start: Operand, end: Operand, steps: int, *, dtype: Any = None, **_others: Any) -> Any:
    """start + share (end - start)."""
    wanted = dtype or torch.get_default_dtype()
    if not wanted.is_floating_point:
        return NotImplemented
    bounds = [cast(rec, v, wanted) if isinstance(v, Tensor) else torch.tensor(v, dtype=wanted) for v in (start, end)]
    shares = torch.linspace(0, 1, steps, dtype=wanted)
    return add(rec, mul(rec, shares, sub(rec, bounds[1], bounds[0])), bounds[0])
