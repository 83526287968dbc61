from typing import Any

import torch
import torch.nn.functional as F  # noqa: N812


def prelu(_attrs: None, x: Any, weight: Any) -> Any:
    return F.prelu(x, weight)


WITNESSES = {
    "elu": lambda attrs, x: F.elu(x, attrs.alpha),
    "gelu": lambda attrs, x: F.gelu(x, approximate=attrs.approximate),
    "hardswish": lambda _attrs, x: F.hardswish(x),
    "leaky_relu": lambda attrs, x: F.leaky_relu(x, attrs.negative_slope),
    "mish": lambda _attrs, x: F.mish(x),
    "prelu": prelu,
    "relu": lambda _attrs, x: F.relu(x),
    "relu6": lambda _attrs, x: F.relu6(x),
    "selu": lambda _attrs, x: F.selu(x),
    "sigmoid": lambda _attrs, x: torch.sigmoid(x),
    "silu": lambda _attrs, x: F.silu(x),
    "softplus": lambda attrs, x: F.softplus(x, attrs.beta, attrs.threshold),
    "tanh": lambda _attrs, x: torch.tanh(x),
}
