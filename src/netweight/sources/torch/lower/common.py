"""What rules share: promotion of operands, numbers as attributes, results written over an operand."""

from __future__ import annotations

from functools import reduce
from itertools import pairwise
from typing import Any, TypeAlias

import torch
from torch import Tensor

from netweight.ops.pointwise.scalar import ScalarAttrs
from netweight.ops.pointwise.unary import CastAttrs
from netweight.ops.table import REGISTRY
from netweight.sources.torch.dtypes import dtype_name
from netweight.sources.torch.lower import Rule
from netweight.sources.torch.recorder import Recorder
from netweight.sources.torch.writes import write

Operand: TypeAlias = Any
"""A tensor or a number."""


def cast(rec: Recorder, x: Tensor, dtype: torch.dtype) -> Tensor:
    """``x`` as another element type; itself if it has that type."""
    if x.dtype == dtype:
        return x
    result: Tensor = rec.op("cast", CastAttrs(dtype=dtype_name(dtype)), x)
    return result


def scaled(rec: Recorder, x: Tensor, factor: float) -> Tensor:
    """``factor * x``; nothing for a factor of one."""
    if factor == 1:
        return x
    result: Tensor = rec.op("mul_scalar", ScalarAttrs(value=float(factor)), x)
    return result


def binary(rec: Recorder, name: str, a: Operand, b: Operand, *, floating: bool = False) -> Any:
    """An operator of two tensors after promotion; a number becomes part of the operator or a tensor of one element."""
    if isinstance(a, Tensor) and isinstance(b, Tensor):
        dtype = torch.result_type(a, b)
    else:
        tensor = a if isinstance(a, Tensor) else b
        assert isinstance(tensor, Tensor)
        dtype = torch.result_type(tensor, b if tensor is a else a)
    if floating and not (dtype.is_floating_point or dtype.is_complex):
        dtype = torch.get_default_dtype()
    start = len(rec.recording.nodes)
    tensors = [as_tensor(rec, value, dtype) for value in (a, b)]
    return converting(rec, start, rec.op(name, None, *tensors))


def converting(rec: Recorder, start: int, result: Any) -> Any:
    """The result of an operator that converts its tensors itself: conversions from ``start`` on are part of it."""
    nodes = rec.recording.nodes
    if len(nodes) > start + 1 and nodes[start].op == "cast":
        for step in nodes[start:]:
            step.fused = True
    return result


def as_tensor(rec: Recorder, value: Operand, dtype: torch.dtype) -> Tensor:
    """A tensor, or a number as one, of an element type."""
    return cast(rec, value, dtype) if isinstance(value, Tensor) else torch.tensor(value, dtype=dtype)


def promoted(function: Rule, *, floating: bool = False, constants: bool = False) -> Rule:
    """A function of tensors and numbers, given what PyTorch promotes them to.

    Args:
        function: It takes the recorder, operands by position, and settings by name.
        floating: Integers become the default floating type.
        constants: Numbers become tensors of no dimensions.
    """

    def rule(rec: Recorder, *operands: Operand, **settings: Any) -> Any:
        dtype = torch.result_type(*operands[:2])
        if len(operands) > 2:
            dtype = reduce(torch.promote_types, (torch.result_type(*pair) for pair in pairwise(operands)))
        if floating and not (dtype.is_floating_point or dtype.is_complex):
            dtype = torch.get_default_dtype()
        start = len(rec.recording.nodes)
        if constants:
            operands = tuple(as_tensor(rec, x, dtype) for x in operands)
        alike = [cast(rec, x, dtype) if isinstance(x, Tensor) else x for x in operands]
        return converting(rec, start, function(rec, *alike, **settings))

    return rule


def over(rec: Recorder, target: Tensor, name: str, *others: Tensor, attrs: Any = None, last: bool = False) -> Tensor:
    """An operator whose result is written over ``target``, its first input, or its last one."""
    inputs = (*others, target) if last else (target, *others)
    write(rec.recording, target, rec.op(name, attrs, *inputs))
    return target


def floating(rec: Recorder, x: Tensor) -> Tensor:
    """``x``, as the default floating type if it is of an integer one."""
    return x if x.dtype.is_floating_point or x.dtype.is_complex else cast(rec, x, torch.get_default_dtype())


def attrs_of(op: str, **settings: Any) -> Any:
    """Attributes of an operator of the table."""
    make = REGISTRY[op].attrs
    return None if make is None else make(**settings)
