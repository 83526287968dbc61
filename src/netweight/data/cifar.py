"""CIFAR's binary files: per picture the label, or a coarse and a fine one, then 32 x 32 reds, greens and blues.

Source: Krizhevsky 2009, "The CIFAR-10 and CIFAR-100 datasets", binary version.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from netweight import limits
from netweight.data.dataset import Dataset
from netweight.errors import FormatError
from netweight.given_files import check_regular
from netweight.lazy import Array, np
from netweight.units import scaled

_SIDE = 32
_PIXELS = 3 * _SIDE * _SIDE


@dataclass(frozen=True, slots=True)
class _Form:
    train: tuple[str, ...]
    test: str
    names: str
    labels: int
    classes: int


_FORMS = (
    _Form(tuple(f"data_batch_{i}.bin" for i in range(1, 6)), "test_batch.bin", "batches.meta.txt", 1, 10),
    _Form(("train.bin",), "test.bin", "fine_label_names.txt", 2, 100),
)


def cifar(folder: Path) -> Dataset | None:
    """The pictures of CIFAR-10 or CIFAR-100 in a folder, as many of its files as are there; None if there are none.

    Raises:
        FormatError: If a file is no whole number of pictures, all take more than the limit ``memory``, or they are in
            the form for Python, which is never read: it can run anything.
    """
    for form in _FORMS:
        train = [folder / name for name in form.train if (folder / name).is_file()]
        test = [folder / form.test] if (folder / form.test).is_file() else []
        if train or test:
            _check_memory(folder, (*train, *test))
            parts = [_records(path, form) for path in (*train, *test)]
            own_test = len(parts[-1][1]) if train and test else 0
            images, labels = (np.concatenate(one) for one in zip(*parts, strict=True))
            return Dataset(folder.name, images, labels, _names(folder / form.names, form.classes), own_test)
    if (folder / "data_batch_1").is_file() or (folder / "fine_label_names").is_file():
        raise FormatError(
            f"data: expected CIFAR's binary files in {str(folder)!r}, got its pickled ones, which are never read",
            fix="the archive that is called binary version",
        )
    return None


def _check_memory(folder: Path, paths: Sequence[Path]) -> None:
    size = 4 * sum(check_regular(path, "CIFAR's binary form") for path in paths)
    if size > limits.of("memory"):
        raise FormatError(
            f"data: expected at most {limits.text('memory')} of pictures in {str(folder)!r}, got "
            f"{scaled(size, 'B')} in float32",
            fix=limits.fix("memory", needed=str(size)),
        )


def _records(path: Path, form: _Form) -> tuple[Array, Array]:
    size = check_regular(path, "CIFAR's binary form")
    record = form.labels + _PIXELS
    if not size or size % record:
        raise FormatError(
            f"data: expected a whole number of pictures of {record:,} bytes in {str(path)!r}, got {size:,} bytes"
        )
    found = np.fromfile(path, np.uint8).reshape(-1, record)
    images = found[:, form.labels :].reshape(-1, 3, _SIDE, _SIDE).astype(np.float32) / 255
    return images, found[:, form.labels - 1].astype(np.int64)


def _names(path: Path, classes: int) -> tuple[str, ...]:
    """Names of the classes, where they are with the pictures."""
    numbers = tuple(map(str, range(classes)))
    if not path.is_file() or path.stat().st_size > 1 << 16:
        return numbers
    lines = [line.strip() for line in path.read_text("utf-8", "replace").splitlines() if line.strip()]
    return tuple(lines) if len(lines) == classes else numbers
