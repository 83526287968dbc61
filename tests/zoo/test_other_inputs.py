"""Networks whose parameters follow from the input: reports say so, and a run refuses what its weights are not for."""

import numpy as np
import pytest

import netweight
from netweight import zoo
from netweight.errors import ShapeError, UsageError

FC6 = f"fc6 has {4096 * 256 * 13 * 13 + 4096:,} at 3x448x448 (published: {4096 * 256 * 6 * 6 + 4096:,} at 3x224x224)"


def notes(model: str, *shape: int) -> str:
    return "; ".join(netweight.weigh(model, shape or None).notes)


def test_a_larger_picture_makes_another_network() -> None:
    assert FC6 in notes("alexnet", 1, 3, 448, 448)
    assert "200 M in all (published: 61.0 M)" in notes("alexnet", 1, 3, 448, 448)


def test_an_option_does_as_an_input() -> None:
    assert FC6 in notes("alexnet:resolution=448")


def test_other_channels_make_another_first_layer() -> None:
    """7 x 7 weights for each of 64 channels, and no bias: as many for one channel, three times that for three."""
    assert f"conv1 has {64 * 7 * 7:,} at 1x224x224 (published: {64 * 3 * 7 * 7:,} at 3x224x224)" in notes(
        "resnet18", 1, 1, 224, 224
    )


def test_a_table_of_positions_is_named_itself() -> None:
    assert f"pos_embedding has {(1 + (384 // 16) ** 2) * 768:,} at 3x384x384" in notes("vit_b_16", 1, 3, 384, 384)


@pytest.mark.parametrize("network", ["resnet18", "mobilenet_v2", "densenet121", "googlenet"])
def test_networks_that_pool_what_is_left_stay_as_they_are(network: str) -> None:
    assert "published" not in notes(network, 2, 3, 256, 256)


@pytest.mark.parametrize("network", zoo.names())
def test_the_published_input_says_nothing(network: str) -> None:
    graph = zoo.make(network, batch=2)
    assert zoo.another_network(network, graph, {}) is None
    assert not netweight.weigh(graph).model.published


def test_a_run_refuses_an_input_that_its_weights_are_not_for() -> None:
    with pytest.raises(ShapeError, match="expected an input that the weights of lenet5 are for") as raised:
        netweight.run("lenet5", np.zeros((1, 3, 32, 32), np.float32))
    assert f"C1 has {6 * 3 * 25 + 6} at 3x32x32 (published: {6 * 25 + 6} at 1x32x32)" in raised.value.why
    assert raised.value.fix == "--input 1x1x32x32"
    with pytest.raises(ShapeError, match="makes another network"):
        netweight.run("lenet5", (1, 1, 48, 48))


def test_a_run_of_a_network_that_is_asked_for_at_that_size() -> None:
    assert any("F6 has" in note for note in netweight.run("lenet5:resolution=48").notes)
    assert netweight.run("lenet5", batch=2).outputs


def test_an_input_that_no_computer_holds() -> None:
    with pytest.raises(UsageError, match=r"input: expected at most 9.22 EB, got 1200000 EB"):
        netweight.weigh("alexnet", (1, 3, 10**12, 10**11))


@pytest.mark.parametrize(
    ("network", "asked", "accepted"),
    [
        ("alexnet", (224,), (1, 3, 224, 224)),
        ("alexnet", (224, 224), (1, 3, 224, 224)),
        ("alexnet", (3, 224, 224), (1, 3, 224, 224)),
        ("alexnet", (224, 224, 3), (1, 3, 224, 224)),
        ("alexnet", (1, 224, 224, 3), (1, 3, 224, 224)),
        ("alexnet", (1, 1, 3, 224, 224), (1, 3, 224, 224)),
        ("alexnet", (), (1, 3, 224, 224)),
        ("alexnet", (1, 3, 8, 8), (1, 3, 63, 63)),
        ("vit_b_16", (1, 3, 225, 225), (1, 3, 224, 224)),
        ("vit_b_16", (1, 3, 8, 8), (1, 3, 16, 16)),
        ("bert_base", (128,), (1, 128)),
        ("bert_base", (1, 600), (1, 128)),
        ("transformer_encoder", (128, 512), (1, 128, 512)),
        ("transformer_encoder", (1, 128, 500), (1, 128, 512)),
        ("mlp", (1, 7), (1, 5)),
    ],
)
def test_an_input_that_is_not_accepted_is_answered_with_one_that_is(
    network: str, asked: tuple[int, ...], accepted: tuple[int, ...]
) -> None:
    with pytest.raises(ShapeError) as raised:
        netweight.weigh(network, asked)
    assert f"--input {'x'.join(map(str, accepted))}" in raised.value.fix
    assert netweight.weigh(network, accepted).coverage.complete


def test_the_smallest_picture_is_the_smallest() -> None:
    """63 -> 15 (kernel 11, stride 4, padding 2), 7, 7, 3, 3, 1; 62 -> 14, 6, 6, 2, 2: the last does not fit."""
    with pytest.raises(ShapeError, match="kernel"):
        netweight.weigh("alexnet", (1, 3, 62, 62))
