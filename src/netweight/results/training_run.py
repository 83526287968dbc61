"""How a training went: plain data, the same in Python and in JSON."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from netweight.results.as_json import fields_of
from netweight.results.evaluation import Evaluation

SCHEMA = "netweight/training-run/1"


@dataclass(frozen=True, slots=True, kw_only=True)
class Epoch:
    """One epoch.

    Attributes:
        epoch: Which one, from 1.
        loss: Mean over the pictures while they were trained on.
        accuracy: Share of them whose class had the highest score then.
        validation_loss: Cross entropy on the validation part afterwards; None where there is none.
        validation_accuracy: Share of those whose class has the highest score.
        lr: Learning rate of the last update.
        seconds: What the training of the epoch took.
        images_per_second: Pictures trained on in a second.
    """

    epoch: int
    loss: float
    accuracy: float
    validation_loss: float | None
    validation_accuracy: float | None
    lr: float
    seconds: float
    images_per_second: float


@dataclass(frozen=True, slots=True, kw_only=True)
class CostOfTraining:
    """What the trained network costs, and what training it did.

    Attributes:
        sentence: The network's cost, one picture at once.
        params: Its parameters.
        trained_params: Those that were trained.
        macs: Multiply-accumulates of one picture.
        peak_activation_bytes: Most that is held of activations at once, by the convention ``lecture``.
        step_macs: Multiply-accumulates of a step of training, forward and backward.
        step_peak_bytes: Most that is held at once in a step, of all kinds.
    """

    sentence: str
    params: int
    trained_params: int
    macs: int
    peak_activation_bytes: int | None
    step_macs: int | None
    step_peak_bytes: int | None


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class TrainingRun:
    """How a training went.

    Attributes:
        model: The network, as it was named.
        data: The pictures, as they were named.
        pictures: How many each part has.
        recipe: How it was trained.
        epochs: One row per epoch, those before a resumption too.
        best_epoch: Epoch whose weights are kept as the best, from 1.
        test: The weights on the test part; None where there is none.
        cost: What the network costs.
        seconds: What the training took.
        interrupted: Whether it was stopped before its last epoch.
        notes: What a reader must know.
    """

    model: str
    data: str
    pictures: Mapping[str, int]
    recipe: Mapping[str, Any]
    epochs: tuple[Epoch, ...]
    best_epoch: int
    test: Evaluation | None
    cost: CostOfTraining
    seconds: float
    interrupted: bool = False
    notes: tuple[str, ...] = ()

    def to_json(self) -> str:
        """All of it as JSON."""
        names = (
            "model", "data", "pictures", "recipe", "epochs", "best_epoch", "test", "cost", "seconds", "interrupted",
            "notes",
        )  # fmt: skip
        found = fields_of(self)
        return json.dumps({"schema": SCHEMA, **{name: found[name] for name in names}}, indent=2)
