"""Figures of the nine light models of the official backend suite.

Source: counted on the files themselves (onnx 1.23, onnx/backend/test/data/light): MACs and activations of ``Conv`` and
``Gemm`` from the shapes of ``onnx.shape_inference``, batch 1, without bias; parameters are the elements that
``ConstantOfShape`` makes and the floating initializers, without means and variances of batch normalisation.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Figures:
    """What one file holds.

    Attributes:
        params: Learned scalars that something reads.
        unread: Elements of floating initializers that nothing reads: a (1, 1) tensor that Caffe2 left behind.
        buffers: Means and variances of batch normalisation.
        macs: Those of convolutions and fully connected layers.
        activations: Elements that these write.
        ops: Calls by operator of ONNX, without those that make or reshape weights.
    """

    params: int
    unread: int = 0
    buffers: int = 0
    macs: int
    activations: int
    ops: dict[str, int]


FIGURES = {
    "bvlc_alexnet": Figures(
        params=60_965_224,
        macs=654_560_384,
        activations=609_640,
        ops={"Relu": 7, "Conv": 5, "MaxPool": 3, "Gemm": 3, "LRN": 2, "Dropout": 2, "Reshape": 1, "Softmax": 1},
    ),
    "densenet121": Figures(
        params=8_062_504,
        buffers=83_648,
        macs=2_834_161_664,
        activations=6_900_200,
        ops={
            "Conv": 121,
            "BatchNormalization": 121,
            "Mul": 121,
            "Add": 121,
            "Relu": 121,
            "Concat": 58,
            "AveragePool": 3,
            "MaxPool": 1,
            "GlobalAveragePool": 1,
        },
    ),
    "inception_v1": Figures(
        params=6_998_552,
        macs=1_431_556_352,
        activations=3_014_632,
        ops={
            "Conv": 57,
            "Relu": 57,
            "MaxPool": 13,
            "Concat": 9,
            "LRN": 2,
            "Reshape": 2,
            "AveragePool": 1,
            "Dropout": 1,
            "Gemm": 1,
            "Softmax": 1,
        },
    ),
    "inception_v2": Figures(
        params=11_214_888,
        buffers=19_904,
        macs=2_018_851_840,
        activations=3_725_000,
        ops={
            "Conv": 69,
            "BatchNormalization": 69,
            "Mul": 69,
            "Add": 69,
            "Relu": 69,
            "Concat": 10,
            "AveragePool": 8,
            "MaxPool": 5,
            "Reshape": 1,
            "Gemm": 1,
            "Softmax": 1,
        },
    ),
    "resnet50": Figures(
        params=25_557_032,
        unread=1,
        buffers=53_120,
        macs=4_089_184_256,
        activations=11_114_984,
        ops={
            "Conv": 53,
            "BatchNormalization": 53,
            "Relu": 49,
            "Sum": 16,
            "MaxPool": 1,
            "AveragePool": 1,
            "Reshape": 1,
            "Gemm": 1,
            "Softmax": 1,
        },
    ),
    "shufflenet": Figures(
        params=1_393_320,
        buffers=26_832,
        macs=124_664_528,
        activations=3_387_880,
        ops={
            "Conv": 49,
            "BatchNormalization": 49,
            "Relu": 33,
            "Reshape": 33,
            "Transpose": 16,
            "Sum": 13,
            "AveragePool": 4,
            "Concat": 3,
            "MaxPool": 1,
            "Gemm": 1,
            "Softmax": 1,
        },
    ),
    "squeezenet": Figures(
        params=1_235_496,
        macs=349_151_936,
        activations=2_589_352,
        ops={"Conv": 26, "Relu": 26, "Concat": 8, "MaxPool": 3, "Dropout": 1, "GlobalAveragePool": 1, "Softmax": 1},
    ),
    "vgg19": Figures(
        params=143_667_240,
        macs=19_632_062_464,
        activations=14_861_288,
        ops={"Relu": 18, "Conv": 16, "MaxPool": 5, "Gemm": 3, "Dropout": 2, "Reshape": 1, "Softmax": 1},
    ),
    "zfnet512": Figures(
        params=87_250_536,
        unread=1,
        macs=1_481_727_008,
        activations=1_527_880,
        ops={"Relu": 7, "Conv": 5, "MaxPool": 3, "Gemm": 3, "LRN": 2, "Reshape": 1, "Softmax": 1},
    ),
}
