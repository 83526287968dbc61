from typing import Any

import torch

_PLAIN = ["remainder", "fmod", "atan2", "logaddexp", "exp2", "expm1", "atan", "sinh", "cosh", "log2", "log10", "log1p",
          "tan", "asin", "acos", "trunc", "bitwise_and", "bitwise_or", "bitwise_xor", "bitwise_not",
          "bitwise_left_shift", "bitwise_right_shift", "isnan", "isinf", "isfinite"]  # fmt: skip


def _plain(name: str) -> Any:
    return lambda _attrs, *tensors: getattr(torch, name)(*tensors)


WITNESSES = {
    **{name: _plain(name) for name in _PLAIN},
    # torch.floor_divide has no gradient; this is it with the gradient zero that a step has.
    "floor_divide": lambda _attrs, x, other: torch.div(x, other, rounding_mode="floor"),
}
