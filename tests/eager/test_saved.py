"""What PyTorch's operators keep for backward is what the rules of ``torch-eager`` say: storages of real calls."""

from __future__ import annotations

import warnings
from dataclasses import fields
from typing import Any

import pytest
import torch
from torch import nn

from cases import CASES
from cases.shared import drawn
from eager.operators import kept_by_rule, kept_by_torch, lifted
from eager.saved import kept_pieces
from netweight import weigh
from netweight.index import ATEN
from sources.spellings import APART, PLAIN, SPELLED, sayable
from witness import NARROWED, WITNESSES

OTHERWISE = {
    "einsum": "it sums and multiplies in steps of its own",
    "embedding_bag": "it also keeps which bag each index is of, and how many each has",
    "floor_divide": "it passes zeros back, and keeps both tensors for that; ours has no gradient",
    "gru": "it keeps its states one by one, which tests of whole layers compare",
    "local_response_norm": "it is made of simpler operators",
    "lp_pool": "it is made of simpler operators",
    "lstm": "oneDNN keeps a workspace",
    "rnn": "it keeps its states one by one, which tests of whole layers compare",
}
"""Operators of which PyTorch keeps something else, and why."""

NO_GRADIENT_IN_PLACE = {"acosh", "asinh", "atanh"}


def compared(said: Any, attrs: Any, inputs: Any) -> list[str]:
    """One text, empty where PyTorch keeps what the rules say; none where it has no gradient."""
    module, tensors = lifted(said, attrs, inputs)
    if not module.zeros:
        return []
    try:
        theirs = kept_by_torch(module, tensors)
    except RuntimeError:
        return []  # not differentiable by all of these, or not in place in these shapes
    ours = kept_by_rule(module, tensors) if theirs is not None else None
    return ["" if theirs == ours else f"{attrs} keeps {theirs}, not {ours}"]


def kept_otherwise(name: str, said: Any) -> list[str]:
    """Cases in which PyTorch keeps something else than the rules say; one text for each case."""
    found: list[str] = []
    for attrs, arrays in drawn(NARROWED.get(name, CASES[name]), 4, sayable(name)):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            found += compared(said, *(PLAIN[name](attrs, arrays) if name in PLAIN else (attrs, arrays)))
    return [text for text in found if text]


@pytest.mark.parametrize("name", sorted({*WITNESSES, *SPELLED} - APART.keys() - OTHERWISE.keys()))
def test_what_an_operator_keeps(name: str) -> None:
    assert not kept_otherwise(name, SPELLED.get(name, WITNESSES.get(name)))


@pytest.mark.parametrize("name", sorted(OTHERWISE))
def test_what_is_kept_otherwise_is(name: str) -> None:
    assert kept_otherwise(name, SPELLED.get(name, WITNESSES.get(name)))


def _in_place(name: str) -> Any:
    """PyTorch's function that writes over its first tensor."""
    for aten in (f"{aten.partition('.')[0]}_" for aten in ATEN.get(name, "").split()):
        for place in (torch.Tensor, torch._C._nn, torch):
            if hasattr(place, aten):
                return getattr(place, aten)
    return None


IN_PLACE = [name for name in sorted(ATEN) if _in_place(name) is not None and name in CASES and name != "sign"]


@pytest.mark.parametrize("name", sorted(set(IN_PLACE) - NO_GRADIENT_IN_PLACE - OTHERWISE.keys()))
def test_what_an_operator_keeps_in_place(name: str) -> None:
    function = _in_place(name)

    def said(attrs: Any, *tensors: Any) -> Any:
        named = {} if attrs is None else {setting.name: getattr(attrs, setting.name) for setting in fields(attrs)}
        try:
            return function(*tensors, **named)
        except TypeError as error:
            raise RuntimeError(str(error)) from error

    assert not kept_otherwise(name, said)


class Gathered(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.fc = nn.Linear(64, 64)

    def forward(self, x: Any, index: Any) -> Any:
        return self.fc(x).gather(1, index) * 2


def stem(activation: nn.Module) -> nn.Module:
    return nn.Sequential(nn.Conv2d(3, 16, 3, padding=1), nn.BatchNorm2d(16), activation, nn.Conv2d(16, 4, 1))


class Gated(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.fc = nn.Linear(4, 4)

    def forward(self, x: Any) -> Any:
        h = self.fc(x)
        return (h > 0) * h


class Attends(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.fc = nn.Linear(4, 4)

    def forward(self, x: Any) -> Any:
        h = self.fc(x)
        return nn.functional.scaled_dot_product_attention(h, h, h)


PICTURE = 4 * 2 * 3 * 16 * 16
PLANES = 4 * 2 * 16 * 16 * 16
STATISTICS = 2 * 4 * 16


@pytest.mark.parametrize(
    ("module", "given_", "kept"),
    [
        # Convolution keeps its input, normalisation its own, SiLU a copy of what it writes over, the last its input.
        (stem(nn.SiLU(inplace=True)), (torch.zeros(2, 3, 16, 16),), PICTURE + 3 * PLANES + STATISTICS),
        (stem(nn.Hardswish(inplace=True)), (torch.zeros(2, 3, 16, 16),), PICTURE + 3 * PLANES + STATISTICS),
        (stem(nn.Mish(inplace=True)), (torch.zeros(2, 3, 16, 16),), PICTURE + 3 * PLANES + STATISTICS),
        (stem(nn.ReLU6(inplace=True)), (torch.zeros(2, 3, 16, 16),), PICTURE + 3 * PLANES + STATISTICS),
        (stem(nn.ReLU6()), (torch.zeros(2, 3, 16, 16),), PICTURE + 3 * PLANES + STATISTICS),
        # These tell the slope from the result, which the last convolution keeps anyway.
        (stem(nn.ReLU(inplace=True)), (torch.zeros(2, 3, 16, 16),), PICTURE + 2 * PLANES + STATISTICS),
        (stem(nn.ELU(inplace=True)), (torch.zeros(2, 3, 16, 16),), PICTURE + 2 * PLANES + STATISTICS),
        (stem(nn.LeakyReLU(inplace=True)), (torch.zeros(2, 3, 16, 16),), PICTURE + 2 * PLANES + STATISTICS),
        (stem(nn.ELU()), (torch.zeros(2, 3, 16, 16),), PICTURE + 3 * PLANES + STATISTICS),
        # x, the input of gather, the positions as int64.
        (Gathered(), (torch.zeros(32, 64), torch.zeros(32, 4, dtype=torch.int64)), 2 * 4 * 32 * 64 + 8 * 32 * 4),
        # x, a boolean for each of the 3 * 4 numbers.
        (Gated(), (torch.zeros(3, 4),), 4 * 3 * 4 + 3 * 4),
        # x, h as the values, queries and keys that are scaled, 2 * 3 * 3 scores.
        (Attends(), (torch.zeros(2, 3, 4),), 4 * 4 * 2 * 3 * 4 + 4 * 2 * 3 * 3),
    ],
)  # fmt: skip
def test_networks_keep_what_pytorch_keeps(module: nn.Module, given_: tuple[Any, ...], kept: int) -> None:
    found = weigh(module, given_, training=True).training
    assert found is not None
    assert found.convention == "torch-eager"
    assert found.saved_activation_bytes == kept
    assert sum(nbytes for nbytes, _ in kept_pieces(module.train(), given_)[1].values()) == kept


def test_the_ideal_figures_are_beside_it() -> None:
    inputs = (torch.zeros(32, 64), torch.zeros(32, 4, dtype=torch.int64))
    found = weigh(Gathered(), inputs, training=True).training
    assert found is not None
    assert found.conventions["torch-eager"].saved_activation_bytes == found.saved_activation_bytes
    assert found.conventions["ideal"].saved_activation_bytes == 4 * 32 * 64 + 8 * 32 * 4
    text = str(weigh(Gathered(), inputs, training=True))
    assert "17.4 kB of activations (torch-eager; ideal 9.22 kB)" in text


def test_a_described_network_keeps_what_its_gradients_need() -> None:
    found = weigh("lenet5", training=True).training
    assert found is not None
    assert found.convention == "ideal"
    assert found.conventions["ideal"].peak_bytes == found.peak_bytes
    # Average pooling keeps its input, which tanh keeps as its result: nothing more.
    assert found.conventions["torch-eager"].saved_activation_bytes == found.saved_activation_bytes


def test_positions_are_kept_as_pytorch_writes_them() -> None:
    module = nn.Sequential(nn.Conv2d(1, 2, 1), nn.MaxPool2d(2))
    found = weigh(module, (1, 1, 4, 4), training=True).training
    assert found is not None
    # The picture, the planes that are pooled, an int64 for each of the 2 * 2 * 2 results.
    assert found.saved_activation_bytes == 4 * 16 + 4 * 2 * 16 + 8 * 8
    x = torch.zeros(1, 1, 4, 4)
    assert sum(nbytes for nbytes, _ in kept_pieces(module, (x,))[1].values()) == 4 * 16 + 4 * 2 * 16 + 8 * 8
