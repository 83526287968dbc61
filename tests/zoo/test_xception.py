"""Xception against Table 3 of its paper and Keras."""

import pytest

from netweight import capture, weigh
from zoo.counting import imgclsmob_flops


def test_parameters():
    """Chollet 2017, Table 3: 22,855,952 parameters; Keras counts 22,910,480 with the running statistics."""
    totals = weigh("xception").totals
    assert totals.params == 22_855_952
    norms = sum(row.kind == "norm" for row in weigh("xception").layers)
    assert norms == 40
    # We keep a counter of batches per normalisation, Keras does not.
    assert totals.params + totals.buffers - norms == 22_910_480


def test_macs():
    """8.4 B at 299 x 299: Tan & Le 2019 (EfficientNet), Table 2; 8.42 G by ptflops."""
    assert weigh("xception").totals.macs == 8_357_403_496
    assert round(weigh("xception").totals.macs / 1e9, 1) == 8.4


def test_as_imgclsmob_counts():
    """osmr/imgclsmob, gluon/README.md: 8,403.63 M."""
    assert round(imgclsmob_flops(capture("xception")) / 2e6, 2) == 8403.63


def test_shapes():
    rows = {row.layer: row for row in weigh("xception").layers}
    shapes = {
        "block1_conv1": (1, 32, 149, 149),
        "block1_conv2": (1, 64, 147, 147),
        "block2_pool": (1, 128, 74, 74),
        "block3_pool": (1, 256, 37, 37),
        "block4_pool": (1, 728, 19, 19),
        "block12_sepconv3.pointwise": (1, 728, 19, 19),
        "block13_pool": (1, 1024, 10, 10),
        "block14_sepconv2.pointwise": (1, 2048, 10, 10),
        "predictions": (1, 1000),
    }
    assert {layer: rows[layer].output_shapes[0] for layer in shapes} == shapes


def test_the_first_block_starts_without_an_activation():
    layers = [row.layer for row in weigh("xception").layers]
    assert "block2_sepconv1_act" not in layers
    assert layers.index("block3_sepconv1_act") < layers.index("block3_sepconv1.depthwise")


def test_a_shortcut_is_never_overwritten():
    graph = capture("xception")
    assert all(graph.values[node.outputs[0]].storage == node.outputs[0] for node in graph.nodes if node.op == "relu")


@pytest.mark.parametrize("size", [71, 224])
def test_other_sizes(size):
    profile = weigh(f"xception:resolution={size}")
    assert profile.totals.params == 22_855_952
    assert profile.layers[-1].output_shapes == ((1, 1000),)
