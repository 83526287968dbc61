"""Names of layers, out of the names that converters leave."""

import pytest

from netweight.sources.onnx.naming import Place
from netweight.sources.tflite.naming import layer_of, unique


@pytest.mark.parametrize(
    ("kind", "name", "layer"),
    [
        ("CONV_2D", "m/relu/Relu;m/c_7/BiasAdd/ReadVariableOp/resource;m/c_7/BiasAdd;m/c_4/Conv2D", "m.c_7"),
        ("CONV_2D", "m/a/Relu;m/conv2d_11/Conv2D;m/conv2d_7/Conv2D", "m.conv2d_7"),
        ("CONV_2D", "m/bn/FusedBatchNormV3;m/depthwise_37/depthwise;m/conv2d_2/Conv2D1", "m.conv2d_2"),
        ("DEPTHWISE_CONV_2D", "m/bn/FusedBatchNormV3;m/dw_37/depthwise;m/dw/depthwise", "m.dw"),
        ("ADD", "model/activation_2/Relu;model/add/add", "model.add"),
        ("FULLY_CONNECTED", "model/dense/MatMul;model/dense/BiasAdd", "model.dense"),
        ("CONV_2D", "MobilenetV1/MobilenetV1/Conv2d_0/Relu6", "MobilenetV1.MobilenetV1.Conv2d_0"),
        ("RESHAPE", "MobilenetV1/Logits/SpatialSqueeze", "MobilenetV1.Logits.SpatialSqueeze"),
        ("SOFTMAX", "StatefulPartitionedCall:0", ""),
        ("SOFTMAX", "Identity_int8", ""),
        ("CONV_2D", "tensorflow_conv", "tensorflow_conv"),
    ],
)  # fmt: skip
def test_the_layer_of_an_operator(kind: str, name: str, layer: str) -> None:
    assert layer_of(kind, name) == layer


def test_names_are_unique_and_without_what_all_begin_with() -> None:
    places = [
        Place("", "m.conv", "conv_2d"),
        Place("", "m.conv", "relu"),
        Place("", "", "softmax"),
        Place("", "m.dense", "add"),
    ]
    assert [place.name for place in unique(places)] == ["conv", "conv_1", "softmax", "dense"]
