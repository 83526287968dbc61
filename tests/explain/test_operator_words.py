"""What is said of operators is said to those who use them."""

import re
from pathlib import Path

import pytest

import netweight
from netweight.app.counted import COUNTED
from netweight.app.operator_rules import sentences
from netweight.errors import UnknownNameError
from netweight.ops import REGISTRY

INTERNAL = re.compile(
    r"`|_|\bsays\b|\bThat of\b|\battrs\b|\bspecs?\b|\brules?\b|\bWindowed\b|\bformulas above\b|\boperator\b"
)
SRC = Path(netweight.__file__).parents[1]


def test_no_internal_words() -> None:
    for name in REGISTRY:
        found = sentences(name)
        assert found, name
        for text in found:
            assert text.endswith("."), text
            assert not INTERNAL.search(SETTING.sub("", text)), text


SETTING = re.compile(r"\b(negative_slope|max_norm|in_features|weight_ih)\b")
"""Names of settings, as users write them."""


def test_sentences_are_of_operators_that_there_are() -> None:
    assert set(COUNTED) <= set(REGISTRY)


def test_every_operator_is_explained_with_its_places() -> None:
    for name in REGISTRY:
        check_places(name)


def check_places(name: str) -> None:
    found = netweight.explain("op", name)
    assert found.name == name  # type: ignore[union-attr]
    for place in (found.place, *(rule.place for rule in found.rules)):  # type: ignore[union-attr]
        path, _, line = place.partition(":")
        text = (SRC / path).read_text(encoding="utf-8").splitlines()
        assert 1 <= int(line) <= len(text)
    path, _, line = found.place.partition(":")  # type: ignore[union-attr]
    assert re.search(rf'"{name}"|{name.upper()}', "\n".join((SRC / path).read_text().splitlines()[int(line) - 1 :]))
    assert str(found).startswith(name)


@pytest.mark.parametrize(
    ("asked", "name"),
    [
        ("softplus", "softplus"), ("Softplus", "softplus"), ("conv2d", "conv"), ("max_pool2d", "max_pool"),
        ("aten.relu", "relu"), ("LeakyRelu", "leaky_relu"), ("HardSwish", "hardswish"), ("Mish", "mish"),
        ("layer-norm", "layer_norm"),
    ],
)  # fmt: skip
def test_an_operator_goes_by_its_names_elsewhere(asked: str, name: str) -> None:
    assert netweight.explain("op", asked).name == name  # type: ignore[union-attr]


def test_the_rules_of_softplus_are_printed_with_file_and_line() -> None:
    text = str(netweight.explain("op", "softplus"))
    line = next(
        at for at, text in enumerate((SRC / "netweight/ops/pointwise/activation_smooth.py").read_text().splitlines(), 1)
        if text.startswith("SOFTPLUS")
    )  # fmt: skip
    assert f"netweight/ops/pointwise/activation_smooth.py:{line}" in text
    assert "log(1 + exp(beta * x)) / beta" in text


def test_an_operator_that_is_not_there() -> None:
    with pytest.raises(UnknownNameError, match="no operator is called 'softpluss'") as caught:
        netweight.explain("op", "softpluss")
    assert "softplus" in caught.value.fix
