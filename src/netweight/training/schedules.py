"""Learning rates over the updates of a training, as a factor of the one that the optimiser was given.

A text names one: ``constant``, ``step:10:0.1`` (times 0.1 every 10 epochs), ``cosine`` or ``cosine:0.01`` (down to that
share), ``one-cycle`` or ``one-cycle:0.3`` (up for that share of the updates, then down). A warm-up goes before any.

Source: torch.optim.lr_scheduler.StepLR, CosineAnnealingLR, OneCycleLR (``div_factor`` 25, ``final_div_factor`` 1e4, the
momentum left alone); He et al. 2016 and Goyal et al. 2017 (warm-up); Loshchilov & Hutter 2017; Smith & Topin 2018.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from netweight.errors import UsageError, unknown_name

KINDS = ("constant", "step", "cosine", "one-cycle")
_STARTS_AT, _ENDS_AT = 1 / 25, 1 / 25 / 1e4
_DEFAULTS: dict[str, tuple[float, ...]] = {"constant": (), "step": (10, 0.1), "cosine": (0,), "one-cycle": (0.3,)}


@dataclass(frozen=True, slots=True, kw_only=True)
class Schedule:
    """How the learning rate changes.

    Attributes:
        kind: One of ``KINDS``.
        numbers: Of ``step`` the epochs between two drops and the factor of one; of ``cosine`` the share at the end; of
            ``one-cycle`` the share of the updates in which it grows.
        warmup: Epochs in which it grows from 0 in a straight line, before anything else.
    """

    kind: str = "constant"
    numbers: tuple[float, ...] = ()
    warmup: float = 0.0

    def factor(self, update: int, *, epoch_updates: int, epochs: int) -> float:
        """What the learning rate is multiplied by.

        Args:
            update: Updates before this one.
            epoch_updates: Updates of an epoch.
            epochs: Epochs of the training.
        """
        before = round(self.warmup * epoch_updates)
        if update < before:
            return (update + 1) / (before + 1)
        at, total = update - before, epochs * epoch_updates - before
        match self.kind:
            case "step":
                every, gamma = self.numbers
                return gamma ** (at // epoch_updates // int(every))
            case "cosine":
                (low,) = self.numbers
                return _cosine(1, low, at / max(total, 1))
            case "one-cycle":
                return self._cycle(at, total)
            case _:
                return 1.0

    def _cycle(self, at: int, total: int) -> float:
        top = self.numbers[0] * total - 1
        if at <= top:
            return _cosine(_STARTS_AT, 1, at / top) if top > 0 else 1.0
        return _cosine(1, _ENDS_AT, (at - top) / max(total - 1 - top, 1))


def schedule_of(text: str, warmup: float = 0.0) -> Schedule:
    """The schedule that a text names.

    >>> schedule_of("step:5:0.5")
    Schedule(kind='step', numbers=(5.0, 0.5), warmup=0.0)

    Args:
        text: As at the top of this file.
        warmup: Epochs of warm-up.

    Raises:
        UsageError: If it names none, or a number is none or outside of its range.
    """
    kind, *given = text.split(":")
    if kind not in _DEFAULTS:
        raise unknown_name("schedule", kind, KINDS)
    default = _DEFAULTS[kind]
    numbers = (*map(_number, given), *default[len(given) :])
    fits = len(given) <= len(default) and all(map(math.isfinite, numbers))
    if not (fits and _in_range(kind, numbers)):
        form = ":".join((kind, *(f"{number:g}" for number in default)))
        raise UsageError(f"schedule: expected numbers as in {form}, got {text!r}", fix=f"--schedule {form}")
    if not (math.isfinite(warmup) and warmup >= 0):
        raise UsageError(f"warmup: expected epochs, got {warmup}", fix="--warmup 1")
    return Schedule(kind=kind, numbers=numbers, warmup=warmup)


def _in_range(kind: str, numbers: tuple[float, ...]) -> bool:
    match kind:
        case "step":
            return numbers[0] >= 1 and numbers[0] == int(numbers[0]) and numbers[1] > 0
        case "cosine":
            return 0 <= numbers[0] <= 1
        case "one-cycle":
            return 0 < numbers[0] < 1
        case _:
            return True


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return math.nan


def _cosine(start: float, end: float, share: float) -> float:
    return end + (start - end) * (1 + math.cos(math.pi * share)) / 2
