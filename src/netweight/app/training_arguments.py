"""Arguments of a training as the recipe that they make."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from netweight.app.arguments import shown
from netweight.errors import UsageError, unknown_name
from netweight.training.objective import Loss
from netweight.training.optimizers import NAMES, Optimizer
from netweight.training.schedules import schedule_of
from netweight.training.trainer import Recipe

USUAL_LR: Mapping[str, float] = {"sgd": 0.1, "momentum": 0.02, "rmsprop": 0.001, "adam": 0.001, "adamw": 0.003}
_USUAL_DECAY = 0.05  # of adamw; others do not decay by themselves
_AUXILIARY = {1: 0.4, 2: 0.3}
"""Weight of each auxiliary classifier, by how many there are: Inception-v3 has one, GoogLeNet two."""


def number(name: str, value: Any) -> float:
    """A number that is not infinite.

    Raises:
        UsageError: If it is something else.
    """
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise UsageError(f"{name}: expected a number, got {shown(value)}")
    return float(value)


def numbers(name: str, value: Any) -> tuple[float, ...]:
    """Several numbers.

    Raises:
        UsageError: If it is something else.
    """
    if isinstance(value, str | bytes | Mapping) or not hasattr(value, "__iter__"):
        raise UsageError(f"{name}: expected numbers, got {shown(value)}")
    return tuple(number(name, one) for one in value)


def sizes(name: str, value: Any) -> tuple[int, ...]:
    """Channels, height and width.

    Raises:
        UsageError: If it is something else.
    """
    found = tuple(int(one) for one in numbers(name, value))
    if len(found) not in (1, 3) or min(found) < 1:
        raise UsageError(f"{name}: expected channels, height and width, got {shown(value)}", fix=f"{name}=(1, 28, 28)")
    return found


def factors(name: str, value: Any) -> dict[str, float]:
    """Factors of the learning rate by pattern.

    Raises:
        UsageError: If it is something else.
    """
    if not isinstance(value, Mapping) or not all(isinstance(key, str) for key in value):
        raise UsageError(f"{name}: expected factors by pattern, got {shown(value)}", fix='lr_of={"features.*": 0.1}')
    return {key: number(name, factor) for key, factor in value.items()}


def recipe_of(given: Mapping[str, Any], outputs: int) -> Recipe:
    """How a network is trained.

    Args:
        given: Arguments of ``netweight.train`` by name.
        outputs: How many outputs the network has while it is trained.

    Raises:
        UsageError: If one of them is outside of its range.
    """
    name = given["optimizer"]
    if name not in NAMES:
        raise unknown_name("optimizer", name, NAMES, fix=f"known: {', '.join(NAMES)}")
    auxiliary = outputs - 1
    usual = (1.0, *[_AUXILIARY.get(auxiliary, 0.3)] * auxiliary)
    return Recipe(
        loss=Loss(
            name=given["loss"], label_smoothing=given["label_smoothing"],
            weights=usual if given["loss_weights"] is None else given["loss_weights"],
        ),
        optimizer=Optimizer(
            name=name, lr=USUAL_LR[name] if given["lr"] is None else given["lr"], momentum=given["momentum"],
            nesterov=given["nesterov"], weight_decay=_decay(given),
        ),
        schedule=schedule_of(given["schedule"], given["warmup"]),
        epochs=given["epochs"], batch=given["batch"], accumulate=given["accumulate"], clip_norm=given["clip_norm"],
        clip_value=given["clip_value"], freeze=tuple(given["freeze"]), factors=tuple((given["lr_of"] or {}).items()),
        seed=given["seed"],
    )  # fmt: skip


def _decay(given: Mapping[str, Any]) -> float:
    decay = given["weight_decay"]
    return (_USUAL_DECAY if given["optimizer"] == "adamw" else 0.0) if decay is None else float(decay)
