"""Pictures as a network is trained on them: parted, in its size, centred by the training part."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from netweight.data.dataset import Dataset
from netweight.data.prepared import Normalisation, fitted, normalisation
from netweight.data.split import PARTS, Split, split
from netweight.errors import ShapeError
from netweight.lazy import Array


@dataclass(frozen=True, eq=False, kw_only=True)
class Pictures:
    """Parts of a data set, ready for a network.

    Attributes:
        data: All pictures as they were read.
        split: Which are in which part.
        images: All of them in the network's size, from 0 to 1.
        centre: What the training part is centred by.
        fractions: Shares of train, validation and test.
        rows: Whether the network takes each picture as a row of numbers.
    """

    data: Dataset
    split: Split
    images: Array
    centre: Normalisation
    fractions: tuple[float, ...]
    rows: bool = False

    def part(self, name: str) -> tuple[Array, Array]:
        """Pictures as the network takes them, and class numbers, of one part or of all."""
        at = slice(None) if name == "all" else self.split[name]
        return self.ready(self.images[at]), self.data.labels[at]

    def ready(self, images: Array) -> Array:
        """Pictures as the network takes them: centred, as rows where it takes rows."""
        found = self.centre(images)
        return found.reshape(len(found), math.prod(found.shape[1:])) if self.rows else found

    @property
    def sizes(self) -> dict[str, int]:
        """Pictures of each part."""
        return {name: len(self.split[name]) for name in PARTS}


def pictures_for(
    data: Dataset, sample: tuple[int, ...], *, seed: int, fractions: Sequence[float],
    centre: Normalisation | None = None,
) -> Pictures:  # fmt: skip
    """A data set for a network.

    Args:
        data: All pictures.
        sample: Channels, height and width that the network takes, or the length of a row.
        seed: Which pictures go where.
        fractions: Shares of train, validation and test.
        centre: What pictures are centred by, where that is known already.

    Raises:
        NetweightError: If they cannot be parted, or have other channels.
    """
    parts = split(data, seed=seed, fractions=fractions)
    images = data.images if len(sample) == 1 else fitted(data.images, sample[0], (sample[1], sample[2]))
    numbers = math.prod(images.shape[1:])
    if len(sample) == 1 and numbers != sample[0]:
        raise ShapeError(
            f"data: expected pictures of {sample[0]:,} numbers, as the network takes, got {numbers:,}",
            fix=f"a network that takes {numbers}: mlp:widths={numbers}-32-{len(data.classes)}",
        )
    return Pictures(
        data=data, split=parts, images=images, centre=centre or normalisation(images[parts.train]),
        fractions=tuple(map(float, fractions)), rows=len(sample) == 1,
    )  # fmt: skip
