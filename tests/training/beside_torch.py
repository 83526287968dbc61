"""The same network, batches and updates here and in PyTorch."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

import netweight
from netweight.training.trainer import Batch, Recipe, Trainer

Array = NDArray[Any]


class LeNet(nn.Module):
    """LeNet-5 with the names of its layers in the paper."""

    def __init__(self) -> None:
        super().__init__()
        self.C1, self.C3, self.C5 = nn.Conv2d(1, 6, 5), nn.Conv2d(6, 16, 5), nn.Conv2d(16, 120, 5)
        self.F6, self.OUTPUT = nn.Linear(120, 84), nn.Linear(84, 10)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        pool = nn.functional.avg_pool2d
        x = pool(torch.tanh(self.C1(x)), 2)
        x = pool(torch.tanh(self.C3(x)), 2)
        x = torch.tanh(self.C5(x)).flatten(1)
        x = self.OUTPUT(torch.tanh(self.F6(x)))
        return x  # noqa: RET504 as the layers above


def pictures(count: int, shape: tuple[int, ...], seed: int = 0) -> list[Batch]:
    """Batches of 8, the last is smaller: noise around a picture of each of ten classes, which can be learnt."""
    rng = np.random.default_rng(seed)
    centres = rng.normal(size=(10, *shape)).astype(np.float32)
    labels = rng.integers(0, 10, count)
    images = (centres[labels] + rng.normal(size=(count, *shape))).astype(np.float32)
    return [Batch(images[at : at + 8], labels[at : at + 8]) for at in range(0, count, 8)]


def ours(
    model: str, recipe: Recipe, batches: Sequence[Batch], weights: dict[str, Array]
) -> tuple[list[float], Trainer]:
    """Losses of one epoch, and the trainer after it."""
    trainer = Trainer(lambda batch: netweight.capture(model, batch=batch, training=True), weights, recipe)
    return [step.loss for step in trainer.epoch(0, batches, epoch_batches=len(batches))], trainer


def theirs(
    module: nn.Module, weights: dict[str, Array], batches: Sequence[Batch],
    optimizer: Callable[[Any], torch.optim.Optimizer], schedule: Callable[[Any], Any] | None = None,
    loss: Callable[[Any, Any], torch.Tensor] = nn.functional.cross_entropy, clip: Callable[[Any], Any] | None = None,
    accumulate: int = 1,
) -> list[float]:  # fmt: skip
    """Losses of one epoch of PyTorch, from the same weights."""
    module.load_state_dict({name: torch.from_numpy(array.copy()) for name, array in weights.items()}, strict=False)
    module.train()
    updates = optimizer(module.parameters())
    steps = schedule(updates) if schedule else None
    losses = []
    for index, batch in enumerate(batches):
        if index % accumulate == 0:
            updates.zero_grad()
        size = min(accumulate, len(batches) - index // accumulate * accumulate)
        found = loss(module(torch.from_numpy(batch.images)), torch.from_numpy(batch.targets))
        (found / size).backward()
        losses.append(found.item())
        if (index + 1) % accumulate == 0 or index + 1 == len(batches):
            if clip:
                clip(module.parameters())
            updates.step()
            if steps:
                steps.step()
    return losses
