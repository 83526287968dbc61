"""DenseNet against torchvision's metadata, its authors' README and the EfficientNet paper."""

from math import prod

import pytest

from netweight import UsageError, capture, weigh
from zoo.counting import imgclsmob_flops

# Parameters, buffers, MACs: torchvision weights metadata, to the last unit.
TORCHVISION = {
    "densenet121": (7_978_856, 83_769, 2_834_161_664),
    "densenet161": (28_681_000, 220_097, 7_727_907_072),
    "densenet169": (14_149_480, 158_569, 3_359_843_328),
    "densenet201": (20_013_928, 229_257, 4_291_365_888),
}

# Parameters and FLOPs/2 in millions: osmr/imgclsmob, gluon/README.md.
IMGCLSMOB = {
    "densenet121": (7_978_856, 2872.13),
    "densenet161": (28_681_000, 7793.16),
    "densenet169": (14_149_480, 3403.89),
    "densenet201": (20_013_928, 4347.15),
    "densenet-cifar:depth=40": (176_122, 74.89),
    "densenet-cifar:depth=40,growth_rate=24": (690_346, 293.09),
    "densenet-cifar:depth=100": (769_162, 298.45),
    "densenet-cifar:depth=190,growth_rate=40": (25_624_430, 9400.45),
}

# Millions of parameters: README of liuzhuang13/DenseNet, CIFAR-10.
CIFAR = [
    (40, 12, False, 1.0),
    (100, 12, False, 7.0),
    (100, 24, False, 27.2),
    (100, 12, True, 0.8),
    (250, 24, True, 15.3),
    (190, 40, True, 25.6),
]

# Millions of parameters, 10^9 "FLOPs": Tan & Le 2019 (EfficientNet), Table 2.
EFFICIENTNET_TABLE_2 = {"densenet169": (14, 3.5), "densenet264": (34, 6.0)}


@pytest.mark.parametrize("name", TORCHVISION)
def test_totals_are_torchvisions(name):
    totals = weigh(name).totals
    assert (totals.params, totals.buffers, totals.macs) == TORCHVISION[name]


@pytest.mark.parametrize("name", IMGCLSMOB)
def test_as_imgclsmob_counts(name):
    params, flops = IMGCLSMOB[name]
    assert weigh(name).totals.params == params
    assert round(imgclsmob_flops(capture(name)) / 2e6, 2) == flops


@pytest.mark.parametrize(("depth", "growth_rate", "bottleneck", "params_millions"), CIFAR)
def test_cifar_parameters(depth, growth_rate, bottleneck, params_millions):
    options = f"depth={depth},growth_rate={growth_rate},bottleneck={bottleneck}"
    assert round(weigh(f"densenet-cifar:{options}").totals.params / 1e6, 1) == params_millions


def test_cifar_depth_counts_layers_with_weights():
    for name in ("densenet-cifar:depth=40,bottleneck=false", "densenet-cifar:depth=40,bottleneck=true"):
        assert sum(row.kind in ("conv", "linear") for row in weigh(name).layers) == 40


def test_cifar_transitions_keep_what_compression_says():
    def channels(options):
        rows = {row.layer: row for row in weigh(f"densenet-cifar:{options}").layers}
        convolution = rows["features.transition1.conv"]
        return convolution.input_shapes[0][1], convolution.output_shapes[0][1]

    assert channels("depth=40,bottleneck=false") == (16 + 12 * 12, 160)
    assert channels("depth=100") == (2 * 12 + 16 * 12, 108)
    assert channels("depth=100,compression=1.0") == (216, 216)
    assert channels("depth=40,bottleneck=false,compression=0.25") == (160, 40)


@pytest.mark.parametrize(("options", "step"), [("depth=41,bottleneck=false", 3), ("depth=4", 6), ("depth=43", 6)])
def test_cifar_blocks_must_be_of_equal_length(options, step):
    with pytest.raises(UsageError, match=rf"densenet-cifar: expected depth 4 \+ a multiple of {step}, got "):
        weigh(f"densenet-cifar:{options}")


@pytest.mark.parametrize("name", EFFICIENTNET_TABLE_2)
def test_the_efficientnet_paper_counts_running_statistics_as_parameters(name):
    """33.3 M learned parameters of DenseNet-264 are printed as 34 M: 33.7 M with the means and variances."""
    totals = weigh(name).totals
    assert round((totals.params + totals.buffers) / 1e6) == EFFICIENTNET_TABLE_2[name][0]


@pytest.mark.parametrize(("name", "exact"), [("densenet169", 3.36), ("densenet264", 5.75)])
def test_the_efficientnet_paper_counts_more_work(name, exact):
    """It prints 4 % more for both, more than all other operations add: see docs/discrepancies.md."""
    totals = weigh(name).totals
    printed = EFFICIENTNET_TABLE_2[name][1]
    assert round(totals.macs / 1e9, 2) == exact
    assert totals.macs / 1e9 < totals.flops / 2e9 < printed < 1.05 * totals.macs / 1e9


def test_densenet264():
    totals = weigh("densenet264").totals
    assert (totals.params, totals.macs) == (33_337_704, 5_751_653_376)


def test_shapes():
    rows = {row.layer: row for row in weigh("densenet121").layers}
    shapes = {
        "features.conv0": (1, 64, 112, 112),
        "features.denseblock1.denselayer6.conv1": (1, 128, 56, 56),
        "features.denseblock1.denselayer6.conv2": (1, 32, 56, 56),
        "features.denseblock1.cat": (1, 256, 56, 56),
        "features.transition1.conv": (1, 128, 56, 56),
        "features.transition1.pool": (1, 128, 28, 28),
        "features.norm5": (1, 1024, 7, 7),
        "classifier": (1, 1000),
    }
    assert {layer: rows[layer].output_shapes[0] for layer in shapes} == shapes
    # Each layer reads the block's input and the 32 channels of every layer before it.
    reads = [rows[f"features.denseblock1.denselayer{i}.norm1"].input_shapes[0][1] for i in range(1, 7)]
    assert reads == [64, 96, 128, 160, 192, 224]


def test_modules_are_named_as_in_torchvision():
    graph = capture("densenet121")
    assert graph.modules["features.denseblock4"] == "_DenseBlock"
    assert graph.modules["features.denseblock4.denselayer16"] == "_DenseLayer"
    assert graph.modules["features.transition3"] == "_Transition"
    parameters = [name for name, value in graph.values.items() if value.kind == "parameter"]
    assert parameters[0] == "features.conv0.weight"
    assert "features.denseblock2.denselayer12.conv2.weight" in parameters
    assert parameters[-1] == "classifier.bias"


def test_as_the_onnx_project_weighs_it():
    """light_densenet121.onnx: 121 convolutions, the classifier one of them, write 6,900,200 elements."""
    rows = [row for row in weigh("densenet121").layers if row.kind in ("conv", "linear")]
    assert len(rows) == 121
    assert sum(prod(row.output_shapes[0]) for row in rows) == 6_900_200


def test_one_number_of_layers_goes_for_all_blocks():
    assert weigh("densenet121:layers=3").totals == weigh("densenet121:layers=3-3-3-3").totals


@pytest.mark.parametrize("compression", [0, 1.5])
def test_compression_is_a_share(compression):
    with pytest.raises(UsageError, match="densenet-cifar: expected compression above 0 and up to 1, got "):
        weigh(f"densenet-cifar:compression={compression}")
