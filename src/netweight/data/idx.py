"""IDX files, as MNIST is in: a magic number with the type and the number of sizes, the sizes, the numbers.

Source: LeCun, Cortes & Burges, "The MNIST database", section on file formats.
"""

from __future__ import annotations

import gzip
import math
import zlib
from pathlib import Path
from typing import IO

from netweight import limits
from netweight.data.dataset import Dataset, numbered
from netweight.errors import FormatError
from netweight.given_files import check_regular
from netweight.lazy import Array, np
from netweight.units import scaled

_TYPES = {8: "u1", 9: "i1", 11: ">i2", 12: ">i4", 13: ">f4", 14: ">f8"}
_MAGIC, _SIZE = 4, 4
_PARTS = ("train", "t10k")
_MOST_SIZES = 3


def mnist(folder: Path) -> Dataset | None:
    """Pictures and labels under the names that MNIST's files have, packed or not; None if there are none.

    Raises:
        FormatError: If a file is missing beside others, or is not what it should be.
    """
    files = {(part, what): _found(folder, part, what) for part in _PARTS for what in ("images-idx3", "labels-idx1")}
    if not any(files.values()):
        return None
    images, labels = [], []
    for part in _PARTS:
        pair = files[part, "images-idx3"], files[part, "labels-idx1"]
        if pair[0] is None and pair[1] is None:
            continue
        if pair[0] is None or pair[1] is None:
            missing = "images-idx3" if pair[0] is None else "labels-idx1"
            raise FormatError(f"data: expected {part}-{missing}-ubyte beside the other in {str(folder)!r}, got none")
        images.append(_pictures(pair[0]))
        labels.append(_labels(pair[1], len(images[-1])))
    sizes = {one.shape[1:]: None for one in images}
    if len(sizes) > 1:
        raise FormatError(
            f"data: expected pictures of one size in {str(folder)!r}, got "
            f"{' and '.join(f'{height} x {width}' for _, height, width in sizes)}"
        )
    own_test = len(labels[1]) if len(labels) > 1 else 0
    together = np.concatenate(labels)
    return Dataset(folder.name, np.concatenate(images), together, numbered(folder.name, together), own_test)


def read_idx(path: Path) -> Array:
    """The array of an IDX file, packed with gzip or not.

    Raises:
        FormatError: If it is none, is cut off, has more than it says, or takes more than the limit ``memory``.
    """
    check_regular(path, "an IDX file")
    try:
        with gzip.open(path) if path.suffix == ".gz" else path.open("rb") as file:
            magic = file.read(_MAGIC)
            if len(magic) < _MAGIC or magic[:2] != b"\0\0" or magic[2] not in _TYPES:
                raise FormatError(f"data: expected an IDX file in {str(path)!r}, got one that begins with {magic!r}")
            if not 0 < magic[3] <= _MOST_SIZES:
                raise FormatError(f"data: expected one to three sizes in {str(path)!r}, got {magic[3]}")
            shape = tuple(np.frombuffer(_read(file, magic[3] * _SIZE, path), ">u4").astype(int).tolist())
            dtype = np.dtype(_TYPES[magic[2]])
            size = math.prod(shape) * dtype.itemsize
            if not size:
                raise FormatError(f"data: expected numbers in {str(path)!r}, got none: its shape is {list(shape)}")
            if 4 * size > limits.of("memory"):
                raise FormatError(
                    f"data: expected at most {limits.text('memory')} of pictures in {str(path)!r}, got {shape}, which "
                    f"is {scaled(4 * size, 'B')} in float32",
                    fix=limits.fix("memory", needed=str(4 * size)),
                )
            content = _read(file, size, path)
            if file.read(1):
                raise FormatError(f"data: expected {size:,} bytes of numbers in {str(path)!r}, got more")
    except (OSError, EOFError, zlib.error) as error:
        raise FormatError(f"data: expected an IDX file in {str(path)!r}, got: {error}") from error
    return np.frombuffer(content, dtype).reshape(shape)


def _read(file: IO[bytes] | gzip.GzipFile, size: int, path: Path) -> bytes:
    found = file.read(size)
    if len(found) < size:
        raise FormatError(f"data: expected {size:,} more bytes in {str(path)!r}, got {len(found):,}: it is cut off")
    return found


def _found(folder: Path, part: str, what: str) -> Path | None:
    for end in ("-ubyte", "-ubyte.gz", ".gz", ""):
        for joint in ("-", "."):
            path = folder / f"{part}-{what.replace('-', joint)}{end}"
            if path.is_file():
                return path
    return None


def _pictures(path: Path) -> Array:
    found = read_idx(path)
    if found.ndim != 3:
        raise FormatError(f"data: expected pictures (N, H, W) in {str(path)!r}, got shape {list(found.shape)}")
    if found.dtype.kind != "f" and found.dtype != np.uint8:
        raise FormatError(f"data: expected pictures in bytes or floats in {str(path)!r}, got {found.dtype.name}")
    whitest = 255 if found.dtype == np.uint8 else 1
    return (found.astype(np.float32) / whitest)[:, None]


def _labels(path: Path, count: int) -> Array:
    found = read_idx(path)
    if found.shape != (count,):
        raise FormatError(f"data: expected {count:,} labels in {str(path)!r}, got shape {list(found.shape)}")
    if found.dtype.kind == "f":
        raise FormatError(f"data: expected class numbers in {str(path)!r}, got labels of type {found.dtype.name}")
    return found.astype(np.int64)
