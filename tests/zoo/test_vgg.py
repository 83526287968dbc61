import pytest

from netweight import weigh
from netweight.errors import UnknownNameError

EXACT = {
    "vgg11": (132_863_336, 7_609_090_048),
    "vgg13": (133_047_848, 11_308_466_176),
    "vgg16": (138_357_544, 15_470_264_320),
    "vgg19": (143_667_240, 19_632_062_464),
}
PRINTED_MILLIONS = {"vgg11": 133, "vgg11-lrn": 133, "vgg13": 133, "vgg16-c": 134, "vgg16": 138, "vgg19": 144}
FULLY_CONNECTED = 25_088 * 4096 + 4096 * 4096 + 4096 * 1000


@pytest.mark.parametrize("name", EXACT)
def test_totals(name: str) -> None:
    totals = weigh(name).totals
    assert (totals.params, totals.macs) == EXACT[name]
    assert totals.buffers == 0


@pytest.mark.parametrize("name", EXACT)
def test_batch_normalisation_adds_two_parameters_per_channel(name: str) -> None:
    plain, normalised = weigh(name), weigh(f"{name}_bn")
    convs = [row for row in plain.layers if row.op == "conv"]
    channels = sum(row.output_shapes[0][1] for row in convs)
    assert normalised.totals.params == plain.totals.params + 2 * channels
    assert normalised.totals.buffers == 2 * channels + len(convs)  # mean, variance; one count of batches per layer
    assert normalised.totals.macs == plain.totals.macs


@pytest.mark.parametrize(
    ("name", "params"),
    [("vgg11_bn", 132_868_840), ("vgg13_bn", 133_053_736), ("vgg16_bn", 138_365_992), ("vgg19_bn", 143_678_248)],
)
def test_batch_normalised_totals(name: str, params: int) -> None:
    assert weigh(name).totals.params == params


@pytest.mark.parametrize("name", PRINTED_MILLIONS)
def test_table_2_of_the_paper(name: str) -> None:
    assert round(weigh(name).totals.params / 1e6) == PRINTED_MILLIONS[name]


def test_configuration_c_has_three_1_x_1_convolutions() -> None:
    totals = weigh("vgg16-c").totals
    assert totals.params == 138_357_544 - 8 * (256 * 256 + 2 * 512 * 512) == 133_638_952
    saved = 8 * (256 * 256 * 56 * 56 + 512 * 512 * 28 * 28 + 512 * 512 * 14 * 14)
    assert totals.macs == 15_470_264_320 - saved


def test_local_response_normalisation_has_no_parameters() -> None:
    rows = weigh("vgg11-lrn").layers
    assert [row.layer for row in rows if row.op == "local_response_norm"] == ["features.2"]
    assert sum(row.params for row in rows) == 132_863_336


def test_15_3_and_19_6_billion() -> None:
    """He et al. 2016 print 15.3 G for VGG-16, convolutions only, and 19.6 G for VGG-19, everything.

    Howard et al. 2017 print 15,300 M and 138 M parameters for VGG-16.
    """
    vgg16, vgg19 = EXACT["vgg16"][1], EXACT["vgg19"][1]
    assert f"{(vgg16 - FULLY_CONNECTED) / 1e9:.1f}" == "15.3"
    assert f"{vgg16 / 1e9:.1f}" == "15.5"
    assert f"{vgg19 / 1e9:.1f}" == "19.6"
    assert f"{(vgg19 - FULLY_CONNECTED) / 1e9:.1f}" == "19.5"


def test_layer_names_are_those_of_torchvision() -> None:
    layers = [row.layer for row in weigh("vgg16").layers if row.params]
    assert layers[:3] == ["features.0", "features.2", "features.5"]
    assert layers[-4:] == ["features.28", "classifier.0", "classifier.3", "classifier.6"]
    assert [row.layer for row in weigh("vgg16_bn").layers if row.op == "conv"][-1] == "features.40"


def test_shapes() -> None:
    shapes = {row.layer: row.output_shapes[0][1:] for row in weigh("vgg16").layers}
    assert [shapes[f"features.{i}"] for i in (4, 9, 16, 23, 30)] == [
        (64, 112, 112), (128, 56, 56), (256, 28, 28), (512, 14, 14), (512, 7, 7),
    ]  # fmt: skip


def test_unknown_configuration() -> None:
    with pytest.raises(UnknownNameError, match="no VGG configuration is called 'F'"):
        weigh("vgg16:configuration=F")
    with pytest.raises(UnknownNameError, match="no normalisation of VGG is called 'layer'"):
        weigh("vgg16:normalisation=layer")
