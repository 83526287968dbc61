"""AlexNet: the network that won ImageNet 2012.

Source: Krizhevsky, Sutskever & Hinton 2012 (two towers, local response normalisation); Krizhevsky 2014, "One weird
trick for parallelizing convolutional neural networks" (one tower).
"""

from netweight.sources.build import (
    Symbol,
    conv2d,
    dropout,
    flatten,
    linear,
    local_response_norm,
    max_pool2d,
    relu,
)


def alexnet(x: Symbol, *, num_classes: int = 1000) -> Symbol:
    """Two towers as two groups, joined in conv3 and the fully connected layers; 224 x 224 input padded by 2."""
    x = conv2d(x, 96, kernel_size=11, stride=4, padding=2, name="conv1")
    x = relu(x, inplace=True, name="relu1")
    x = local_response_norm(x, 5, k=2.0, name="norm1")
    x = max_pool2d(x, 3, 2, name="pool1")
    x = conv2d(x, 256, kernel_size=5, padding=2, groups=2, name="conv2")
    x = relu(x, inplace=True, name="relu2")
    x = local_response_norm(x, 5, k=2.0, name="norm2")
    x = max_pool2d(x, 3, 2, name="pool2")
    x = conv2d(x, 384, kernel_size=3, padding=1, name="conv3")
    x = relu(x, inplace=True, name="relu3")
    x = conv2d(x, 384, kernel_size=3, padding=1, groups=2, name="conv4")
    x = relu(x, inplace=True, name="relu4")
    x = conv2d(x, 256, kernel_size=3, padding=1, groups=2, name="conv5")
    x = relu(x, inplace=True, name="relu5")
    x = max_pool2d(x, 3, 2, name="pool5")
    x = flatten(x)
    for name in ("6", "7"):
        x = linear(x, 4096, name=f"fc{name}")
        x = relu(x, inplace=True, name=f"relu{name}")
        x = dropout(x, name=f"drop{name}")
    return linear(x, num_classes, name="fc8")
