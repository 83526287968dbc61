"""PyTorch's calls: arithmetic."""

from __future__ import annotations

from typing import Any

import torch

_DTYPES = {"float64": torch.float64, "int64": torch.int64, "int8": torch.int8, "bool": torch.bool}
_PLAIN = ["add", "sub", "mul", "div", "pow", "abs", "bitwise_and", "bitwise_or", "bitwise_xor", "bitwise_not"]


def _plain(name: str) -> Any:
    return lambda _attrs, *tensors: getattr(torch, name)(*tensors)


CALLS = {
    **{name: _plain(name) for name in _PLAIN},
    "where": lambda _attrs, condition, x, other: torch.where(condition.bool(), x, other),
    "add_scalar": lambda attrs, x: x + attrs.value,
    "mul_scalar": lambda attrs, x: x * attrs.value,
    "div_scalar": lambda attrs, x: x / attrs.value,
    "rsub_scalar": lambda attrs, x: attrs.value - x,
    "rdiv_scalar": lambda attrs, x: attrs.value / x,
    "pow_scalar": lambda attrs, x: x**attrs.exponent,
    "clamp": lambda attrs, x: torch.clamp(x, attrs.min, attrs.max),
    # torch.floor_divide has no gradient; this is it with the gradient zero that a step has.
    "floor_divide": lambda _attrs, x, other: torch.div(x, other, rounding_mode="floor"),
    "cast": lambda attrs, x: x.to(_DTYPES[attrs.dtype]),
}
