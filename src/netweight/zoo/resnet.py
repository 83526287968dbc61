"""Residual networks: every block adds what it computed to what it was given.

Layers are named as in torchvision. With ``stride_in_1x1`` a bottleneck halves the resolution in its first 1 x 1
convolution, as published; without, in the 3 x 3, as torchvision and most later users do, for 6 % more work.

Source: He, Zhang, Ren & Sun 2016, "Deep residual learning for image recognition", Table 1; Xie et al. 2017 (groups);
Zagoruyko & Komodakis 2016 (width).
"""

from collections.abc import Sequence

from netweight.build import (
    Symbol,
    adaptive_avg_pool2d,
    add,
    batch_norm,
    conv2d,
    flatten,
    linear,
    max_pool2d,
    relu,
    scope,
)
from netweight.errors import UsageError

_STAGE_CHANNELS = (64, 128, 256, 512)
_EXPANSION = 4


def resnet(
    x: Symbol,
    *,
    layers: int | Sequence[int],
    bottleneck: bool,
    stride_in_1x1: bool = False,
    groups: int = 1,
    width_per_group: int = 64,
    num_classes: int = 1000,
) -> Symbol:
    """Four stages of residual blocks.

    Args:
        x: (N, 3, H, W).
        layers: Blocks in each of the four stages, or in all.
        bottleneck: Blocks of 1 x 1, 3 x 3 and 1 x 1 convolutions, instead of two 3 x 3.
        stride_in_1x1: Whether a bottleneck strides in its first convolution, as published.
        groups: Groups of a bottleneck's 3 x 3 convolution.
        width_per_group: Channels of each of them in the first stage.
        num_classes: Size of the output.

    Raises:
        UsageError: If there are not four stages.
        ShapeError: If the input is too small.
    """
    counts = (layers,) * 4 if isinstance(layers, int) else layers
    if len(counts) != len(_STAGE_CHANNELS):
        raise UsageError(f"resnet: expected layers as four numbers of blocks, got {layers}", fix="layers=3-4-6-3")
    x = conv2d(x, 64, kernel_size=7, stride=2, padding=3, bias=False, name="conv1")
    x = relu(batch_norm(x, name="bn1"), inplace=True)
    x = max_pool2d(x, 3, 2, padding=1)
    for stage, (channels, count) in enumerate(zip(_STAGE_CHANNELS, counts, strict=True)):
        with scope(x, f"layer{stage + 1}", "Sequential"):
            for index in range(count):
                stride = 2 if index == 0 and stage > 0 else 1
                if bottleneck:
                    width = channels * width_per_group // 64 * groups
                    x = _bottleneck(x, index, channels * _EXPANSION, width, stride, groups, first=stride_in_1x1)
                else:
                    x = _basic_block(x, index, channels, stride)
    x = adaptive_avg_pool2d(x, 1, name="avgpool")
    return linear(flatten(x), num_classes, name="fc")


def _bottleneck(
    x: Symbol, index: int, out_channels: int, width: int, stride: int, groups: int, *, first: bool
) -> Symbol:
    """Reduce, convolve, expand, add; the first or the middle convolution strides."""
    with scope(x, str(index), "Bottleneck"):
        y = conv2d(x, width, kernel_size=1, stride=stride if first else 1, bias=False, name="conv1")
        y = relu(batch_norm(y, name="bn1"), inplace=True)
        y = conv2d(
            y,
            width,
            kernel_size=3,
            stride=1 if first else stride,
            padding=1,
            groups=groups,
            bias=False,
            name="conv2",
        )
        y = relu(batch_norm(y, name="bn2"), inplace=True)
        y = conv2d(y, out_channels, kernel_size=1, bias=False, name="conv3")
        y = batch_norm(y, name="bn3")
        y = add(y, _shortcut(x, out_channels, stride), inplace=True)
        return relu(y, inplace=True)


def _basic_block(x: Symbol, index: int, out_channels: int, stride: int) -> Symbol:
    """Two 3 x 3 convolutions, add."""
    with scope(x, str(index), "BasicBlock"):
        y = conv2d(x, out_channels, kernel_size=3, stride=stride, padding=1, bias=False, name="conv1")
        y = relu(batch_norm(y, name="bn1"), inplace=True)
        y = conv2d(y, out_channels, kernel_size=3, padding=1, bias=False, name="conv2")
        y = batch_norm(y, name="bn2")
        y = add(y, _shortcut(x, out_channels, stride), inplace=True)
        return relu(y, inplace=True)


def _shortcut(x: Symbol, out_channels: int, stride: int) -> Symbol:
    """The block's input, projected where the shape changes."""
    if stride == 1 and x.shape[1] == out_channels:
        return x
    with scope(x, "downsample", "Sequential"):
        x = conv2d(x, out_channels, kernel_size=1, stride=stride, bias=False, name="0")
        return batch_norm(x, name="1")
