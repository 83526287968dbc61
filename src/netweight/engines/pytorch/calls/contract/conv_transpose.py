"""PyTorch's calls: conv transpose."""

from __future__ import annotations

from typing import Any

import torch.nn.functional as F  # noqa: N812

_CONVS: dict[int, Any] = {1: F.conv_transpose1d, 2: F.conv_transpose2d, 3: F.conv_transpose3d}


def conv_transpose(attrs: Any, x: Any, weight: Any, bias: Any) -> Any:
    """PyTorch pads both sides alike: it leaves the output whole, and we cut."""
    options = {"stride": attrs.stride, "dilation": attrs.dilation, "groups": attrs.groups}
    function = _CONVS[len(attrs.stride)]
    if all(before == after for before, after in attrs.padding):
        padding = tuple(before for before, _ in attrs.padding)
        return function(x, weight, bias, padding=padding, output_padding=attrs.output_padding, **options)
    y = function(x, weight, bias, output_padding=attrs.output_padding, **options)
    for dim, (before, after) in enumerate(attrs.padding, start=2):
        y = y.narrow(dim, before, y.shape[dim] - before - after)
    return y


CALLS = {"conv_transpose": conv_transpose}
