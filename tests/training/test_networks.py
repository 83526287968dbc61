"""Losses of several heads, batch normalisation, and what a step really holds, beside PyTorch and the prediction."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

import netweight
from netweight.training.objective import Loss
from netweight.training.optimizers import Optimizer
from netweight.training.trainer import Batch, Recipe, Trainer
from training.beside_torch import pictures


class Normalised(nn.Module):
    """Convolutions of every kind, batch normalisation, a shortcut, both poolings."""

    def __init__(self) -> None:
        super().__init__()
        self.stem = nn.Conv2d(3, 8, 3, padding=1, bias=False)
        self.bn = nn.BatchNorm2d(8)
        self.depthwise = nn.Conv2d(8, 8, 3, padding=1, groups=8)
        self.pointwise = nn.Conv2d(8, 8, 1)
        self.grouped = nn.Conv2d(8, 16, 3, stride=2, padding=1, groups=2)
        self.bn2 = nn.BatchNorm2d(16, momentum=0.3)
        self.fc = nn.Linear(16, 10)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = nn.functional.max_pool2d(torch.relu(self.bn(self.stem(x))), 3, 2, 1)
        x = x + self.pointwise(nn.functional.relu6(self.depthwise(x)))
        x = torch.relu(self.bn2(self.grouped(x)))
        return self.fc(nn.functional.adaptive_avg_pool2d(x, 1).flatten(1))


def test_running_statistics_and_losses_of_a_normalised_network() -> None:
    torch.manual_seed(0)
    module = Normalised()
    weights = {
        name: tensor.numpy().copy() for name, tensor in module.state_dict().items() if tensor.dtype.is_floating_point
    }
    batches = pictures(40, (3, 16, 16))
    trainer = Trainer(
        lambda batch: netweight.capture(module, (batch, 3, 16, 16), training=True), _with_counters(module, weights),
        Recipe(optimizer=Optimizer(name="momentum", lr=0.05)),
    )  # fmt: skip
    mine = [step.loss for step in trainer.epoch(0, batches, epoch_batches=len(batches))]
    updates = torch.optim.SGD(module.parameters(), lr=0.05, momentum=0.9)
    module.train()
    other = []
    for batch in batches:
        updates.zero_grad()
        loss = nn.functional.cross_entropy(module(torch.from_numpy(batch.images)), torch.from_numpy(batch.targets))
        loss.backward()
        updates.step()
        other.append(loss.item())
    np.testing.assert_allclose(mine, other, rtol=1e-4)
    for name, tensor in module.state_dict().items():
        if tensor.dtype.is_floating_point:
            np.testing.assert_allclose(trainer.weights[name], tensor.numpy(), rtol=1e-3, atol=1e-5, err_msg=name)


def _with_counters(module: nn.Module, weights: dict[str, Any]) -> dict[str, Any]:
    """Also what the graph holds beside them."""
    graph = netweight.capture(module, (2, 3, 16, 16), training=True)
    return {**netweight.initialize(graph), **{name: array for name, array in weights.items() if name in graph.values}}


class Heads(nn.Module):
    """GoogLeNet's form in small: two auxiliary classifiers, and the one that counts."""

    def __init__(self) -> None:
        super().__init__()
        self.a, self.b, self.c = nn.Linear(6, 5), nn.Linear(5, 5), nn.Linear(5, 5)
        self.first, self.second, self.last = nn.Linear(5, 10), nn.Linear(5, 10), nn.Linear(5, 10)

    def forward(self, x: torch.Tensor) -> tuple[torch.Tensor, ...]:
        x = torch.tanh(self.a(x))
        one = self.first(x)
        x = torch.tanh(self.b(x))
        two = self.second(x)
        return self.last(torch.tanh(self.c(x))), one, two


@pytest.mark.parametrize("smoothing", [0.0, 0.1])
def test_auxiliary_classifiers_count_with_their_weights(smoothing: float) -> None:
    torch.manual_seed(1)
    module = Heads()
    graph = netweight.capture(module, (8, 6), training=True)
    weights = {name: tensor.numpy().copy() for name, tensor in module.state_dict().items()}
    (batch,) = pictures(8, (6,))
    recipe = Recipe(optimizer=Optimizer(lr=0.5), loss=Loss(weights=(1.0, 0.3, 0.3), label_smoothing=smoothing))
    trainer = Trainer(lambda _batch: graph, weights, recipe)
    (step,) = trainer.epoch(0, [batch], epoch_batches=1)
    parts = [
        nn.functional.cross_entropy(scores, torch.from_numpy(batch.targets), label_smoothing=smoothing)
        for scores in module(torch.from_numpy(batch.images))
    ]
    total = parts[0] + 0.3 * parts[1] + 0.3 * parts[2]
    total.backward()
    assert step.loss == pytest.approx(total.item(), rel=1e-5)
    torch.optim.SGD(module.parameters(), lr=0.5).step()
    for name, tensor in module.state_dict().items():
        np.testing.assert_allclose(trainer.weights[name], tensor.numpy(), rtol=1e-4, atol=1e-6, err_msg=name)


def test_googlenet_has_three_heads_and_inception_two() -> None:
    """0.3 each (Szegedy et al. 2015, section 5), and 0.4 of the only one (as torchvision trains Inception-v3)."""
    from netweight.app.training_arguments import recipe_of

    given = {
        "optimizer": "sgd", "loss": "cross_entropy", "label_smoothing": 0.0, "loss_weights": None, "lr": None,
        "momentum": 0.9, "nesterov": False, "weight_decay": None, "schedule": "constant", "warmup": 0.0, "epochs": 1,
        "batch": 2, "accumulate": 1, "clip_norm": None, "clip_value": None, "freeze": (), "lr_of": None, "seed": 0,
    }  # fmt: skip
    heads = len(netweight.capture("googlenet:aux_logits=true", batch=2, training=True).outputs)
    assert recipe_of(given, heads).loss.weights == (1.0, 0.3, 0.3)
    heads = len(netweight.capture("inception_v3:aux_logits=true", batch=2, training=True).outputs)
    assert recipe_of(given, heads).loss.weights == (1.0, 0.4)


def test_targets_that_are_distributions() -> None:
    """As mixed pictures have them; those that are whole give what class numbers give."""
    weights = netweight.initialize(netweight.capture("lenet5"), seed=0)
    (batch, *_) = pictures(8, (1, 32, 32))
    spread = np.eye(10, dtype=np.float32)[batch.targets]
    losses = []
    for targets in (batch.targets, spread, 0.7 * spread + 0.03):
        trainer = Trainer(lambda n: netweight.capture("lenet5", batch=n), weights, Recipe())
        (step,) = trainer.epoch(0, [Batch(batch.images, targets.astype(targets.dtype))], epoch_batches=1)
        losses.append(step.loss)
    assert losses[0] == pytest.approx(losses[1], rel=1e-6)
    scores = netweight.run(netweight.capture("lenet5", batch=8), batch.images, weights).outputs["OUTPUT"]
    other = nn.functional.cross_entropy(torch.from_numpy(scores), torch.from_numpy(0.7 * spread + 0.03))
    assert losses[2] == pytest.approx(other.item(), rel=1e-5)
