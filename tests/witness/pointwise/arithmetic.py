from typing import Any

import torch

_PLAIN = ["add", "sub", "mul", "div", "pow", "maximum", "minimum", "eq", "ne", "lt", "le", "gt", "ge", "logical_and",
          "logical_or", "logical_xor", "neg", "abs", "exp", "log", "sqrt", "rsqrt", "square", "reciprocal", "sin",
          "cos", "erf", "floor", "ceil", "round", "sign", "logical_not", "asinh", "acosh", "atanh", "copysign",
          "remainder", "fmod", "atan2", "logaddexp", "exp2", "expm1", "atan", "sinh", "cosh", "log2", "log10", "log1p",
          "tan", "asin", "acos", "trunc", "bitwise_and", "bitwise_or", "bitwise_xor", "bitwise_not",
          "bitwise_left_shift", "bitwise_right_shift", "isnan", "isinf", "isfinite"]  # fmt: skip


def _plain(name: str) -> Any:
    return lambda _attrs, *tensors: getattr(torch, name)(*tensors)


_DTYPES = {"float64": torch.float64, "int64": torch.int64, "int8": torch.int8, "bool": torch.bool}


WITNESSES = {
    **{name: _plain(name) for name in _PLAIN},
    # torch.floor_divide has no gradient; this is it with the gradient zero that a step has.
    "floor_divide": lambda _attrs, x, other: torch.div(x, other, rounding_mode="floor"),
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
