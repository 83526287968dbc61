"""Guessed inputs in the type of the weights that they meet."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import torch

from netweight.ir import Filled, TensorSpec

_OTHERS = (torch.bfloat16, torch.float16, torch.float64)


def type_of(module: torch.nn.Module) -> torch.dtype | None:
    """Type of the first floating parameter, None where it is that of a guess already: single precision."""
    first = next((one.dtype for one in module.parameters() if one.dtype.is_floating_point), torch.float32)
    return first if first in _OTHERS else None


def in_type(given: Any, dtype: torch.dtype) -> Any:
    """Inputs, what is in single precision among them in another type."""
    if isinstance(given, dict):
        return {name: in_type(value, dtype) for name, value in given.items()}
    if isinstance(given, torch.Tensor):
        return given.to(dtype) if given.dtype is torch.float32 else given
    if isinstance(given, TensorSpec):
        return replace(given, dtype=str(dtype).removeprefix("torch.")) if given.dtype == "float32" else given
    if isinstance(given, Filled):
        return replace(given, spec=in_type(given.spec, dtype))
    return tuple(in_type(value, dtype) for value in given) if type(given) is tuple else given
