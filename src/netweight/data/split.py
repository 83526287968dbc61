"""Parts of a data set: what is trained on, what decides while training, what is tested at the end."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from netweight.data.dataset import Dataset
from netweight.errors import UsageError
from netweight.lazy import Array, np

PARTS = ("train", "validation", "test")
FRACTIONS = (0.7, 0.1, 0.2)


@dataclass(frozen=True, slots=True, eq=False)
class Split:
    """Places of the pictures of each part, in rising order."""

    train: Array
    validation: Array
    test: Array

    def __getitem__(self, name: str) -> Array:
        found: Array = getattr(self, name)
        return found


def split(data: Dataset, *, seed: int = 0, fractions: Sequence[float] = FRACTIONS) -> Split:
    """Every picture in one of three parts; of each class the same share in each, to one picture.

    A test part that comes with the data stays as it is; what is left is parted in the ratio of the other two shares.

    Args:
        data: All pictures.
        seed: Which pictures go where.
        fractions: Shares of train, validation and test, which add up to 1; a share may be 0, but that of train.

    Raises:
        UsageError: If the fractions are no shares, the seed is negative, or a part that has a share would be empty.
    """
    _check(fractions)
    if seed < 0:
        raise UsageError(f"seed: expected a whole number from 0 on, got {seed}")
    rng = np.random.default_rng(seed)
    own = len(data) - data.own_test
    if data.own_test:
        fractions = (*(share / (fractions[0] + fractions[1]) for share in fractions[:2]), 0.0)
    parts: list[list[Array]] = [[], [], []]
    for label in range(len(data.classes)):
        mine = rng.permutation(np.flatnonzero(data.labels[:own] == label))
        ends = np.round(np.cumsum(fractions) * len(mine)).astype(int)
        for part, found in zip(parts, np.split(mine, ends[:-1]), strict=True):
            part.append(found)
    parts[2].append(np.arange(own, len(data)))
    whole = [np.sort(np.concatenate(part)) for part in parts]
    for name, share, found in zip(PARTS, fractions, whole, strict=True):
        if share and not len(found):
            raise UsageError(
                f"split: expected pictures for {name}, got none: {len(data):,} pictures are too few for a share of "
                f"{share:g}",
                fix="larger shares, or 0",
            )
    return Split(*whole)


def _check(fractions: Sequence[float]) -> None:
    fits = len(fractions) == len(PARTS) and all(share >= 0 for share in fractions) and fractions[0] > 0
    if not fits or abs(sum(fractions) - 1) > 1e-6:
        raise UsageError(
            f"split: expected shares of train, validation and test that add up to 1, got {tuple(fractions)}",
            fix="--split 0.7,0.1,0.2",
        )
