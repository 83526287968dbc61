"""Files that the user names, read within bounds: no device or pipe, which may never end, and no more than a limit."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from netweight import limits
from netweight.errors import FormatError
from netweight.lazy_modules import json
from netweight.units import scaled

_SMALL = 1 << 20
_BYTES_EACH = 8
"""Bytes that an object or a list of a graph or a report takes at least; one of ``[]`` takes two, and 70 in memory."""


def is_file(path: Path) -> bool:
    """Whether it is a regular file, or a link to one; a name that no file can have is none."""
    try:
        return path.is_file()
    except (OSError, ValueError):  # too long, or with a zero in it
        return False


def is_there(path: Path) -> bool:
    """Whether there is anything of that name; of a name that nothing can have there is not."""
    try:
        return path.exists()
    except (OSError, ValueError):
        return False


def is_directory(path: Path) -> bool:
    """Whether it is a directory; a name that none can have is none."""
    try:
        return path.is_dir()
    except (OSError, ValueError):
        return False


def check_regular(path: Path, what: str) -> int:
    """Size of a regular file in bytes.

    Raises:
        FormatError: If it cannot be found, or is something that may never end.
    """
    try:
        size = path.stat().st_size
        if path.is_dir():
            raise FormatError(f"file: expected {what}, got the directory {str(path)!r}")
        if not path.is_file():
            raise FormatError(f"file: expected {what}, got something that is not a file at {str(path)!r}")
    except (OSError, ValueError) as error:
        if isinstance(error, FormatError):
            raise
        reason = getattr(error, "strerror", None) or str(error)
        raise FormatError(f"file: expected {what} in {str(path)!r}, got none: {reason}") from error
    return size


def read_json(path: Path, *, mark: bytes, what: str) -> Any:
    """What is in a JSON file.

    Args:
        path: The file.
        mark: Pattern that is in the text of an object such as is wanted; files of less than 1 MiB are not searched.
        what: What is wanted.

    Raises:
        FormatError: If it is no readable JSON, larger than the limit ``file``, or large and not what is wanted.
    """
    data = _bytes(path)
    if len(data) > _SMALL:
        _check_large(path, data, mark, what)
    try:
        return json.loads(data.decode("utf-8-sig" if data[:3] == b"\xef\xbb\xbf" else "utf-8"))
    except UnicodeDecodeError as error:
        raise FormatError(f"file: expected readable JSON in {str(path)!r}, got none: it is no UTF-8 text") from error
    except (ValueError, RecursionError) as error:
        raise FormatError(f"file: expected JSON in {str(path)!r}, got other text: {error}") from error


def _bytes(path: Path) -> bytes:
    size = check_regular(path, "readable JSON")
    if size > limits.of("file"):
        raise FormatError(
            f"file: expected JSON of at most {limits.text('file')}, got {scaled(size, 'B')} at {str(path)!r}",
            fix=limits.fix("file", needed=str(size)),
        )
    try:
        with path.open("rb") as file:
            return file.read(limits.of("file") + 1)  # some that call themselves empty are not
    except OSError as error:
        raise FormatError(f"file: expected readable JSON in {str(path)!r}, got none: {error.strerror}") from error


def _check_large(path: Path, data: bytes, mark: bytes, what: str) -> None:
    """Refuse what is not wanted before it is taken apart, which takes 30 times its size.

    Raises:
        FormatError: If it is no object, does not say what it is, or has more lists and objects than text in them.
    """
    if not re.match(rb"(\xef\xbb\xbf)?\s*\{", data) or re.search(mark, data) is None:
        raise FormatError(f"json: expected {what}, got {scaled(len(data), 'B')} of other JSON in {str(path)!r}")
    if data.count(b"{") + data.count(b"[") > len(data) // _BYTES_EACH:
        raise FormatError(f"json: expected {what}, got little but brackets in {str(path)!r}")
