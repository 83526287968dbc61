from typing import Any

import numpy as np
import torch
import torch.nn.functional as F  # noqa: N812

_CONVS: dict[int, Any] = {1: F.conv1d, 2: F.conv2d, 3: F.conv3d}
_TORCH_MODES = {"zeros": "constant", "reflect": "reflect", "replicate": "replicate", "circular": "circular"}


def _pad(x: Any, padding: Any, mode: str) -> Any:
    """PyTorch pads the last dimension first; one dimension at a time, as its non-zero modes want unit batches."""
    amounts = [amount for pad in reversed(padding) for amount in pad]
    return F.pad(x, amounts, mode=_TORCH_MODES[mode]) if any(amounts) else x


def conv(attrs: Any, x: Any, weight: Any, bias: Any) -> Any:
    padded = _pad(x, attrs.padding, attrs.padding_mode)
    function = _CONVS[len(attrs.stride)]
    return function(padded, weight, bias, stride=attrs.stride, dilation=attrs.dilation, groups=attrs.groups)


def linear(_attrs: None, x: Any, weight: Any, bias: Any) -> Any:
    return F.linear(x, weight, bias)


def dropout(attrs: Any, x: Any) -> Any:
    """The mask NumPy draws for the same seed, applied by PyTorch."""
    mask = torch.from_numpy(np.random.default_rng(0).random(tuple(x.shape)) >= attrs.p)
    return torch.where(mask, x / (1 - attrs.p), 0.0)


def reshape(attrs: Any, x: Any) -> Any:
    return x.reshape(attrs.shape)


WITNESSES = {
    "conv": conv,
    "dropout": dropout,
    "linear": linear,
    "reshape": reshape,
}
