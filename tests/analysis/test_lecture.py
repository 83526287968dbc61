"""The figures of the lecture notes: AlexNet's whole table, and the small ones.

Source: lecture notes on the basics of neural networks and their efficiency metrics (bias ignored, 1 MB = 10^6 bytes).
The notes misprint conv1's parameters (24,848), fc6's (37,738,736) and the fp32 size (224 MB).
"""

from collections.abc import Callable

import pytest

from netweight import Profile, build, weigh

# layer: (params without bias, activations, MACs)
ALEXNET = {
    "x": (0, 150_528, 0),
    "conv1": (96 * 3 * 11 * 11, 290_400, 105_415_200),
    "pool1": (0, 69_984, 0),
    "conv2": (256 * 96 * 5 * 5 // 2, 186_624, 223_948_800),
    "pool2": (0, 43_264, 0),
    "conv3": (384 * 256 * 3 * 3, 64_896, 149_520_384),
    "conv4": (663_552, 64_896, 112_140_288),
    "conv5": (442_368, 43_264, 74_760_192),
    "pool5": (0, 9_216, 0),
    "fc6": (4096 * (256 * 6 * 6), 4_096, 37_748_736),
    "fc7": (16_777_216, 4_096, 16_777_216),
    "fc8": (4_096_000, 1_000, 4_096_000),
}


@pytest.fixture(scope="module")
def alexnet() -> Profile:
    return weigh("alexnet")


def test_alexnet_layer_by_layer(alexnet: Profile) -> None:
    found = {
        row.layer: (row.params_no_bias, row.activation_count, row.macs)
        for row in alexnet.layers
        if row.activation_count
    }
    assert found == ALEXNET


def test_alexnet_in_all(alexnet: Profile) -> None:
    totals = alexnet.totals
    assert totals.params == 60_965_224
    assert totals.params_no_bias == 60_954_656
    assert totals.macs == 724_406_816
    assert totals.contraction_flops == 2 * 724_406_816 == 1_448_813_632
    assert totals.model_size_bytes == 4 * 60_965_224 == 243_860_896
    lecture = alexnet.activations["lecture"]
    assert lecture.total_count == 932_264
    assert lecture.peak_count == 150_528 + 290_400 == 440_928
    assert (lecture.peak_layer, lecture.peak_tensors) == ("conv1", ("x", "conv1"))
    assert lecture.peak_bytes == 4 * 440_928


def test_alexnet_in_eight_bits_does_ops_and_no_flops() -> None:
    profile = weigh("alexnet", bits="8")
    assert profile.totals.model_size_bytes == 60_965_224
    assert profile.totals.flops == 0
    assert profile.totals.ops_total == weigh("alexnet").totals.ops_total
    assert profile.activations["lecture"].peak_bytes == 440_928


def test_sums_and_formulas_agree(alexnet: Profile) -> None:
    for name in ("params", "params_no_bias", "macs", "flops", "ops_total", "bytes_read", "bytes_written"):
        assert sum(getattr(row, name) for row in alexnet.layers) == getattr(alexnet.totals, name)
    assert sum(row.activation_count for row in alexnet.layers) == 932_264
    conv1 = next(row for row in alexnet.layers if row.layer == "conv1")
    assert conv1.formulas["macs"] == "96 * 3 * 11 * 11 * 55 * 55"
    assert conv1.formulas["params"] == "96 * 3 * 11 * 11 + 96"


def stack(*kernels: int | tuple[int, int], channels: int = 1) -> Profile:
    def describe(x: build.Symbol) -> build.Symbol:
        for size in kernels:
            x = build.conv2d(x, channels, kernel_size=size, bias=False)
        return x

    return weigh(build.graph(describe, (1, channels, 32, 32)))


def field(profile: Profile) -> tuple[int, ...] | None:
    return profile.layers[-1].receptive_field


def test_three_small_filters_see_what_one_large_one_sees() -> None:
    one, three = stack(7), stack(3, 3, 3)
    assert (one.totals.params, three.totals.params) == (7 * 7, 3 * (3 * 3)) == (49, 27)
    assert field(one) == field(three) == (7, 7)


def test_factorised_filters() -> None:
    assert stack(3).totals.params == 9
    assert stack((3, 1), (1, 3)).totals.params == 6
    assert (stack(5).totals.params, stack(3, 3).totals.params) == (25, 18)
    assert field(stack((3, 1), (1, 3))) == (3, 3)


def test_bottleneck() -> None:
    def narrow(x: build.Symbol) -> build.Symbol:
        x = build.conv2d(x, 32, kernel_size=1, bias=False)
        return build.conv2d(x, 128, kernel_size=3, padding=1, bias=False)

    assert stack(3, channels=128).totals.params == 147_456
    profile = weigh(build.graph(narrow, (1, 128, 8, 8)))
    assert [row.params for row in profile.layers[1:]] == [4_096, 36_864]
    assert profile.totals.params == 40_960


def test_perceptron() -> None:
    def perceptron(x: build.Symbol) -> build.Symbol:
        return build.linear(build.linear(x, 3, bias=False), 2, bias=False)

    assert weigh(build.graph(perceptron, (1, 5))).totals.params == 5 * 3 + 3 * 2 == 21


def test_matrix_products() -> None:
    """Matrix-vector m n; GEMM m n k."""

    def product(x: build.Symbol) -> build.Symbol:
        return build.linear(x, 7, bias=False)

    assert weigh(build.graph(product, (1, 5))).totals.macs == 7 * 5
    assert weigh(build.graph(product, (3, 5))).totals.macs == 3 * 7 * 5


@pytest.mark.parametrize(
    ("layer", "new"),
    [
        (lambda x: build.relu(x, name="y"), 0),
        (lambda x: build.sigmoid(x, name="y"), 0),
        (lambda x: build.layer_norm(x, name="y"), 0),
        (lambda x: build.dropout(x, 0.5, name="y"), 0),
        (lambda x: build.add(x, x, name="y"), 6),
        (lambda x: build.softmax(x, name="y"), 6),
        (lambda x: build.linear(x, 3, name="y"), 6),
        (lambda x: build.flatten(x, name="y"), 0),
    ],
)
@pytest.mark.parametrize("training", [False, True])
def test_what_works_in_place(layer: Callable[[build.Symbol], build.Symbol], new: int, training: bool) -> None:
    """x and a have 6 elements each: a is the largest input of a layer, and what follows makes none or 6 more."""

    def describe(x: build.Symbol) -> build.Symbol:
        return layer(build.linear(x, 3, name="a"))

    profile = weigh(build.graph(describe, (2, 3), training=training))
    assert {row.layer: row.activation_count for row in profile.layers}["y"] == new
    lecture = profile.activations["lecture"]
    assert (lecture.total_count, lecture.peak_count) == (12 + new, 12)
    assert (lecture.total_bytes, lecture.peak_bytes) == (4 * (12 + new), 4 * 12)
