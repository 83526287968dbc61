"""Complex numbers: their parts, their size and angle, and what they are made of."""

from __future__ import annotations

import math
from typing import Any

import torch
from torch import Tensor

from netweight.sources.torch.lower import lowers
from netweight.sources.torch.lower.common import binary, floating, over
from netweight.sources.torch.lower.move.layout import select, transposed
from netweight.sources.torch.lower.pointwise.elementwise import where
from netweight.sources.torch.recorder import Recorder

aten = torch.ops.aten


@lowers("view_as_real")
def view_as_real(rec: Recorder, self: Tensor) -> Any:
    """``view_as_real(Tensor(a) self) -> Tensor(a)``."""
    return rec.view(rec.native(aten.view_as_real, self), self, ("view_as_real", None))


@lowers("view_as_complex")
def view_as_complex(rec: Recorder, self: Tensor) -> Any:
    """``view_as_complex(Tensor(a) self) -> Tensor(a)``."""
    return rec.view(rec.native(aten.view_as_complex, self), self, ("view_as_complex", None))


@lowers("real")
def real(rec: Recorder, self: Tensor) -> Any:
    """``real(Tensor(a) self) -> Tensor(a)``."""
    return select(rec, view_as_real(rec, self), -1, 0) if self.dtype.is_complex else self


@lowers("imag")
def imag(rec: Recorder, self: Tensor) -> Any:
    """``imag(Tensor(a) self) -> Tensor(a)``."""
    return select(rec, view_as_real(rec, self), -1, 1)


@lowers("conj", "_conj", "conj_physical", "_conj_physical")
def conj(rec: Recorder, self: Tensor) -> Any:
    """New numbers at once, although PyTorch only marks the tensor and turns the signs when it is read."""
    return rec.op("conj", None, self) if self.dtype.is_complex else self


@lowers("resolve_conj", "resolve_neg")
def resolved(rec: Recorder, self: Tensor) -> Any:
    """``resolve_conj(Tensor(a) self) -> Tensor(a)``."""
    return self


@lowers("adjoint", "mH", "matrix_H")
def adjoint(rec: Recorder, self: Tensor) -> Any:
    """``adjoint(Tensor(a) self) -> Tensor(a)``."""
    turned = transposed(rec, self)
    return conj(rec, turned) if self.dtype.is_complex else turned


@lowers("complex")
def complex_(rec: Recorder, real: Tensor, imag: Tensor) -> Any:
    """``complex(Tensor real, Tensor imag) -> Tensor``."""
    return rec.op("complex", None, real, imag)


@lowers("angle")
def angle(rec: Recorder, self: Tensor) -> Any:
    """The angle; of real numbers pi below zero, NaN for NaN and 0 elsewhere."""
    if self.dtype.is_complex:
        return rec.op("atan2", None, imag(rec, self), real(rec, self))
    x = floating(rec, self)
    turned = where(rec, binary(rec, "lt", x, 0), torch.tensor(math.pi, dtype=x.dtype), torch.zeros((), dtype=x.dtype))
    return where(rec, rec.op("isnan", None, x), x, turned)


def size_of(rec: Recorder, x: Tensor) -> Tensor:
    """Absolute values of complex numbers: the root of the sum of both squares."""
    parts = [rec.op("square", None, part) for part in (real(rec, x), imag(rec, x))]
    return over(rec, over(rec, parts[0], "add", parts[1]), "sqrt")


@lowers("abs", "absolute")
def abs_(rec: Recorder, self: Tensor) -> Any:
    """``abs(Tensor self) -> Tensor``."""
    if self.dtype.is_complex:
        return size_of(rec, self)
    return rec.op("abs", None, self)
