import pytest

from netweight import capture, weigh
from netweight.errors import ShapeError
from netweight.results.profile import Profile
from zoo.counting import imgclsmob_flops

LECTURE = {  # lecture 2 of TinyML and Efficient Deep Learning: parameters without bias, activations, MACs
    "x": (0, 150_528, 0),
    "conv1": (34_848, 290_400, 105_415_200),  # the notes print 24,848: 96 * 3 * 11 * 11 == 34_848
    "pool1": (0, 69_984, 0),
    "conv2": (307_200, 186_624, 223_948_800),
    "pool2": (0, 43_264, 0),
    "conv3": (884_736, 64_896, 149_520_384),
    "conv4": (663_552, 64_896, 112_140_288),
    "conv5": (442_368, 43_264, 74_760_192),
    "pool5": (0, 9_216, 0),
    "fc6": (37_748_736, 4_096, 37_748_736),  # one of the notes prints 37,738,736
    "fc7": (16_777_216, 4_096, 16_777_216),
    "fc8": (4_096_000, 1_000, 4_096_000),
}


@pytest.fixture(scope="module")
def alexnet() -> Profile:
    return weigh("alexnet")


def test_lecture_table(alexnet: Profile) -> None:
    rows = {row.layer: row for row in alexnet.layers}
    found = {name: (rows[name].params_no_bias, rows[name].activation_count, rows[name].macs) for name in LECTURE}
    assert found == LECTURE


def test_lecture_totals(alexnet: Profile) -> None:
    assert alexnet.totals.params_no_bias == 60_954_656
    assert alexnet.totals.params == 60_965_224
    assert alexnet.totals.macs == 724_406_816
    assert alexnet.totals.contraction_flops == 2 * 724_406_816  # printed as 1.4 G
    lecture = alexnet.activations["lecture"]
    assert lecture.total_count == 932_264
    assert lecture.peak_count == 150_528 + 290_400 == 440_928
    assert lecture.peak_layer == "conv1"


def test_lecture_model_sizes(alexnet: Profile) -> None:
    assert round(alexnet.totals.model_size_bytes / 1e6) == 244  # one of the notes prints 224
    assert round(weigh("alexnet", bits="8").totals.model_size_bytes / 1e6) == 61


def test_neurons_of_the_paper(alexnet: Profile) -> None:
    """The paper prints 253,440 for the first layer, which is 55 * 48 * 96, and "650,000 neurons" for the sum."""
    neurons = [row.activation_count for row in alexnet.layers if row.op in ("conv", "linear")]
    assert neurons == [290_400, 186_624, 64_896, 64_896, 43_264, 4_096, 4_096, 1_000]
    assert 55 * 48 * 96 == 253_440
    assert sum(neurons) == 659_272
    assert sum(neurons) - 290_400 + 253_440 == 622_312


def test_parameters_as_printed_elsewhere(alexnet: Profile) -> None:
    """60 million (Krizhevsky et al. 2012, Howard et al. 2017) is cut, not rounded; 720 million MACs is rounded."""
    assert int(alexnet.totals.params / 1e6) == 60
    assert round(alexnet.totals.macs / 1e6, -1) == 720


def test_227_without_padding_is_the_same_network(alexnet: Profile) -> None:
    other = weigh("alexnet:padding=0,resolution=227").totals
    assert (other.params, other.macs) == (alexnet.totals.params, alexnet.totals.macs)


def test_54_x_54_of_the_onnx_model_zoo() -> None:
    """bvlc_alexnet: 224 without padding, 654,560,384 MACs; its last pooling pads to keep 6 x 6."""
    conv = {row.layer: row.macs for row in weigh("alexnet:padding=0").layers if row.op == "conv"}
    assert conv["conv1"] == 54 * 54 * 96 * 363
    assert sum(conv.values()) + 37_748_736 + 16_777_216 + 4_096_000 == 654_560_384


def test_without_groups() -> None:
    totals = weigh("alexnet:groups=1").totals
    assert totals.params == 62_378_344
    assert totals.params_no_bias - 60_954_656 == 307_200 + 663_552 + 442_368  # the halves that two towers leave out


def test_without_groups_as_imgclsmob_counts() -> None:
    """ "AlexNet-b": 224 without padding, pooling rounds up; 1132.33 M is half of 2 MACs + ReLU + pooling."""
    graph = capture("alexnet:groups=1,padding=0,ceil_mode=true")
    assert weigh(graph).totals.macs == 1_131_457_664
    assert round(imgclsmob_flops(graph) / 2e6, 2) == 1132.33


def test_one_tower() -> None:
    profile = weigh("alexnet-one-tower")
    assert profile.totals.params == 61_100_840
    assert profile.totals.macs == 714_188_480
    assert profile.totals.buffers == 0
    assert [row.layer for row in profile.layers if row.params] == [
        *(f"features.{i}" for i in (0, 3, 6, 8, 10)),
        *(f"classifier.{i}" for i in (1, 4, 6)),
    ]


def test_one_tower_takes_other_image_sizes() -> None:
    assert weigh("alexnet-one-tower:resolution=256").totals.params == 61_100_840


def test_no_groups_at_all_is_refused() -> None:
    with pytest.raises(
        ShapeError, match=r"conv: expected in_channels = weight.shape\[1\] \* groups, got 96 != 96 \* 0"
    ):
        weigh("alexnet:groups=0")
