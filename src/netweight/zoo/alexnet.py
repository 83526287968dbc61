"""AlexNet: the network that won ImageNet 2012.

Source: Krizhevsky, Sutskever & Hinton 2012 (two towers, local response normalisation); Krizhevsky 2014, "One weird
trick for parallelizing convolutional neural networks" (one tower), with the sizes and names of torchvision.
"""

from itertools import count

from netweight.build import (
    Symbol,
    adaptive_avg_pool2d,
    conv2d,
    dropout,
    flatten,
    linear,
    local_response_norm,
    max_pool2d,
    relu,
    scope,
)
from netweight.zoo.parts import linear_relu


def alexnet(
    x: Symbol, *, num_classes: int = 1000, groups: int = 2, padding: int = 2, ceil_mode: bool = False
) -> Symbol:
    """Two towers, joined in conv3 and the fully connected layers.

    Args:
        x: (N, 3, H, W); 224 x 224 padded by 2, or 227 x 227 without padding, makes 55 x 55.
        num_classes: Outputs.
        groups: Towers: 1 connects conv2, conv4 and conv5 to every map before them.
        padding: Around the image.
        ceil_mode: Whether pooling rounds its output size up, as in Caffe; matters where conv1 makes 54 x 54.
    """
    x = conv2d(x, 96, kernel_size=11, stride=4, padding=padding, name="conv1")
    x = relu(x, inplace=True, name="relu1")
    x = local_response_norm(x, 5, k=2.0, name="norm1")
    x = max_pool2d(x, 3, 2, ceil_mode=ceil_mode, name="pool1")
    x = conv2d(x, 256, kernel_size=5, padding=2, groups=groups, name="conv2")
    x = relu(x, inplace=True, name="relu2")
    x = local_response_norm(x, 5, k=2.0, name="norm2")
    x = max_pool2d(x, 3, 2, ceil_mode=ceil_mode, name="pool2")
    x = conv2d(x, 384, kernel_size=3, padding=1, name="conv3")
    x = relu(x, inplace=True, name="relu3")
    x = conv2d(x, 384, kernel_size=3, padding=1, groups=groups, name="conv4")
    x = relu(x, inplace=True, name="relu4")
    x = conv2d(x, 256, kernel_size=3, padding=1, groups=groups, name="conv5")
    x = relu(x, inplace=True, name="relu5")
    x = max_pool2d(x, 3, 2, ceil_mode=ceil_mode, name="pool5")
    x = flatten(x)
    for name in ("6", "7"):
        x = linear(x, 4096, name=f"fc{name}")
        x = relu(x, inplace=True, name=f"relu{name}")
        x = dropout(x, name=f"drop{name}")
    return linear(x, num_classes, name="fc8")


def alexnet_one_tower(x: Symbol, *, num_classes: int = 1000) -> Symbol:
    """One tower of 64, 192, 384, 256 and 256 maps, no normalisation, any image of at least 63 x 63.

    Args:
        x: (N, 3, H, W).
        num_classes: Outputs.
    """
    with scope(x, "features", "Sequential"):
        x = _features(x)
    x = adaptive_avg_pool2d(x, 6, name="avgpool")
    x = flatten(x)
    with scope(x, "classifier", "Sequential"):
        names = map(str, count())
        for _ in range(2):
            x = dropout(x, name=next(names))
            x = linear_relu(x, 4096, names)
        return linear(x, num_classes, name=next(names))


def _features(x: Symbol) -> Symbol:
    names = map(str, count())
    for out_channels, kernel_size, stride, pooled in (
        (64, 11, 4, True),
        (192, 5, 1, True),
        (384, 3, 1, False),
        (256, 3, 1, False),
        (256, 3, 1, True),
    ):
        padding = 2 if kernel_size > 3 else 1
        x = conv2d(x, out_channels, kernel_size=kernel_size, stride=stride, padding=padding, name=next(names))
        x = relu(x, inplace=True, name=next(names))
        if pooled:
            x = max_pool2d(x, 3, 2, name=next(names))
    return x
