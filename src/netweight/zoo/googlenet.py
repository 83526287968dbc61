"""GoogLeNet (Inception v1): modules of parallel convolutions.

Source: Szegedy et al. 2015, "Going deeper with convolutions", Table 1 and section 5; the form with batch normalisation,
and the module names of both, as torchvision.
"""

from __future__ import annotations

from dataclasses import dataclass

from netweight.build import (
    Symbol,
    adaptive_avg_pool2d,
    avg_pool2d,
    concat,
    dropout,
    flatten,
    linear,
    local_response_norm,
    max_pool2d,
    relu,
    scope,
)
from netweight.zoo.parts import conv_relu

_STAGES = (
    {"3a": (64, 96, 128, 16, 32, 32), "3b": (128, 128, 192, 32, 96, 64)},
    {
        "4a": (192, 96, 208, 16, 48, 64),
        "4b": (160, 112, 224, 24, 64, 64),
        "4c": (128, 128, 256, 24, 64, 64),
        "4d": (112, 144, 288, 32, 64, 64),
        "4e": (256, 160, 320, 32, 128, 128),
    },
    {"5a": (256, 160, 320, 32, 128, 128), "5b": (384, 192, 384, 48, 128, 128)},
)
"""Per module the columns of Table 1: 1x1, 3x3 reduce, 3x3, 5x5 reduce, 5x5, pool projection."""

_AUXILIARY = {"4a": "aux1", "4d": "aux2"}


@dataclass(frozen=True, slots=True, kw_only=True)
class _Form:
    """What tells the published network from torchvision's.

    Attributes:
        normalised: Batch normalisation after every convolution instead of a bias, and no local response normalisation.
        large_kernel: Kernel of the third branch.
        last_pool: Window of the pooling between 4e and 5a.
        drop: Probability of the dropout before the classifier.
        ceil_mode: Whether pooling rounds its output size up.
    """

    normalised: bool
    large_kernel: int
    last_pool: int
    drop: float
    ceil_mode: bool


def googlenet(
    x: Symbol, *, num_classes: int = 1000, aux_logits: bool = False, ceil_mode: bool = True
) -> Symbol | tuple[Symbol, ...]:
    """The published network: 5 x 5 kernels, biases, local response normalisation.

    Args:
        x: (N, 3, H, W); published for 224 x 224, which pooling takes to 56, 28, 14 and 7.
        num_classes: Outputs.
        aux_logits: Whether the two auxiliary classifiers of training are part of it; then there are three outputs.
        ceil_mode: Whether pooling rounds up, as in Caffe. Rounded down, the sizes are 55, 27, 13 and 6.
    """
    form = _Form(normalised=False, large_kernel=5, last_pool=3, drop=0.4, ceil_mode=ceil_mode)
    return _googlenet(x, form, num_classes=num_classes, aux_logits=aux_logits)


def googlenet_3x3(x: Symbol, *, num_classes: int = 1000, aux_logits: bool = False) -> Symbol | tuple[Symbol, ...]:
    """torchvision's form: batch normalisation, 3 x 3 kernels for 5 x 5.

    Args:
        x: (N, 3, H, W).
        num_classes: Outputs.
        aux_logits: Whether the two auxiliary classifiers of training are part of it; then there are three outputs.
    """
    form = _Form(normalised=True, large_kernel=3, last_pool=2, drop=0.2, ceil_mode=True)
    return _googlenet(x, form, num_classes=num_classes, aux_logits=aux_logits)


def _googlenet(x: Symbol, form: _Form, *, num_classes: int, aux_logits: bool) -> Symbol | tuple[Symbol, ...]:
    x = _stem(x, form)
    auxiliary: list[Symbol] = []
    for number, stage in enumerate(_STAGES, start=3):
        for module, sizes in stage.items():
            x = _inception(x, sizes, form, name=f"inception{module}")
            if aux_logits and module in _AUXILIARY:
                auxiliary.append(_classifier(x, form, num_classes=num_classes, name=_AUXILIARY[module]))
        if number < 5:
            window = 3 if number == 3 else form.last_pool
            x = max_pool2d(x, window, 2, ceil_mode=form.ceil_mode, name=f"maxpool{number}")
    x = adaptive_avg_pool2d(x, 1, name="avgpool")
    x = dropout(flatten(x), form.drop)
    x = linear(x, num_classes, name="fc")
    return (x, *auxiliary) if auxiliary else x


def _stem(x: Symbol, form: _Form) -> Symbol:
    """Down to a quarter of the image, and pooled to an eighth."""
    x = conv_relu(x, 64, kernel_size=7, stride=2, padding=3, normalised=form.normalised, name="conv1")
    x = max_pool2d(x, 3, 2, ceil_mode=form.ceil_mode, name="maxpool1")
    if not form.normalised:
        x = local_response_norm(x, 5, name="norm1")
    x = conv_relu(x, 64, kernel_size=1, normalised=form.normalised, name="conv2")
    x = conv_relu(x, 192, kernel_size=3, padding=1, normalised=form.normalised, name="conv3")
    if not form.normalised:
        x = local_response_norm(x, 5, name="norm2")
    return max_pool2d(x, 3, 2, ceil_mode=form.ceil_mode, name="maxpool2")


def _inception(x: Symbol, sizes: tuple[int, ...], form: _Form, *, name: str) -> Symbol:
    """Four branches side by side, their channels one after the other."""
    one, reduce3, three, reduce5, five, projection = sizes
    normalised, kernel = form.normalised, form.large_kernel
    with scope(x, name, "Inception"):
        first = conv_relu(x, one, kernel_size=1, normalised=normalised, name="branch1")
        with scope(x, "branch2", "Sequential"):
            second = conv_relu(x, reduce3, kernel_size=1, normalised=normalised, name="0")
            second = conv_relu(second, three, kernel_size=3, padding=1, normalised=normalised, name="1")
        with scope(x, "branch3", "Sequential"):
            third = conv_relu(x, reduce5, kernel_size=1, normalised=normalised, name="0")
            third = conv_relu(third, five, kernel_size=kernel, padding=kernel // 2, normalised=normalised, name="1")
        with scope(x, "branch4", "Sequential"):
            fourth = max_pool2d(x, 3, 1, padding=1, name="0")
            fourth = conv_relu(fourth, projection, kernel_size=1, normalised=normalised, name="1")
        return concat((first, second, third, fourth), 1)


def _classifier(x: Symbol, form: _Form, *, num_classes: int, name: str) -> Symbol:
    """Auxiliary classifier: pooled to 4 x 4, 128 channels, 1024 features."""
    with scope(x, name, "InceptionAux"):
        x = adaptive_avg_pool2d(x, 4, name="pool") if form.normalised else avg_pool2d(x, 5, 3, name="pool")
        x = conv_relu(x, 128, kernel_size=1, normalised=form.normalised, name="conv")
        x = linear(flatten(x), 1024, name="fc1")
        x = relu(x, inplace=True, name="relu")
        x = dropout(x, 0.7)
        return linear(x, num_classes, name="fc2")
