"""A folder of pictures, one folder in it per class; and Pillow, which reads them."""

from __future__ import annotations

import warnings
from collections.abc import Iterable, Sequence
from pathlib import Path
from types import ModuleType
from typing import Any, NamedTuple

from netweight import limits
from netweight.data.dataset import Dataset
from netweight.errors import FormatError, MissingExtraError
from netweight.lazy import Array, np
from netweight.units import scaled

SUFFIXES = frozenset((".png", ".jpg", ".jpeg", ".bmp", ".gif", ".ppm", ".pgm", ".pbm", ".tif", ".tiff", ".webp"))
_LISTED = 5
_DEEP_MODES = frozenset(("I", "I;16", "I;16B", "I;16L", "I;16N"))
_GREY_MODES = frozenset(("1", "L", "F", "LA", "La")) | _DEEP_MODES


class _Read(NamedTuple):
    category: str
    path: Path
    found: Array | None
    reason: str


class _Fault(NamedTuple):
    path: Path
    reason: str


def pillow() -> ModuleType:
    """The package that reads and resizes pictures.

    Raises:
        MissingExtraError: If it is not installed.
    """
    try:
        import PIL.Image
    except ImportError as error:
        raise MissingExtraError(
            "data: expected Pillow, which reads pictures, and it is not installed", fix="pip install 'netweight[train]'"
        ) from error
    return PIL


def read_picture(path: Path) -> Array:
    """A picture from 0 to 1: (1, H, W) if it is grey, else (3, H, W), float32.

    Raises:
        FormatError: If it is none, or takes more room than the limit ``memory``.
    """
    found, reason = _read(path)
    if found is None:
        raise FormatError(f"data: expected a picture in {str(path)!r}, got none: {reason}")
    return found


def folder(path: Path, *, skip: bool = False) -> Dataset:
    """Pictures whose class is the folder that they are in.

    Args:
        path: A folder with a folder per class.
        skip: Leave out pictures that cannot be read or have another size than most, and classes that have none; a note
            says which.

    Raises:
        FormatError: If there are no pictures, a class has none, or some cannot be read or have another size.
    """
    classes = _classes(path)
    files = [(name, file) for name in classes for file in _files(path / name)]
    if not files:
        raise FormatError(
            f"data: expected a folder of pictures for each class in {str(path)!r}, got "
            f"{f'folders without pictures: {len(classes)}' if classes else 'no folder in it'}",
            fix=f"{path}/CAT/1.png, {path}/DOG/2.png, ...",
        )
    read = _all_read(path, files)
    usual = _usual([found.shape for _, _, found, _ in read if found is not None])
    good = [(name, found) for name, _, found, _ in read if found is not None and found.shape[1:] == usual]
    faults = [*_faults(read, usual), *(_Fault(path / name, "no pictures in it") for name in _without(classes, files))]
    if faults and not (skip and good):
        raise FormatError(
            f"data: expected pictures of one size in each folder of {str(path)!r}, got {len(faults):,} that are not",
            why="\n".join(_listed(path, faults)), fix="--skip-bad leaves them out" if good else "",
        )  # fmt: skip
    notes = (f"{len(faults):,} left out: {'; '.join(_listed(path, faults))}",) if faults else ()
    gone = _without(classes, good)
    left = [name for name in classes if name not in gone]
    labels = np.array([left.index(name) for name, _ in good], np.int64)
    return Dataset(path.name, _stacked([found for _, found in good]), labels, tuple(left), notes=notes)


def _faults(read: Sequence[_Read], usual: tuple[int, ...]) -> Iterable[_Fault]:
    """What is no picture, or one of another size."""
    for _, file, found, reason in read:
        if found is None:
            yield _Fault(file, reason)
        elif found.shape[1:] != usual:
            yield _Fault(file, f"{_size(found.shape[1:])}, where most are {_size(usual)}")


def _without(classes: Sequence[str], found: Sequence[tuple[str, Any]]) -> Sequence[str]:
    """Classes of which there is nothing."""
    there = {name for name, _ in found}
    return [name for name in classes if name not in there]


def _classes(path: Path) -> list[str]:
    try:
        return sorted(entry.name for entry in path.iterdir() if entry.is_dir() and not entry.name.startswith("."))
    except OSError as error:
        raise FormatError(f"data: expected a readable folder in {str(path)!r}, got: {error.strerror}") from error


def _all_read(path: Path, files: Sequence[tuple[str, Path]]) -> list[_Read]:
    """Each with its class, and its picture or why there is none.

    Raises:
        FormatError: If all together take more than the limit ``memory``.
    """
    read: list[_Read] = []
    nbytes = 0
    for name, file in files:
        found, reason = _read(file)
        nbytes += 0 if found is None else found.nbytes
        if nbytes > limits.of("memory"):
            raise FormatError(
                f"data: expected at most {limits.text('memory')} of pictures in {str(path)!r}, got more: "
                f"{len(read) + 1:,} of {len(files):,} take {scaled(nbytes, 'B')} in float32",
                fix=limits.fix("memory", needed=str(nbytes * len(files) // (len(read) + 1))),
            )
        read.append(_Read(name, file, found, reason))
    return read


def _files(path: Path) -> list[Path]:
    return sorted(file for file in path.rglob("*") if file.suffix.lower() in SUFFIXES and file.is_file())


def _read(path: Path) -> tuple[Array | None, str]:
    """A picture, or why there is none."""
    image = pillow().Image
    try:
        with warnings.catch_warnings(action="ignore"), image.open(path) as opened:
            if 12 * opened.width * opened.height > limits.of("memory"):
                return None, f"{opened.width} x {opened.height} is more than {limits.text('memory')}"
            return _array(opened), ""
    except pillow().UnidentifiedImageError:
        return None, "in no form that Pillow reads"
    except Exception as error:  # decoders of a format raise whatever its broken files lead them to
        return None, str(error).replace(str(path), path.name) or type(error).__name__


def _array(opened: Any) -> Array:
    grey = opened.mode in _GREY_MODES
    deep = opened.mode in _DEEP_MODES
    whitest = 1 if opened.mode == "F" else 65535 if deep else 255
    plain = opened if deep or opened.mode == "F" else opened.convert("L" if grey else "RGB")
    pixels: Array = np.asarray(plain, np.float32) / np.float32(whitest)
    return pixels[None] if grey else np.ascontiguousarray(pixels.transpose(2, 0, 1))


def _usual(shapes: Sequence[tuple[int, ...]]) -> tuple[int, ...]:
    """The size that most have; of equally many the first."""
    sizes = [shape[1:] for shape in shapes]
    return max(dict.fromkeys(sizes), key=sizes.count) if sizes else ()


def _stacked(images: list[Array]) -> Array:
    """All with the channels of the one that has most."""
    channels = max(image.shape[0] for image in images)
    return np.stack([np.broadcast_to(image, (channels, *image.shape[1:])) for image in images])


def _listed(folder: Path, faults: Sequence[_Fault]) -> Iterable[str]:
    for fault in faults[:_LISTED]:
        yield f"{fault.path.relative_to(folder)}: {fault.reason}"
    if len(faults) > _LISTED:
        yield f"and {len(faults) - _LISTED:,} more"


def _size(shape: Sequence[int]) -> str:
    return " x ".join(map(str, shape))
