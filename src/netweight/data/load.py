"""From what a user names to pictures: digits, a folder, a file of arrays, or the arrays themselves."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from netweight.array_files import read_arrays
from netweight.data.cifar import cifar
from netweight.data.dataset import Dataset, checked, numbered
from netweight.data.digits import digits
from netweight.data.idx import mnist
from netweight.data.pictures import folder
from netweight.errors import FormatError, UnknownNameError, UsageError
from netweight.given_files import is_directory, is_there
from netweight.lazy import Array, np

DIGITS = "digits"


def load(given: Any, *, skip: bool = False) -> Dataset:
    """Pictures and their classes.

    Args:
        given: ``"digits"``; a folder with MNIST's IDX files, CIFAR's binary files, or a folder of pictures per class;
            an ``.npz`` file with ``images`` and ``labels``; a ``Dataset``; or arrays ``(images, labels)``.
        skip: Leave out pictures of a folder that cannot be read or have another size than most.

    Raises:
        NetweightError: If it is none of these, or one cannot train with it; the error says why.
    """
    if isinstance(given, Dataset):
        return checked(given)
    if isinstance(given, Sequence) and not isinstance(given, str) and len(given) == 2:
        return checked(_arrays("the arrays", _array("pictures", given[0]), _array("labels", given[1])))
    if given == DIGITS:
        return checked(digits())
    if not isinstance(given, str | Path):
        raise UsageError(
            f"data: expected digits, a folder, a file or (images, labels), got a {type(given).__name__}",
        )
    return checked(_file(Path(given), skip=skip))


def _file(path: Path, *, skip: bool) -> Dataset:
    if is_directory(path):
        return mnist(path) or cifar(path) or folder(path, skip=skip)
    if not is_there(path):
        raise UnknownNameError(
            f"data: expected {DIGITS}, or a folder or file that is there, got {str(path)!r}", fix=f"--data {DIGITS}"
        )
    found = read_arrays(path)
    if not isinstance(found, dict) or not {"images", "labels"} <= found.keys():
        names = ", ".join(found) if isinstance(found, dict) else "one array"
        raise FormatError(f"data: expected the arrays images and labels in {str(path)!r}, got {names}")
    return _arrays(path.stem, found["images"], found["labels"])


def _arrays(name: str, images: Array, labels: Array) -> Dataset:
    """Arrays as they are given: whole numbers from 0 to the largest of their type are pictures from 0 to 1.

    Raises:
        FormatError: If they are no pictures and no class numbers.
    """
    if images.ndim == 3:
        images = images[:, None]
    if images.dtype.kind == "u":
        images = images.astype(np.float32) / np.iinfo(images.dtype).max
    if images.dtype.kind != "f":
        raise FormatError(f"data: expected pictures of floating or unsigned type in {name}, got {images.dtype}")
    if labels.dtype.kind not in "iu":
        raise FormatError(f"data: expected class numbers in {name}, got labels of type {labels.dtype}")
    classes = numbered(name, labels)
    return Dataset(name, images.astype(np.float32, copy=False), labels.astype(np.int64), classes)


def _array(what: str, given: Any) -> Array:
    try:
        return np.asarray(given)
    except ValueError as error:
        raise FormatError(f"data: expected {what} in an array, got none: {error}") from error
