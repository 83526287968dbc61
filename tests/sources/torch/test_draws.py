"""A program that decides by random numbers: its figures are those of one draw, and that is said."""

import random
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from torch import nn  # noqa: E402
from torch.nn import functional as F  # noqa: E402, N812

from netweight import weigh  # noqa: E402


class Net(nn.Module):
    def __init__(self, step: Callable[[Any, Any], Any]) -> None:
        super().__init__()
        self.layers = nn.ModuleList(nn.Linear(8, 8) for _ in range(10))
        self.drop = 0.5
        self.step = step

    def forward(self, x: Any) -> Any:
        return self.step(self, x)


def dropping(draw: Callable[[float], Any]) -> Callable[[Any, Any], Any]:
    """Layers that are left out in training."""

    def step(self: Any, x: Any) -> Any:
        for layer in self.layers:
            if self.training and draw(self.drop):
                continue
            x = layer(x)
        return x

    return step


def asked_later(self: Any, x: Any) -> Any:
    """As speech models have it: the number is drawn always, and looked at in training."""
    for layer in self.layers:
        chance = torch.rand([])
        if not (self.training and chance < self.drop):
            x = layer(x)
    return x


def through_more(self: Any, x: Any) -> Any:
    keep = (torch.rand(10) * 2 - 1 > 0).float().cumsum(0)
    return self.layers[0](x) if bool(keep[-1] > 3) else self.layers[1](x)


DECIDING = {
    "a number of PyTorch": dropping(lambda p: torch.rand([]) < p),
    "its item": dropping(lambda p: torch.rand(1).item() < p),
    "filled in place": dropping(lambda p: torch.empty(1).uniform_(0, 1) < p),
    "a coin": dropping(lambda p: bool(torch.bernoulli(torch.tensor(p)))),
    "an integer": dropping(lambda _p: torch.randint(0, 2, ()) == 0),
    "a list": dropping(lambda p: torch.rand(1).tolist()[0] < p),
    "drawn always": asked_later,
    "through more": through_more,
    "Python": dropping(lambda p: random.random() < p),
    "NumPy": dropping(lambda p: np.random.rand() < p),  # noqa: NPY002
}


@pytest.mark.parametrize("name", DECIDING)
def test_it_is_said_in_training_alone(name: str) -> None:
    net = Net(DECIDING[name])
    profile = weigh(net, (2, 8), training=True)
    assert any("one draw" in note for note in profile.notes)
    assert not profile.coverage.complete
    if name != "through more":
        profile = weigh(net, (2, 8), training=False)
        assert not any("draw" in note for note in profile.notes)
        assert profile.coverage.complete
        assert profile.totals.macs == 10 * 2 * 8 * 8


def test_a_plain_probability_is_said() -> None:
    notes = weigh(Net(asked_later), (2, 8), training=True).notes
    assert any("with a probability of 0.5" in note and "10 times" in note for note in notes)
    above = Net(dropping(lambda _p: torch.rand([]) > 0.75))
    assert any("with a probability of 0.25" in note for note in weigh(above, (2, 8), training=True).notes)


@pytest.mark.parametrize("drop", [0.0, 1.0])
def test_what_is_always_so_is_no_chance(drop: float) -> None:
    net = Net(asked_later)
    net.drop = drop
    profile = weigh(net, (2, 8), training=True)
    assert profile.coverage.complete
    assert profile.totals.macs == (0 if drop else 10 * 2 * 8 * 8)


def noise(self: Any, x: Any) -> Any:
    """Numbers that are drawn and that nothing depends on but numbers."""
    x = x + torch.randn(8) * torch.rand(())
    x = F.dropout(self.layers[0](x), 0.1, training=True)
    order = torch.randperm(8)
    return self.layers[1](x[:, order])


def test_noise_is_no_decision() -> None:
    profile = weigh(Net(noise), (2, 8), training=True)
    assert not any("draw" in note for note in profile.notes)
    assert profile.coverage.complete


def test_generators_are_as_they_were() -> None:
    nets = [Net(step) for step in DECIDING.values()]
    before = random.getstate(), str(np.random.get_state()), torch.get_rng_state().tolist()  # noqa: NPY002
    for net in nets:
        weigh(net, (2, 8), training=True)
    assert (random.getstate(), str(np.random.get_state()), torch.get_rng_state().tolist()) == before  # noqa: NPY002
