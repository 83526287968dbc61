"""A small convolutional network for 28 x 28 or 32 x 32 images: the first one that many people train."""

from netweight.build import Symbol, conv2d, flatten, linear, max_pool2d, relu


def shallow_cnn(
    x: Symbol, *, widths: tuple[int, ...] = (16, 32), kernel_size: int = 3, num_classes: int = 10
) -> Symbol:
    """Convolution, ReLU and 2 x 2 pooling once per width, then one fully connected layer.

    Args:
        x: (N, 1, H, W), or more channels.
        widths: Output channels of the convolutions.
        kernel_size: Height and width of their kernels, the image padded so that its size stays.
        num_classes: Size of the output.
    """
    for number, width in enumerate(widths, start=1):
        x = conv2d(x, width, kernel_size=kernel_size, padding="same", name=f"conv{number}")
        x = relu(x, inplace=True, name=f"relu{number}")
        x = max_pool2d(x, 2, name=f"pool{number}")
    return linear(flatten(x), num_classes, name="fc")
