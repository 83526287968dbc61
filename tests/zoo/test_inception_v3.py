import pytest

from netweight import capture, weigh
from netweight.results.profile import Profile


@pytest.fixture(scope="module")
def inception() -> Profile:
    return weigh("inception_v3")


def test_totals(inception: Profile) -> None:
    totals = inception.totals
    assert (totals.params, totals.macs, totals.buffers) == (23_834_568, 5_713_216_096, 34_526)
    assert sum(row.macs for row in inception.layers if row.op == "linear") == 2_048 * 1_000


def test_buffers_are_two_statistics_per_channel_and_one_count_per_layer(inception: Profile) -> None:
    norms = [row for row in inception.layers if row.op == "batch_norm"]
    channels = sum(row.output_shapes[0][1] for row in norms)
    assert (len(norms), channels) == (94, 17_216)
    assert inception.totals.buffers == 2 * channels + len(norms)


def test_keras_counts_moving_statistics_and_has_no_scale(inception: Profile) -> None:
    """Keras prints 23,851,784: without the 17,216 BN weights, with 2 * 17,216 running statistics."""
    assert inception.totals.params - 17_216 + 2 * 17_216 == 23_851_784


def test_params_in_the_xception_paper_are_of_another_form(inception: Profile) -> None:
    """Chollet 2017, Table 3, prints 23,626,728; without the BN weight, as in Keras, there are 190,624 more."""
    assert inception.totals.params - 17_216 - 190_624 == 23_626_728


def test_headline_of_the_paper(inception: Profile) -> None:
    """ "5 billion multiply-adds ... less than 25 million parameters"; 5.7 billion in this form at 299 x 299."""
    assert inception.totals.params < 25e6
    assert int(inception.totals.macs / 1e9) == 5


def test_auxiliary_classifier() -> None:
    profile = weigh("inception_v3:aux_logits=true")
    conv0, conv1, fc = 768 * 128 + 2 * 128, 128 * 768 * 25 + 2 * 768, 768 * 1000 + 1000
    assert {row.module: row.params for row in profile.modules}["AuxLogits"] == conv0 + conv1 + fc
    assert profile.totals.params == 23_834_568 + conv0 + conv1 + fc == 27_161_264
    assert len(capture("inception_v3:aux_logits=true").outputs) == 2


def test_shapes(inception: Profile) -> None:
    shapes = {row.layer: row.output_shapes[0][1:] for row in inception.layers}
    assert [shapes[f"Conv2d_{name}.conv"][1] for name in ("1a_3x3", "2a_3x3", "2b_3x3", "3b_1x1", "4a_3x3")] == [
        149, 147, 147, 73, 71,
    ]  # fmt: skip
    for name, channels, size in (
        ("Mixed_5b", 256, 35),
        ("Mixed_5c", 288, 35),
        ("Mixed_5d", 288, 35),
        ("Mixed_6a", 768, 17),
        ("Mixed_6e", 768, 17),
        ("Mixed_7a", 1280, 8),
        ("Mixed_7b", 2048, 8),
        ("Mixed_7c", 2048, 8),
    ):
        last = [shape for layer, shape in shapes.items() if layer.rpartition(".")[0] == name][-1]
        assert last == (channels, size, size), name


def test_names_are_those_of_torchvision(inception: Profile) -> None:
    layers = {row.layer for row in inception.layers if row.params}
    for layer in ("Mixed_5b.branch3x3dbl_3.conv", "Mixed_6c.branch7x7dbl_5.bn", "Mixed_7c.branch_pool.conv", "fc"):
        assert layer in layers
