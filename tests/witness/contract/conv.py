from typing import Any

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


WITNESSES = {
    "conv": conv,
}
