"""Whatever a newcomer asks for has an answer: columns, profiles, layers without a network, weights without one."""

from collections import OrderedDict

import pytest
import torch

import netweight
from netweight.app.unknown import unknown_network
from netweight.errors import CaptureError, UnknownNameError, UsageError
from netweight.report.columns import COLUMNS
from netweight.report.terms import find_term


@pytest.mark.parametrize("column", COLUMNS)
def test_every_column_is_a_word(column: str) -> None:
    assert find_term(column) is not None


@pytest.mark.parametrize(("word", "name"), [("attn", "attention"), ("read", "traffic"), ("depth", "depth")])
def test_short_words(word: str, name: str) -> None:
    assert netweight.explain(word).name == name  # type: ignore[union-attr]


def test_a_profile_is_explained_as_its_network_is() -> None:
    profile = netweight.weigh("lenet5")
    assert netweight.explain(profile, "C1") == netweight.explain("lenet5", "C1")
    assert netweight.explain(profile, "macs").value == profile.totals.macs  # type: ignore[union-attr]
    with pytest.raises(UnknownNameError, match="no layer of lenet5 is called 'e'"):
        netweight.explain(profile, "e")
    with pytest.raises(UsageError, match="batch: expected a network to explain, got a profile"):
        netweight.explain(profile, "C1", batch=2)


@pytest.mark.parametrize("name", ["conv1", "layer1.0.conv1", "features.0", "fc", "head", "block2"])
def test_a_layer_where_a_network_is_asked_for(name: str) -> None:
    assert unknown_network(name).fix in (
        f"a layer is asked for with its network: netweight explain alexnet {name}",
        f"it is a term: netweight explain {getattr(find_term(name), 'name', '')!r}".replace('"', "'"),
    )


def test_weights_without_a_network() -> None:
    for weights in (torch.nn.Linear(3, 4).state_dict(), OrderedDict(), {"state_dict": {}}):
        with pytest.raises(CaptureError) as raised:
            netweight.weigh(weights)  # type: ignore[arg-type]
        assert raised.value.fix == "a state dict has no forward: weigh the module that it is loaded into"


@pytest.mark.parametrize(
    ("target", "fix"),
    [
        ("torch.nn.Linear", "the class itself: rule(torch.nn.Linear)"),
        ("torch.nn.functional.relu", "'aten::relu'"),
        ("torch.relu", "'aten::relu'"),
        ("mylib.scale", "'mylib::scale'"),
        ("scale", "'mylib::op'"),
    ],
)
def test_what_a_rule_may_be_of(target: str, fix: str) -> None:
    with pytest.raises(UsageError, match="expected an operator as library::name") as raised:
        netweight.rule(target)
    assert raised.value.fix == fix
