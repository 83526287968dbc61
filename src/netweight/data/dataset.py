"""Pictures with the class of each, as arrays."""

from __future__ import annotations

from dataclasses import dataclass

from netweight.errors import FormatError
from netweight.lazy import Array, np

_FEWEST_CLASSES = 2
_MOST_CLASSES = 1 << 17


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Dataset:
    """Pictures with the class of each.

    Attributes:
        name: What messages call it.
        images: (N, C, H, W), float32 from 0 to 1.
        labels: (N,), class numbers, int64.
        classes: Name of each class.
        own_test: How many of the last pictures the makers of the set keep for tests.
        notes: What a reader must know, such as files that were skipped.
    """

    name: str
    images: Array
    labels: Array
    classes: tuple[str, ...]
    own_test: int = 0
    notes: tuple[str, ...] = ()

    def __repr__(self) -> str:
        shape = "x".join(map(str, self.images.shape[1:]))
        return f"<Dataset {self.name!r}: {len(self)} pictures of {shape}, {len(self.classes)} classes>"

    def __len__(self) -> int:
        return len(self.labels)


def checked(found: Dataset) -> Dataset:
    """The same pictures, if one can train with them.

    Raises:
        FormatError: If there are none, their shapes or labels do not fit, or there is a single class.
    """
    images, labels, name = found.images, found.labels, found.name
    _check_types(name, images, labels)
    if images.ndim != 4 or 0 in images.shape[1:]:
        raise FormatError(f"data: expected pictures (N, C, H, W) in {name}, got shape {list(images.shape)}")
    if labels.shape != images.shape[:1]:
        raise FormatError(
            f"data: expected a label for each of {len(images):,} pictures in {name}, got {list(labels.shape)}"
        )
    if not len(labels):
        raise FormatError(f"data: expected pictures in {name}, got none")
    low, high = int(labels.min()), int(labels.max())
    if low < 0 or high >= len(found.classes):
        at = int(np.flatnonzero((labels < 0) | (labels >= len(found.classes)))[0])
        raise FormatError(
            f"data: expected labels from 0 to {len(found.classes) - 1} in {name}, got {labels[at]} for picture {at}"
        )
    if len(np.unique(labels)) < _FEWEST_CLASSES:
        raise FormatError(f"data: expected at least two classes in {name}, got {found.classes[low]!r} alone")
    if not np.isfinite(images).all():
        at = int(np.flatnonzero(~np.isfinite(images).reshape(len(images), -1).all(axis=1))[0])
        raise FormatError(f"data: expected numbers in the pictures of {name}, got NaN or infinity in picture {at}")
    return found


def numbered(name: str, labels: Array) -> tuple[str, ...]:
    """Names of classes that have none: their numbers, from 0 to the highest label.

    Args:
        name: What messages call the data set.
        labels: Whole numbers of any size.

    Raises:
        FormatError: If the highest is larger than any number of classes that a network could tell apart.
    """
    highest = int(labels.max(initial=0))
    if highest >= _MOST_CLASSES:
        at = int(np.flatnonzero(labels == highest)[0])
        raise FormatError(
            f"data: expected labels below {_MOST_CLASSES:,} in {name}, got {highest} for picture {at}",
            fix="classes numbered from 0 on",
        )
    return tuple(map(str, range(highest + 1)))


def _check_types(name: str, images: Array, labels: Array) -> None:
    if images.dtype.kind != "f":
        raise FormatError(f"data: expected pictures of floating type in {name}, got {images.dtype}")
    if labels.dtype.kind not in "iu":
        raise FormatError(f"data: expected class numbers in {name}, got labels of type {labels.dtype}")
