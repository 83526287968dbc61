"""PyTorch's calls: conv."""

from __future__ import annotations

from typing import Any

import torch.nn.functional as F  # noqa: N812

_CONVS: dict[int, Any] = {1: F.conv1d, 2: F.conv2d, 3: F.conv3d}
_TORCH_MODES = {"zeros": "constant", "reflect": "reflect", "replicate": "replicate", "circular": "circular"}


def _pad(x: Any, padding: Any, mode: str) -> Any:
    """PyTorch pads the last dimension first; one dimension at a time, as its non-zero modes want unit batches."""
    amounts = [amount for pad in reversed(padding) for amount in pad]
    return F.pad(x, amounts, mode=_TORCH_MODES[mode]) if any(amounts) else x


def conv(attrs: Any, x: Any, weight: Any, bias: Any) -> Any:
    """Zeros that are the same on both sides PyTorch adds itself, all others in a call before."""
    settings = {"stride": attrs.stride, "dilation": attrs.dilation, "groups": attrs.groups}
    function = _CONVS[len(attrs.stride)]
    if attrs.padding_mode == "zeros" and all(before == after for before, after in attrs.padding):
        return function(x, weight, bias, padding=tuple(before for before, _ in attrs.padding), **settings)
    return function(_pad(x, attrs.padding, attrs.padding_mode), weight, bias, **settings)


CALLS = {
    "conv": conv,
}
