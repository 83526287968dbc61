"""Network in Network: 1 x 1 convolutions after each convolution, and a global average instead of a perceptron.

Source: Lin, Chen & Yan 2014; layers, pooling and names of the authors' Caffe models for CIFAR-10 and ImageNet, whose
pooling rounds up.
"""

from netweight.build import (
    Symbol,
    avg_pool2d,
    conv2d,
    dropout,
    flatten,
    global_avg_pool,
    max_pool2d,
    relu,
)


def nin(x: Symbol, *, num_classes: int = 10) -> Symbol:
    """The network for 32 x 32 images: three blocks, pooled to 16 and to 8.

    Args:
        x: (N, 3, H, W).
        num_classes: Size of the output.
    """
    x = _block(x, ("conv1", "cccp1", "cccp2"), (192, 160, 96), kernel_size=5, padding=2)
    x = max_pool2d(x, 3, 2, ceil_mode=True, name="pool1")
    x = dropout(x, name="drop1")
    x = _block(x, ("conv2", "cccp3", "cccp4"), (192, 192, 192), kernel_size=5, padding=2)
    x = avg_pool2d(x, 3, 2, ceil_mode=True, name="pool2")
    x = dropout(x, name="drop2")
    x = _block(x, ("conv3", "cccp5", "cccp6"), (192, 192, num_classes), kernel_size=3, padding=1)
    return flatten(global_avg_pool(x, name="pool3"))


def nin_imagenet(x: Symbol, *, num_classes: int = 1000) -> Symbol:
    """The network for 224 x 224 images: four blocks on 54, 27, 13 and 6.

    Args:
        x: (N, 3, H, W).
        num_classes: Size of the output.
    """
    x = _block(x, ("conv1", "cccp1", "cccp2"), (96, 96, 96), kernel_size=11, stride=4)
    x = max_pool2d(x, 3, 2, ceil_mode=True, name="pool1")
    x = _block(x, ("conv2", "cccp3", "cccp4"), (256, 256, 256), kernel_size=5, padding=2)
    x = max_pool2d(x, 3, 2, ceil_mode=True, name="pool2")
    x = _block(x, ("conv3", "cccp5", "cccp6"), (384, 384, 384), kernel_size=3, padding=1)
    x = max_pool2d(x, 3, 2, ceil_mode=True, name="pool3")
    x = dropout(x, name="drop")
    x = _block(x, ("conv4-1024", "cccp7-1024", "cccp8-1024"), (1024, 1024, num_classes), kernel_size=3, padding=1)
    return flatten(global_avg_pool(x, name="pool4"))


def _block(
    x: Symbol, names: tuple[str, ...], widths: tuple[int, ...], *, kernel_size: int, stride: int = 1, padding: int = 0
) -> Symbol:
    """A convolution and 1 x 1 convolutions, a ReLU after each."""
    for name, width in zip(names, widths, strict=True):
        x = conv2d(x, width, kernel_size=kernel_size, stride=stride, padding=padding, name=name)
        x = relu(x, inplace=True, name=f"relu_{name}")
        kernel_size, stride, padding = 1, 1, 0
    return x
