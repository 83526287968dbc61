"""Ways to change pictures, by name, and the texts that ask for them: ``flip``, ``crop:4``, ``mixup:0.2``."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from netweight.data.augment.cover import cutout
from netweight.data.augment.mix import cutmix, mixup
from netweight.data.augment.move import affine, crop, flip, rotate, shift
from netweight.data.augment.shade import brightness, contrast, noise
from netweight.errors import UsageError, unknown_name
from netweight.lazy import Array, np

_MOST_PIXELS = 10_000
_MOST_ALPHA = 1_000


@dataclass(frozen=True, slots=True)
class Way:
    """One way to change pictures.

    Attributes:
        change: Of pictures, a generator and a number; of one that mixes also of targets.
        usual: The number where none is given.
        high: The most that it may be.
        low: The least, itself excluded where it is 0.
        mixes: Whether targets change too.
        whole: Whether the number is a whole one.
    """

    change: Callable[..., Any]
    usual: float
    high: float
    low: float = 0.0
    mixes: bool = False
    whole: bool = False


WAYS: dict[str, Way] = {
    "flip": Way(flip, 0.5, high=1),
    "crop": Way(crop, 4, low=1, high=_MOST_PIXELS, whole=True),
    "shift": Way(shift, 2, low=1, high=_MOST_PIXELS, whole=True),
    "rotate": Way(rotate, 10, high=180),
    "affine": Way(affine, 0.1, high=0.9),
    "brightness": Way(brightness, 0.2, high=1),
    "contrast": Way(contrast, 0.2, high=1),
    "noise": Way(noise, 0.05, high=1),
    "cutout": Way(cutout, 8, low=1, high=_MOST_PIXELS, whole=True),
    "mixup": Way(mixup, 0.2, high=_MOST_ALPHA, mixes=True),
    "cutmix": Way(cutmix, 1.0, high=_MOST_ALPHA, mixes=True),
}


@dataclass(frozen=True, slots=True)
class Augmentation:
    """Several ways, one after the other.

    Attributes:
        steps: Each way with its number.
        classes: How many there are: targets of mixed pictures are distributions over them.
    """

    steps: tuple[tuple[Way, float], ...]
    classes: int

    @property
    def mixes(self) -> bool:
        """Whether targets become distributions."""
        return any(way.mixes for way, _ in self.steps)

    def __call__(self, images: Array, labels: Array, rng: np.random.Generator) -> tuple[Array, Array]:
        """Changed pictures, and their targets: class numbers, or distributions (N, classes) where pictures mix."""
        targets = np.eye(self.classes, dtype=images.dtype)[labels] if self.mixes else labels
        for way, number in self.steps:
            if way.mixes:
                images, targets = way.change(images, targets, rng, number)
            else:
                images = way.change(images, rng, number)
        return images, targets


def augmentation(texts: Sequence[str], classes: int) -> Augmentation | None:
    """What texts ask for; None where there are none.

    Args:
        texts: ``"shift:2"``; without a number the usual one.
        classes: How many classes there are.

    Raises:
        UsageError: If a name is unknown, or a number is none or outside of its range.
    """
    steps = tuple(_step(text) for text in texts)
    return Augmentation(steps, classes) if steps else None


def _step(text: str) -> tuple[Way, float]:
    name, sign, said = text.strip().partition(":")
    if name not in WAYS:
        raise unknown_name("augmentation", name, WAYS, fix=f"known: {', '.join(WAYS)}")
    way = WAYS[name]
    try:
        number = float(said) if sign else way.usual
    except ValueError:
        number = math.nan
    above = number > 0 if way.low == 0 else number >= way.low
    if not (above and number <= way.high and math.isfinite(number)) or (way.whole and number != int(number)):
        bounds = "above 0 and up" if way.low == 0 else f"from {way.low:g}"
        kind = "a whole number" if way.whole else "a number"
        raise UsageError(
            f"augment: expected {kind} {bounds} to {way.high:,g} for {name}, got {said!r}",
            fix=f"--augment {name}:{way.usual:g}",
        )
    return way, number
