import pytest

from netweight import capture, weigh
from netweight.results.profile import Profile

EXACT = {  # weights, biases, MACs, by hand from the channel columns of Table 1
    "conv1": (9_408, 64, 118_013_952),
    "conv2+3": (114_688, 256, 359_661_568),
    "3a": (163_328, 368, 128_049_152),
    "3b": (388_096, 640, 304_267_264),
    "4a": (375_552, 624, 73_608_192),
    "4b": (448_512, 648, 87_908_352),
    "4c": (509_440, 664, 99_850_240),
    "4d": (604_672, 704, 118_515_712),
    "4e": (867_328, 1_024, 169_996_288),
    "5a": (1_042_432, 1_024, 51_079_168),
    "5b": (1_442_816, 1_264, 70_697_984),
    "fc": (1_024_000, 1_000, 1_024_000),
}
PRINTED = {  # Table 1 of the paper: params in units of 1024, ops in millions
    "conv1": (2.7, 34),
    "conv2+3": (112, 360),
    "3a": (159, 128),
    "3b": (380, 304),
    "4a": (364, 73),
    "4b": (437, 88),
    "4c": (463, 100),
    "4d": (580, 119),
    "4e": (840, 170),
    "5a": (1072, 54),
    "5b": (1388, 71),
    "fc": (1000, 1),
}
OTHER_OPS = {"conv1", "4a", "5a"}
"""Rows whose printed ops do not follow from the channel columns; docs/discrepancies.md says what is known."""
OTHER_PARAMS = {"conv1", "3b", "4a", "4b", "4c", "4d", "4e", "5a", "5b"}
"""Rows whose printed parameters do not."""


def by_module(profile: Profile) -> dict[str, tuple[int, int, int]]:
    """Weights, biases and MACs per row of the paper's table."""
    found = dict.fromkeys(EXACT, (0, 0, 0))
    for row in profile.layers:
        module = row.layer.partition(".")[0].removeprefix("inception")
        module = "conv2+3" if module in ("conv2", "conv3") else module
        if row.params:
            weights, biases, macs = found[module]
            found[module] = (
                weights + row.params_no_bias,
                biases + row.params - row.params_no_bias,
                macs + (row.macs or 0),
            )
    return found


@pytest.fixture(scope="module")
def googlenet() -> Profile:
    return weigh("googlenet")


def test_every_module(googlenet: Profile) -> None:
    assert by_module(googlenet) == EXACT


def test_totals(googlenet: Profile) -> None:
    assert googlenet.totals.params == sum(weights + biases for weights, biases, _ in EXACT.values()) == 6_998_552
    assert googlenet.totals.macs == 1_582_671_872
    assert googlenet.totals.buffers == 0


@pytest.mark.parametrize("module", EXACT)
def test_ops_column_of_table_1(googlenet: Profile, module: str) -> None:
    agrees = round(by_module(googlenet)[module][2] / 1e6) == PRINTED[module][1]
    assert agrees is (module not in OTHER_OPS)


@pytest.mark.parametrize("module", EXACT)
def test_params_column_of_table_1(googlenet: Profile, module: str) -> None:
    agrees = by_module(googlenet)[module][0] // 1024 == PRINTED[module][0]
    assert agrees is (module not in OTHER_PARAMS)


def test_budgets_quoted_from_the_table_are_sums_of_its_columns() -> None:
    """ "1.5 billion multiply-adds" (the paper) and "6.8 million parameters" (Howard et al. 2017)."""
    assert sum(ops for _, ops in PRINTED.values()) == 1502
    assert round(sum(params for params, _ in PRINTED.values()) / 1e3, 1) == 6.8


def test_printed_ops_of_two_modules_follow_from_their_printed_params() -> None:
    """So these two rows describe other channels than those printed beside them: 4a on 14 x 14, 5a on 7 x 7."""
    assert round(364 * 1024 * 14 * 14 / 1e6) == PRINTED["4a"][1]
    assert round(1072 * 1024 * 7 * 7 / 1e6) == PRINTED["5a"][1]
    assert round(2.7 * 1e3 * 112 * 112 / 1e6) == PRINTED["conv1"][1]


def test_comparisons_that_the_network_does_not_meet(googlenet: Profile) -> None:
    """ "12x fewer parameters" than AlexNet (the paper), 1550 million mult-adds (Howard et al. 2017)."""
    assert round(weigh("alexnet").totals.params / googlenet.totals.params, 1) == 8.7
    assert round(googlenet.totals.macs / 1e6, -1) == 1580


def test_shapes_of_table_1(googlenet: Profile) -> None:
    shapes = {row.layer: row.output_shapes[0][1:] for row in googlenet.layers}
    assert shapes["conv1.conv"] == (64, 112, 112)
    assert shapes["maxpool1"] == (64, 56, 56)
    assert shapes["conv3.conv"] == (192, 56, 56)
    assert shapes["maxpool2"] == (192, 28, 28)
    assert [shapes[f"inception{module}.cat"] for module in ("3a", "3b")] == [(256, 28, 28), (480, 28, 28)]
    fourth = [shapes[f"inception4{letter}.cat"] for letter in "abcde"]
    assert fourth == [(channels, 14, 14) for channels in (512, 512, 512, 528, 832)]
    assert [shapes[f"inception5{letter}.cat"] for letter in "ab"] == [(832, 7, 7), (1024, 7, 7)]
    assert shapes["avgpool"] == (1024, 1, 1)


def test_pooling_rounded_down() -> None:
    """As the inception_v1 of the ONNX model zoo: 55, 27, 13 and 6."""
    profile = weigh("googlenet:ceil_mode=false")
    assert (profile.totals.params, profile.totals.macs) == (6_998_552, 1_431_556_352)
    shapes = {row.layer: row.output_shapes[0][-1] for row in profile.layers}
    assert [shapes[f"maxpool{number}"] for number in (1, 2, 3, 4)] == [55, 27, 13, 6]


def test_auxiliary_classifiers_double_the_parameters() -> None:
    """Section 5: 5 x 5 average / 3, 128 1 x 1 filters, 1024 features, on 4a and 4d."""
    profile = weigh("googlenet:aux_logits=true")
    on_4a = (512 * 128 + 128) + (4 * 4 * 128 * 1024 + 1024) + (1024 * 1000 + 1000)
    on_4d = on_4a + (528 - 512) * 128
    modules = {row.module: row.params for row in profile.modules}
    assert (modules["aux1"], modules["aux2"]) == (on_4a, on_4d)
    assert profile.totals.params == 6_998_552 + on_4a + on_4d == 13_378_280
    assert len(capture("googlenet:aux_logits=true").outputs) == 3


def test_torchvision_form() -> None:
    totals = weigh("googlenet-3x3").totals
    assert (totals.params, totals.macs, totals.buffers) == (6_624_904, 1_498_376_192, 14_617)


def test_torchvision_form_with_auxiliary_classifiers() -> None:
    profile = weigh("googlenet-3x3:aux_logits=true")
    assert profile.totals.params == 13_004_888
    # The published checkpoint, 49.731 MiB, holds these, the buffers, and some 100 KB of names and structure.
    numbers = 4 * (profile.totals.params + profile.totals.buffers)
    assert 0 < 49.731 * 2**20 - numbers < 200_000


def test_names_are_those_of_torchvision() -> None:
    layers = [row.layer for row in weigh("googlenet-3x3:aux_logits=true").layers if row.params]
    assert layers[:4] == ["conv1.conv", "conv1.bn", "conv2.conv", "conv2.bn"]
    for layer in ("inception3a.branch1.conv", "inception4b.branch2.1.bn", "inception5b.branch4.1.conv", "aux2.fc1"):
        assert layer in layers
    assert layers[-1] == "fc"
