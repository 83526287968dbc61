"""Files of arrays: ``.npy`` holds one, ``.npz`` several by name."""

from __future__ import annotations

import math
import zipfile
import zlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from netweight import limits
from netweight.errors import FormatError, UsageError
from netweight.files import whole_file
from netweight.given_files import check_regular, is_directory
from netweight.lazy import Array, np
from netweight.units import scaled


def read_arrays(path: Path) -> Any:
    """The array of an ``.npy`` file, or those of an ``.npz`` file by name; pickles are refused.

    Raises:
        FormatError: If it is neither, or unpacks to more than the limit ``memory``.
    """
    check_regular(path, "arrays")
    try:
        _check_packed(path)
        with path.open("rb") as file:
            found = np.load(file, allow_pickle=False)
            return found if isinstance(found, np.ndarray) else {name: found[name] for name in found.files}
    except FormatError:
        raise
    except (OSError, ValueError, EOFError, KeyError, NotImplementedError, zipfile.BadZipFile, zlib.error) as error:
        raise FormatError(f"file: expected arrays in {str(path)!r}, got none: {error}") from error
    except MemoryError as error:  # a header may say anything
        raise FormatError(f"file: expected arrays that fit into memory in {str(path)!r}, got: {error}") from error


def _check_packed(path: Path) -> None:
    """Refuse an archive that takes more room unpacked than a run may: its own directory says, and no more is read.

    Raises:
        FormatError: If it does.
    """
    if not zipfile.is_zipfile(path):
        return
    with zipfile.ZipFile(path) as archive:
        size = sum(entry.file_size for entry in archive.infolist())
    if size > limits.of("memory"):
        raise FormatError(
            f"file: expected arrays of at most {limits.text('memory')}, got {scaled(size, 'B')} in {str(path)!r}",
            fix=limits.fix("memory", needed=str(size)),
        )


def check_output(path: Path) -> None:
    """Refuse a file that arrays cannot be written to, before there are any.

    Raises:
        UsageError: If it is not a file of arrays, or in a folder that is not there.
    """
    if path.suffix not in (".npy", ".npz"):
        raise UsageError(f"output: expected a file name ending in .npy or .npz, got {path.name!r}")
    if not is_directory(path.parent):
        raise UsageError(f"output: expected a file in a folder that is there, got {str(path)!r}")


def write_arrays(path: Path, arrays: Mapping[str, Array]) -> None:
    """Write arrays to an ``.npz`` file, or the only one to an ``.npy`` file: the whole file or nothing.

    Raises:
        UsageError: If the file is neither, has to hold several in one, or cannot be written.
    """
    check_output(path)
    if path.suffix == ".npy" and len(arrays) != 1:
        raise UsageError(f"output: expected one array for {path.name!r}, got {len(arrays)}", fix="write to .npz")
    with whole_file(path) as file:
        if path.suffix == ".npy":
            np.save(file, next(iter(arrays.values())), allow_pickle=False)
            return
        with zipfile.ZipFile(file, "w") as archive:
            for name, array in arrays.items():
                entry = zipfile.ZipInfo(f"{name}.npy")  # without the time: the same arrays give the same bytes
                with archive.open(entry, "w", force_zip64=True) as part:
                    np.lib.format.write_array(part, np.asarray(array), allow_pickle=False)


def described(array: Array) -> str:
    """Shape, type and range of an array, in a line."""
    shape = ", ".join(map(str, array.shape))
    text = f"{array.dtype}[{shape}]"
    if not array.size or array.dtype.kind not in "fiu":
        return text
    low, high, mean = float(array.min()), float(array.max()), float(array.mean(dtype=np.float64))
    wrong = "" if math.isfinite(mean) else ", not all finite"
    return f"{text}  min {low:.6g}, mean {mean:.6g}, max {high:.6g}{wrong}"
