"""Xception: Inception taken to its limit, depthwise separable convolutions with residual connections.

Layers are named as in Keras, whose convolutions of "same" padding put the odd element after.

Source: Chollet 2017, "Xception: deep learning with depthwise separable convolutions", Figure 5.
"""

from netweight.build import (
    Symbol,
    add,
    batch_norm,
    conv2d,
    flatten,
    global_avg_pool,
    linear,
    max_pool2d,
    relu,
    scope,
)


def xception(x: Symbol, *, num_classes: int = 1000) -> Symbol:
    """Entry, middle and exit flow; made for inputs of 299 x 299.

    Args:
        x: (N, 3, H, W).
        num_classes: Size of the output.
    """
    for index, channels, stride in ((1, 32, 2), (2, 64, 1)):
        name = f"block1_conv{index}"
        x = conv2d(x, channels, kernel_size=3, stride=stride, bias=False, name=name)
        x = relu(batch_norm(x, name=f"{name}_bn"), name=f"{name}_act")
    for block, channels in ((2, 128), (3, 256), (4, 728)):
        x = _shrinking_block(x, block, (channels, channels), first_activation=block > 2)
    for block in range(5, 13):
        x = add(_separable_convs(x, block, (728, 728, 728)), x)
    x = _shrinking_block(x, 13, (728, 1024))
    for index, channels in ((1, 1536), (2, 2048)):
        x = _separable_conv(x, f"block14_sepconv{index}", channels)
        x = relu(x, name=f"block14_sepconv{index}_act")
    x = flatten(global_avg_pool(x, name="avg_pool"))
    return linear(x, num_classes, name="predictions")


def _shrinking_block(x: Symbol, block: int, channels: tuple[int, ...], *, first_activation: bool = True) -> Symbol:
    """Separable convolutions and a pool, added to a projection with stride 2."""
    shortcut = conv2d(x, channels[-1], kernel_size=1, stride=2, padding="same", bias=False, name="conv2d")
    shortcut = batch_norm(shortcut, name="batch_normalization")
    y = _separable_convs(x, block, channels, first_activation=first_activation)
    y = max_pool2d(y, 3, 2, padding="same", name=f"block{block}_pool")
    return add(y, shortcut)


def _separable_convs(x: Symbol, block: int, channels: tuple[int, ...], *, first_activation: bool = True) -> Symbol:
    """Activation and separable convolution, once per entry of ``channels``."""
    for index, out_channels in enumerate(channels, start=1):
        name = f"block{block}_sepconv{index}"
        if index > 1 or first_activation:
            x = relu(x, name=f"{name}_act")
        x = _separable_conv(x, name, out_channels)
    return x


def _separable_conv(x: Symbol, name: str, out_channels: int) -> Symbol:
    """Depthwise 3 x 3, pointwise, normalisation; no activation between."""
    with scope(x, name, "SeparableConv2D"):
        x = conv2d(x, x.shape[1], kernel_size=3, padding="same", groups=x.shape[1], bias=False, name="depthwise")
        x = conv2d(x, out_channels, kernel_size=1, bias=False, name="pointwise")
    return batch_norm(x, name=f"{name}_bn")
