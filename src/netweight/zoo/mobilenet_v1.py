"""MobileNet: convolutions split into a depthwise one, which filters, and a pointwise one, which mixes channels.

The activation is ReLU6, as in the networks its authors published; the paper's text says ReLU.

Source: Howard et al. 2017, "MobileNets: efficient convolutional neural networks for mobile vision applications",
Table 1. Its last depthwise layer is printed with stride 2 and works on 7 x 7 positions: it has stride 1.
"""

from netweight.build import (
    Symbol,
    batch_norm,
    conv2d,
    dropout,
    flatten,
    global_avg_pool,
    linear,
    relu6,
    scope,
)
from netweight.errors import UsageError

_FIRST_CHANNELS = 32
# Output channels and stride of each block; the five equal ones are what the shallow network leaves out.
_ENTRY = ((64, 1), (128, 2), (128, 1), (256, 2), (256, 1), (512, 2))
_MIDDLE = ((512, 1),) * 5
_EXIT = ((1024, 2), (1024, 1))


def mobilenet_v1(
    x: Symbol, *, width: float = 1.0, separable: bool = True, shallow: bool = False, num_classes: int = 1000
) -> Symbol:
    """One convolution and 13 depthwise separable blocks.

    Args:
        x: (N, 3, H, W).
        width: Factor of all channel counts but the input's.
        separable: Whether blocks are a depthwise and a pointwise convolution, instead of one full 3 x 3 (Table 4).
        shallow: Whether to leave out the five equal blocks in the middle (Table 5).
        num_classes: Size of the output.

    Raises:
        UsageError: If a layer would have no channel.
        ShapeError: If the input is too small.
    """
    if width * _FIRST_CHANNELS < 1:
        raise UsageError(f"mobilenet_v1: expected width of at least 1/{_FIRST_CHANNELS}, got {width}")
    x = _conv_norm_relu(x, int(_FIRST_CHANNELS * width), kernel_size=3, stride=2)
    middle = () if shallow else _MIDDLE
    for index, (channels, stride) in enumerate((*_ENTRY, *middle, *_EXIT), start=1):
        out_channels = int(channels * width)
        with scope(x, f"block{index}", "SeparableConv" if separable else "FullConv"):
            if separable:
                x = _conv_norm_relu(x, x.shape[1], kernel_size=3, stride=stride, groups=x.shape[1], name="dw")
                x = _conv_norm_relu(x, out_channels, kernel_size=1, name="pw")
            else:
                x = _conv_norm_relu(x, out_channels, kernel_size=3, stride=stride)
    x = flatten(global_avg_pool(x, name="avgpool"))
    return linear(dropout(x, 1e-3), num_classes, name="fc")


def _conv_norm_relu(
    x: Symbol, out_channels: int, *, kernel_size: int, stride: int = 1, groups: int = 1, name: str = "conv"
) -> Symbol:
    """Convolution that keeps the size but for its stride, normalisation, activation."""
    x = conv2d(
        x,
        out_channels,
        kernel_size=kernel_size,
        stride=stride,
        padding=kernel_size // 2,
        groups=groups,
        bias=False,
        name=name,
    )
    return relu6(batch_norm(x, name=f"{name}_bn"), inplace=True, name=f"{name}_relu")
