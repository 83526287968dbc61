"""Densely connected networks: every layer reads the outputs of all layers before it in its block.

Layers are named as in torchvision, and each of them concatenates its inputs anew, as there.

Source: Huang, Liu, van der Maaten & Weinberger 2017, "Densely connected convolutional networks", section 3 (CIFAR)
and Table 1 (ImageNet).
"""

from collections.abc import Sequence

from netweight.build import (
    Symbol,
    adaptive_avg_pool2d,
    avg_pool2d,
    batch_norm,
    concat,
    conv2d,
    flatten,
    linear,
    max_pool2d,
    relu,
    scope,
)
from netweight.errors import UsageError

_BOTTLENECK_WIDTH = 4


def densenet(
    x: Symbol,
    *,
    layers: int | Sequence[int],
    growth_rate: int = 32,
    stem_channels: int = 64,
    num_classes: int = 1000,
) -> Symbol:
    """The ImageNet form: four blocks of bottleneck layers, transitions that halve the channels.

    Args:
        x: (N, 3, H, W).
        layers: Layers in each block, or in each of four.
        growth_rate: Channels that each layer adds.
        stem_channels: Channels of the first convolution.
        num_classes: Size of the output.

    Raises:
        ShapeError: If the input is too small.
    """
    counts = (layers,) * 4 if isinstance(layers, int) else layers
    with scope(x, "features", "Sequential"):
        x = conv2d(x, stem_channels, kernel_size=7, stride=2, padding=3, bias=False, name="conv0")
        x = relu(batch_norm(x, name="norm0"), inplace=True, name="relu0")
        x = max_pool2d(x, 3, 2, padding=1, name="pool0")
        x = _blocks(x, counts, growth_rate, compression=0.5, bottleneck=True)
    return _classify(x, num_classes)


def densenet_cifar(
    x: Symbol,
    *,
    depth: int = 100,
    growth_rate: int = 12,
    bottleneck: bool = True,
    compression: float | None = None,
    num_classes: int = 10,
) -> Symbol:
    """The form for images of 32 x 32: three blocks of equal length.

    Args:
        x: (N, 3, H, W).
        depth: Layers with weights: those of the blocks, the stem, two transitions and the classifier.
        growth_rate: Channels that each layer adds.
        bottleneck: Whether a 1 x 1 convolution comes before each 3 x 3.
        compression: Share of the channels that a transition keeps: all, or one half with ``bottleneck`` (DenseNet-BC).
        num_classes: Size of the output.

    Raises:
        UsageError: If the blocks cannot be of equal length, or ``compression`` is not a share.
        ShapeError: If the input is too small.
    """
    step = 6 if bottleneck else 3
    if depth <= 4 or (depth - 4) % step:
        raise UsageError(f"densenet-cifar: expected depth 4 + a multiple of {step}, got {depth}")
    count = (depth - 4) // step
    stem_channels = 2 * growth_rate if bottleneck else 16
    kept = compression if compression is not None else (0.5 if bottleneck else 1.0)
    if not 0 < kept <= 1:
        raise UsageError(f"densenet-cifar: expected compression above 0 and up to 1, got {kept}")
    with scope(x, "features", "Sequential"):
        x = conv2d(x, stem_channels, kernel_size=3, padding=1, bias=False, name="conv0")
        x = _blocks(x, (count,) * 3, growth_rate, compression=kept, bottleneck=bottleneck)
    return _classify(x, num_classes)


def _blocks(x: Symbol, layers: Sequence[int], growth_rate: int, *, compression: float, bottleneck: bool) -> Symbol:
    """Dense blocks with a transition between any two, and the last normalisation."""
    for index, count in enumerate(layers, start=1):
        if index > 1:
            with scope(x, f"transition{index - 1}", "_Transition"):
                x = _transition(x, compression)
        with scope(x, f"denseblock{index}", "_DenseBlock"):
            x = _dense_block(x, count, growth_rate, bottleneck=bottleneck)
    return batch_norm(x, name=f"norm{len(layers) + 1}")


def _dense_block(x: Symbol, count: int, growth_rate: int, *, bottleneck: bool) -> Symbol:
    """``count`` layers, each over all that came before."""
    features = [x]
    for index in range(1, count + 1):
        with scope(x, f"denselayer{index}", "_DenseLayer"):
            y = concat(features, dim=1)
            y = relu(batch_norm(y, name="norm1"), inplace=True, name="relu1")
            if bottleneck:
                y = conv2d(y, _BOTTLENECK_WIDTH * growth_rate, kernel_size=1, bias=False, name="conv1")
                y = relu(batch_norm(y, name="norm2"), inplace=True, name="relu2")
            last = "conv2" if bottleneck else "conv1"
            features.append(conv2d(y, growth_rate, kernel_size=3, padding=1, bias=False, name=last))
    return concat(features, dim=1)


def _transition(x: Symbol, compression: float) -> Symbol:
    """Fewer channels at half the resolution."""
    x = relu(batch_norm(x, name="norm"), inplace=True)
    x = conv2d(x, int(x.shape[1] * compression), kernel_size=1, bias=False, name="conv")
    return avg_pool2d(x, 2, 2, name="pool")


def _classify(x: Symbol, num_classes: int) -> Symbol:
    x = relu(x, inplace=True)
    x = adaptive_avg_pool2d(x, 1, name="avgpool")
    return linear(flatten(x), num_classes, name="classifier")
