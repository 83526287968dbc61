from typing import Any

import torch

_DTYPES = {"float64": torch.float64, "int64": torch.int64, "int8": torch.int8, "bool": torch.bool}


_PAIRS = ["add", "sub", "mul", "div", "pow", "maximum", "minimum", "eq", "ne", "lt", "le", "gt", "ge",
          "logical_and", "logical_or", "logical_xor"]  # fmt: skip
_SINGLES = ["neg", "abs", "exp", "log", "sqrt", "rsqrt", "square", "reciprocal", "sin", "cos", "erf", "floor", "ceil",
            "round", "sign", "logical_not"]  # fmt: skip


def _plain(name: str) -> Any:
    return lambda _attrs, *tensors: getattr(torch, name)(*tensors)


WITNESSES = {
    **{name: _plain(name) for name in _PAIRS + _SINGLES},
    "where": lambda _attrs, condition, x, other: torch.where(condition.bool(), x, other),
    "add_scalar": lambda attrs, x: x + attrs.value,
    "mul_scalar": lambda attrs, x: x * attrs.value,
    "div_scalar": lambda attrs, x: x / attrs.value,
    "rsub_scalar": lambda attrs, x: attrs.value - x,
    "rdiv_scalar": lambda attrs, x: attrs.value / x,
    "pow_scalar": lambda attrs, x: x**attrs.exponent,
    "clamp": lambda attrs, x: torch.clamp(x, attrs.min, attrs.max),
    "cast": lambda attrs, x: x.to(_DTYPES[attrs.dtype]),
}
