"""MobileNetV2: bottlenecks turned inside out, narrow between blocks and wide within them.

Layers are named as in torchvision.

Source: Sandler, Howard, Zhu, Zhmoginov & Chen 2018, "MobileNetV2: inverted residuals and linear bottlenecks", Table 2.
"""

from netweight.build import (
    Symbol,
    adaptive_avg_pool2d,
    add,
    batch_norm,
    conv2d,
    dropout,
    flatten,
    linear,
    relu6,
    scope,
)
from netweight.errors import UsageError

_FIRST_CHANNELS, _LAST_CHANNELS = 32, 1280
# Expansion, output channels, blocks, stride of the first of them.
_STAGES = (
    (1, 16, 1, 1),
    (6, 24, 2, 2),
    (6, 32, 3, 2),
    (6, 64, 4, 2),
    (6, 96, 3, 1),
    (6, 160, 3, 2),
    (6, 320, 1, 1),
)


def mobilenet_v2(x: Symbol, *, width: float = 1.0, narrow_last: bool = False, num_classes: int = 1000) -> Symbol:
    """One convolution, 17 inverted residual blocks, one convolution.

    Args:
        x: (N, 3, H, W).
        width: Factor of the channel counts between blocks, rounded to multiples of 8.
        narrow_last: Whether a width below 1 shrinks the last convolution too, as networks for microcontrollers do.
        num_classes: Size of the output.

    Raises:
        UsageError: If ``width`` is not positive.
        ShapeError: If the input is too small.
    """
    if width <= 0:
        raise UsageError(f"mobilenet_v2: expected width above 0, got {width}")
    with scope(x, "features", "Sequential"):
        x = _conv_norm_relu(x, divisible(_FIRST_CHANNELS * width), name="0", kernel_size=3, stride=2)
        index = 1
        for expansion, channels, count, first_stride in _STAGES:
            for repeat in range(count):
                stride = first_stride if repeat == 0 else 1
                x = _inverted_residual(x, index, divisible(channels * width), expansion, stride)
                index += 1
        last_width = width if narrow_last else max(1.0, width)
        x = _conv_norm_relu(x, divisible(_LAST_CHANNELS * last_width), name=str(index), kernel_size=1)
    x = flatten(adaptive_avg_pool2d(x, 1, name="avgpool"))
    with scope(x, "classifier", "Sequential"):
        return linear(dropout(x, 0.2, name="0"), num_classes, name="1")


def divisible(channels: float, divisor: int = 8) -> int:
    """The nearest multiple of ``divisor``, or the next one where rounding down would lose more than a tenth.

    >>> divisible(32 * 1.4), divisible(16 * 0.75), divisible(24 * 0.5)
    (48, 16, 16)
    """
    rounded = max(divisor, int(channels + divisor / 2) // divisor * divisor)
    return rounded + divisor if rounded < 0.9 * channels else rounded


def _inverted_residual(x: Symbol, index: int, out_channels: int, expansion: int, stride: int) -> Symbol:
    """Expand, filter each channel, project without an activation; add where input and output have one shape."""
    with scope(x, str(index), "InvertedResidual"):
        y = x
        with scope(x, "conv", "Sequential"):
            step = 0
            if expansion != 1:
                y = _conv_norm_relu(y, x.shape[1] * expansion, name="0", kernel_size=1)
                step = 1
            y = _conv_norm_relu(y, y.shape[1], name=str(step), kernel_size=3, stride=stride, groups=y.shape[1])
            y = conv2d(y, out_channels, kernel_size=1, bias=False, name=str(step + 1))
            y = batch_norm(y, name=str(step + 2))
        return add(x, y) if x.shape == y.shape else y


def _conv_norm_relu(
    x: Symbol, out_channels: int, *, name: str, kernel_size: int, stride: int = 1, groups: int = 1
) -> Symbol:
    with scope(x, name, "Conv2dNormActivation"):
        x = conv2d(
            x,
            out_channels,
            kernel_size=kernel_size,
            stride=stride,
            padding=kernel_size // 2,
            groups=groups,
            bias=False,
            name="0",
        )
        return relu6(batch_norm(x, name="1"), inplace=True, name="2")
