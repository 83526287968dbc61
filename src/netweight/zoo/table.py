"""The built-in networks: one entry each, by family."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

_IMAGE = (3, 224, 224)
_CONFIGURATIONS = {11: "A", 13: "B", 16: "D", 19: "E"}
_BOTTLENECKS = {50: (3, 4, 6, 3), 101: (3, 4, 23, 3), 152: (3, 8, 36, 3)}


@dataclass(frozen=True, slots=True, kw_only=True)
class Architecture:
    """One built-in network.

    Attributes:
        function: ``"module:function"`` in this package; the function describes the network over a symbol.
        about: One line for the list.
        input_shape: Sizes of one sample, or the ``"module:function"`` that derives them from the options. Where they
            are those of an image, (C, H, W), the option ``resolution`` replaces the height and the width.
        input_dtype: Element type of the input.
        options: Arguments of the function that make this member of the family.
    """

    function: str
    about: str
    input_shape: tuple[int, ...] | str = _IMAGE
    input_dtype: str = "float32"
    options: dict[str, Any] = field(default_factory=dict)


ARCHITECTURES: dict[str, Architecture] = {
    "mlp": Architecture(
        function="mlp:mlp",
        about="multilayer perceptron of any widths: widths=5-3-2",
        input_shape="mlp:sample_shape",
        options={"widths": (5, 3, 2)},
    ),
    "shallow_cnn": Architecture(
        function="shallow_cnn:shallow_cnn",
        about="two convolutions and a fully connected layer, for 28 x 28 or 32 x 32 images",
        input_shape=(1, 28, 28),
    ),
    "lenet5": Architecture(
        function="lenet:lenet5",
        about="LeCun et al. 1998 as usually rebuilt: full C3, linear output",
        input_shape=(1, 32, 32),
    ),
    "lenet5-1998": Architecture(
        function="lenet:lenet5_1998",
        about="LeCun et al. 1998 as published: connection table, trained subsampling, fixed codes",
        input_shape=(1, 32, 32),
    ),
    "alexnet": Architecture(
        function="alexnet:alexnet", about="Krizhevsky et al. 2012: two towers, local response normalisation"
    ),
    "alexnet-one-tower": Architecture(
        function="alexnet:alexnet_one_tower",
        about="Krizhevsky 2014: one tower of 64-192-384-256-256, as torchvision",
    ),
    **{
        f"vgg{depth}": Architecture(
            function="vgg:vgg",
            about=f"Simonyan & Zisserman 2015, configuration {configuration}",
            options={"configuration": configuration},
        )
        for depth, configuration in _CONFIGURATIONS.items()
    },
    **{
        f"vgg{depth}_bn": Architecture(
            function="vgg:vgg",
            about=f"VGG-{depth} with batch normalisation",
            options={"configuration": configuration, "normalisation": "batch"},
        )
        for depth, configuration in _CONFIGURATIONS.items()
    },
    "vgg11-lrn": Architecture(
        function="vgg:vgg",
        about="Simonyan & Zisserman 2015, configuration A-LRN",
        options={"configuration": "A", "normalisation": "lrn"},
    ),
    "vgg16-c": Architecture(
        function="vgg:vgg",
        about="Simonyan & Zisserman 2015, configuration C: three 1 x 1 convolutions",
        options={"configuration": "C"},
    ),
    "nin": Architecture(
        function="nin:nin",
        about="Lin et al. 2014 for CIFAR: a perceptron in every window, no fully connected layer",
        input_shape=(3, 32, 32),
    ),
    "nin_imagenet": Architecture(
        function="nin:nin_imagenet",
        about="Lin et al. 2014 for ImageNet",
    ),
    "googlenet": Architecture(
        function="googlenet:googlenet",
        about="Szegedy et al. 2015: Inception modules with 5 x 5 kernels",
    ),
    "googlenet-3x3": Architecture(
        function="googlenet:googlenet_3x3",
        about="GoogLeNet as torchvision: batch normalisation, 3 x 3 for 5 x 5",
    ),
    "inception_v3": Architecture(
        function="inception_v3:inception_v3",
        about="Szegedy et al. 2016: factorised convolutions",
        input_shape=(3, 299, 299),
    ),
    **{
        f"resnet{depth}": Architecture(
            function="resnet:resnet",
            about="He et al. 2016: residual blocks of two 3 x 3 convolutions",
            options={"layers": layers, "bottleneck": False},
        )
        for depth, layers in ((18, (2, 2, 2, 2)), (34, (3, 4, 6, 3)))
    },
    **{
        f"resnet{depth}": Architecture(
            function="resnet:resnet",
            about="He et al. 2016: residual bottlenecks, stride in the 3 x 3 as in torchvision",
            options={"layers": layers, "bottleneck": True},
        )
        for depth, layers in _BOTTLENECKS.items()
    },
    **{
        f"resnet{depth}-v1": Architecture(
            function="resnet:resnet",
            about="He et al. 2016 as published: stride in the first 1 x 1",
            options={"layers": layers, "bottleneck": True, "stride_in_1x1": True},
        )
        for depth, layers in _BOTTLENECKS.items()
    },
    **{
        f"densenet{depth}": Architecture(
            function="densenet:densenet",
            about="Huang et al. 2017: every layer reads all before it",
            options={"layers": layers, **wider},
        )
        for depth, layers, wider in (
            (121, (6, 12, 24, 16), {}),
            (161, (6, 12, 36, 24), {"growth_rate": 48, "stem_channels": 96}),
            (169, (6, 12, 32, 32), {}),
            (201, (6, 12, 48, 32), {}),
            (264, (6, 12, 64, 48), {}),
        )
    },
    "densenet-cifar": Architecture(
        function="densenet:densenet_cifar",
        about="Huang et al. 2017 for 32 x 32: depth, growth_rate, bottleneck",
        input_shape=(3, 32, 32),
    ),
    "mobilenet_v1": Architecture(
        function="mobilenet_v1:mobilenet_v1",
        about="Howard et al. 2017: depthwise separable convolutions, any width",
    ),
    "mobilenet_v2": Architecture(
        function="mobilenet_v2:mobilenet_v2",
        about="Sandler et al. 2018: inverted residuals, any width",
    ),
    "xception": Architecture(
        function="xception:xception",
        about="Chollet 2017: separable convolutions with residuals",
        input_shape=(3, 299, 299),
    ),
    **{
        name: Architecture(
            function="vit:vit",
            about=f"Dosovitskiy et al. 2021: transformer over patches of {patch} x {patch}",
            options={"patch_size": patch, "embed_dim": width, "depth": depth, "num_heads": heads, "mlp_dim": 4 * width},
        )
        for name, patch, width, depth, heads in (
            ("vit_b_16", 16, 768, 12, 12),
            ("vit_b_32", 32, 768, 12, 12),
            ("vit_l_16", 16, 1024, 24, 16),
            ("vit_l_32", 32, 1024, 24, 16),
            ("vit_h_14", 14, 1280, 32, 16),
        )
    },
    "transformer_encoder": Architecture(
        function="transformer:transformer_encoder",
        about="Vaswani et al. 2017: encoder of the base model over 128 embeddings",
        input_shape=(128, 512),
    ),
    "bert_base": Architecture(
        function="bert:bert",
        about="Devlin et al. 2019: transformer encoder over 128 token ids",
        input_shape=(128,),
        input_dtype="int64",
    ),
    "bert_large": Architecture(
        function="bert:bert",
        about="Devlin et al. 2019: transformer encoder over 128 token ids",
        input_shape=(128,),
        input_dtype="int64",
        options={"embed_dim": 1024, "depth": 24, "num_heads": 16, "mlp_dim": 4096},
    ),
}
