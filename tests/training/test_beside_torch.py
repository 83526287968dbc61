"""One epoch gives the losses of PyTorch: same weights, batches, optimiser, schedule, decay, smoothing, clipping."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn
from torch.optim import lr_scheduler as schedulers

import netweight
from netweight.training.objective import Loss
from netweight.training.optimizers import Optimizer
from netweight.training.schedules import schedule_of
from netweight.training.trainer import Recipe
from training.beside_torch import LeNet, ours, pictures, theirs

WEIGHTS = netweight.initialize(netweight.capture("lenet5"), seed=3)
BATCHES = pictures(61, (1, 32, 32))

CASES: dict[str, tuple[dict[str, Any], Any]] = {
    "sgd": ({"lr": 0.1}, lambda p: torch.optim.SGD(p, lr=0.1)),
    "sgd, decay": ({"lr": 0.1, "weight_decay": 0.1}, lambda p: torch.optim.SGD(p, lr=0.1, weight_decay=0.1)),
    "momentum": ({"lr": 0.05}, lambda p: torch.optim.SGD(p, lr=0.05, momentum=0.9)),
    "momentum, decay": (
        {"lr": 0.05, "momentum": 0.8, "weight_decay": 0.1},
        lambda p: torch.optim.SGD(p, lr=0.05, momentum=0.8, weight_decay=0.1),
    ),
    "nesterov": (
        {"name": "momentum", "lr": 0.05, "nesterov": True, "weight_decay": 0.01},
        lambda p: torch.optim.SGD(p, lr=0.05, momentum=0.9, nesterov=True, weight_decay=0.01),
    ),
    "rmsprop": ({"lr": 0.003}, lambda p: torch.optim.RMSprop(p, lr=0.003)),
    "rmsprop, decay": (
        {"lr": 0.003, "alpha": 0.9, "eps": 1e-4, "weight_decay": 0.1},
        lambda p: torch.optim.RMSprop(p, lr=0.003, alpha=0.9, eps=1e-4, weight_decay=0.1),
    ),
    "adam": ({"lr": 0.003}, lambda p: torch.optim.Adam(p, lr=0.003)),
    "adam, decay": (
        {"lr": 0.003, "betas": (0.8, 0.9), "eps": 1e-4, "weight_decay": 0.1},
        lambda p: torch.optim.Adam(p, lr=0.003, betas=(0.8, 0.9), eps=1e-4, weight_decay=0.1),
    ),
    "adamw": (
        {"lr": 0.003, "weight_decay": 0.5},
        lambda p: torch.optim.AdamW(p, lr=0.003, weight_decay=0.5),
    ),
}


def _optimizer(case: str) -> tuple[Optimizer, Any]:
    given, torchs = CASES[case]
    return Optimizer(**{"name": case.split(",", maxsplit=1)[0], **given}), torchs


def _same(mine: list[float], other: list[float]) -> None:
    assert mine[-1] < 0.9 * mine[0]  # it has learnt something, so that updates matter
    np.testing.assert_allclose(mine, other, rtol=1e-4)


@pytest.mark.parametrize("case", CASES)
def test_updates(case: str) -> None:
    optimizer, torchs = _optimizer(case)
    mine, _ = ours("lenet5", Recipe(optimizer=optimizer), BATCHES, WEIGHTS)
    _same(mine, theirs(LeNet(), WEIGHTS, BATCHES, torchs))


SCHEDULES: dict[str, Any] = {
    "constant": lambda o, _n: schedulers.ConstantLR(o, factor=1, total_iters=1),
    "step:2:0.3": lambda o, n: schedulers.StepLR(o, 2 * n, 0.3),
    "cosine": lambda o, n: schedulers.CosineAnnealingLR(o, 4 * n),
    "cosine:0.1": lambda o, n: schedulers.CosineAnnealingLR(o, 4 * n, eta_min=0.02),
    "one-cycle": lambda o, n: schedulers.OneCycleLR(o, o.param_groups[0]["lr"], 4 * n, cycle_momentum=False),
    "one-cycle:0.5": lambda o, n: schedulers.OneCycleLR(
        o, o.param_groups[0]["lr"], 4 * n, pct_start=0.5, cycle_momentum=False
    ),
}


@pytest.mark.parametrize("name", SCHEDULES)
def test_schedules_are_those_of_pytorch(name: str) -> None:
    updates, epochs = 7, 4
    torchs = torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=0.2)
    steps = SCHEDULES[name](torchs, updates)
    schedule = schedule_of(name)
    for at in range(updates * epochs):
        mine = 0.2 * schedule.factor(at, epoch_updates=updates, epochs=epochs)
        assert mine == pytest.approx(torchs.param_groups[0]["lr"], rel=1e-9), at
        torchs.step()
        steps.step()


def test_warm_up_grows_in_a_straight_line_and_then_the_schedule_begins() -> None:
    schedule = schedule_of("cosine", 1.5)
    found = [schedule.factor(at, epoch_updates=4, epochs=3) for at in range(12)]
    assert found[:6] == [(at + 1) / 7 for at in range(6)]
    assert found[6] == 1
    assert found[9] == pytest.approx(0.5)
    assert all(after < before for before, after in itertools.pairwise(found[6:]))


def test_a_schedule_while_training() -> None:
    optimizer, torchs = _optimizer("momentum")
    mine, _ = ours("lenet5", Recipe(optimizer=optimizer, schedule=schedule_of("cosine"), epochs=1), BATCHES, WEIGHTS)
    _same(mine, theirs(LeNet(), WEIGHTS, BATCHES, torchs, lambda o: schedulers.CosineAnnealingLR(o, len(BATCHES))))


@pytest.mark.parametrize("smoothing", [0.0, 0.1])
@pytest.mark.parametrize("name", ["cross_entropy", "mse"])
def test_losses(name: Any, smoothing: float) -> None:
    optimizer, torchs = _optimizer("adam")

    def loss(scores: torch.Tensor, labels: torch.Tensor) -> torch.Tensor:
        if name == "cross_entropy":
            return nn.functional.cross_entropy(scores, labels, label_smoothing=smoothing)
        spread = nn.functional.one_hot(labels, 10).float() * (1 - smoothing) + smoothing / 10
        return nn.functional.mse_loss(scores, spread)

    recipe = Recipe(optimizer=optimizer, loss=Loss(name=name, label_smoothing=smoothing))
    mine, _ = ours("lenet5", recipe, BATCHES, WEIGHTS)
    _same(mine, theirs(LeNet(), WEIGHTS, BATCHES, torchs, loss=loss))


def test_gradients_are_cut_to_a_length() -> None:
    optimizer, torchs = _optimizer("sgd")
    mine, _ = ours("lenet5", Recipe(optimizer=optimizer, clip_norm=0.5), BATCHES, WEIGHTS)
    other = theirs(LeNet(), WEIGHTS, BATCHES, torchs, clip=lambda p: nn.utils.clip_grad_norm_(p, 0.5))
    np.testing.assert_allclose(mine, other, rtol=1e-4)
    free, _ = ours("lenet5", Recipe(optimizer=optimizer), BATCHES, WEIGHTS)
    assert abs(free[-1] - mine[-1]) > 0.01  # it did cut


def test_gradients_are_cut_off_at_a_size() -> None:
    optimizer, torchs = _optimizer("sgd")
    mine, _ = ours("lenet5", Recipe(optimizer=optimizer, clip_value=0.01), BATCHES, WEIGHTS)
    other = theirs(LeNet(), WEIGHTS, BATCHES, torchs, clip=lambda p: nn.utils.clip_grad_value_(p, 0.01))
    np.testing.assert_allclose(mine, other, rtol=1e-4)
    free, _ = ours("lenet5", Recipe(optimizer=optimizer), BATCHES, WEIGHTS)
    assert abs(free[-1] - mine[-1]) > 0.01


def test_batches_are_put_together_for_an_update() -> None:
    optimizer, torchs = _optimizer("sgd")
    mine, trainer = ours("lenet5", Recipe(optimizer=optimizer, accumulate=3), BATCHES, WEIGHTS)
    np.testing.assert_allclose(mine, theirs(LeNet(), WEIGHTS, BATCHES, torchs, accumulate=3), rtol=1e-4)
    assert trainer.updates == 3  # of 8 batches: 3, 3, 2


def test_what_is_frozen_stays_and_factors_slow_down() -> None:
    optimizer, _ = _optimizer("sgd")
    recipe = Recipe(optimizer=optimizer, freeze=("C1", "C3.bias"), factors=(("F6.*", 0.5), ("OUTPUT.bias", 0)))
    _, trainer = ours("lenet5", recipe, BATCHES[:2], WEIGHTS)
    module = LeNet()

    def groups(_parameters: Any) -> torch.optim.Optimizer:
        still = {"C1.weight", "C1.bias", "C3.bias", "OUTPUT.bias"}
        named = dict(module.named_parameters())
        fast = [p for name, p in named.items() if name not in still and not name.startswith("F6")]
        slow = [p for name, p in named.items() if name.startswith("F6")]
        return torch.optim.SGD([{"params": fast, "lr": 0.1}, {"params": slow, "lr": 0.05}])

    theirs(module, WEIGHTS, BATCHES[:2], groups)
    for name, tensor in module.state_dict().items():
        np.testing.assert_allclose(trainer.weights[name], tensor.numpy(), rtol=1e-4, atol=1e-6, err_msg=name)
    assert (trainer.weights["C1.weight"] == WEIGHTS["C1.weight"]).all()
    assert (trainer.weights["OUTPUT.bias"] == WEIGHTS["OUTPUT.bias"]).all()
