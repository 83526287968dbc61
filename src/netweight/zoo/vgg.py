"""VGG: stacks of 3 x 3 convolutions.

Source: Simonyan & Zisserman 2015, Table 1, configurations A to E; module names and batch normalisation as torchvision.
"""

from __future__ import annotations

from itertools import count

from netweight.build import (
    Symbol,
    adaptive_avg_pool2d,
    batch_norm,
    conv2d,
    dropout,
    flatten,
    linear,
    local_response_norm,
    max_pool2d,
    relu,
    scope,
)
from netweight.errors import unknown_name
from netweight.zoo.parts import linear_relu

_WIDTHS = (64, 128, 256, 512, 512)
_KERNELS = {
    "A": ((3,), (3,), (3, 3), (3, 3), (3, 3)),
    "B": ((3, 3), (3, 3), (3, 3), (3, 3), (3, 3)),
    "C": ((3, 3), (3, 3), (3, 3, 1), (3, 3, 1), (3, 3, 1)),
    "D": ((3, 3), (3, 3), (3, 3, 3), (3, 3, 3), (3, 3, 3)),
    "E": ((3, 3), (3, 3), (3, 3, 3, 3), (3, 3, 3, 3), (3, 3, 3, 3)),
}
"""Kernel sizes of the convolutions of each stage."""


def vgg(x: Symbol, *, configuration: str = "D", normalisation: str | None = "none", num_classes: int = 1000) -> Symbol:
    """Five stages of convolutions, each halved by pooling, and three fully connected layers.

    Args:
        x: (N, 3, H, W); published for 224 x 224.
        configuration: ``"A"`` to ``"E"``: 11, 13, 16, 16 and 19 layers with weights.
        normalisation: ``"none"``, ``"batch"`` after every convolution, or ``"lrn"`` in the first stage;
            None is as ``"none"``, which the text of an option cannot tell from it.
        num_classes: Outputs.

    Raises:
        UnknownNameError: If there is no such configuration or normalisation.
    """
    if configuration not in _KERNELS:
        raise unknown_name("VGG configuration", configuration, _KERNELS, fix="A, B, C, D or E")
    normalisation = "none" if normalisation is None else normalisation
    if normalisation not in ("none", "batch", "lrn"):
        raise unknown_name("normalisation of VGG", normalisation, ("none", "batch", "lrn"), fix="none, batch or lrn")
    with scope(x, "features", "Sequential"):
        x = _features(x, _KERNELS[configuration], normalisation)
    x = adaptive_avg_pool2d(x, 7, name="avgpool")
    x = flatten(x)
    with scope(x, "classifier", "Sequential"):
        names = map(str, count())
        for _ in range(2):
            x = linear_relu(x, 4096, names)
            x = dropout(x, name=next(names))
        return linear(x, num_classes, name=next(names))


def _features(x: Symbol, stages: tuple[tuple[int, ...], ...], normalisation: str) -> Symbol:
    names = map(str, count())
    for width, kernels in zip(_WIDTHS, stages, strict=True):
        for kernel_size in kernels:
            x = conv2d(x, width, kernel_size=kernel_size, padding="same", name=next(names))
            if normalisation == "batch":
                x = batch_norm(x, name=next(names))
            x = relu(x, inplace=True, name=next(names))
            if normalisation == "lrn" and width == _WIDTHS[0]:
                x = local_response_norm(x, 5, k=2.0, name=next(names))
        x = max_pool2d(x, 2, name=next(names))
    return x
