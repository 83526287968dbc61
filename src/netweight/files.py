"""Files that are written whole or not at all."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO

from netweight.errors import UsageError
from netweight.signals import unfinished


@contextmanager
def whole_file(path: Path) -> Iterator[IO[bytes]]:
    """A file to write, which takes the place of an old one when it is complete; if anything fails, the old one stays.

    The old file's permissions are kept. For a symbolic link the file that it points to is written; a pipe or
    ``/dev/stdout`` is written as the bytes come.

    Raises:
        UsageError: If the file cannot be written.
    """
    try:
        target = path.resolve()
        if target.exists() and not target.is_file():
            with target.open("wb") as file:
                yield file
        else:
            yield from _beside(target)
    except OSError as error:
        raise UsageError(f"output: expected to write {str(path)!r}, got: {error.strerror}") from error


@contextmanager
def alone_in(folder: Path) -> Iterator[None]:
    """A block in which no other process or thread is in such a block for that folder: for files that belong together.

    Nothing is left in the folder; where it cannot be locked, nobody waits.
    """
    try:
        number = os.open(folder, os.O_RDONLY)
    except OSError:  # who writes there says what is wrong
        yield
        return
    try:
        with suppress(ImportError, OSError):
            import fcntl

            fcntl.flock(number, fcntl.LOCK_EX)
        yield
    finally:
        os.close(number)


def _beside(target: Path) -> Iterator[IO[bytes]]:
    """A temporary file in the same folder, renamed at the end."""
    temporary = target.with_name(f".{target.name}.{os.urandom(4).hex()}.part")
    unfinished.add(str(temporary))
    try:
        with temporary.open("xb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        if target.exists():
            temporary.chmod(target.stat().st_mode & 0o7777)
        temporary.replace(target)
    finally:
        temporary.unlink(missing_ok=True)
        unfinished.discard(str(temporary))


def write_text(path: Path, text: str) -> None:
    """Write a text as UTF-8, the whole of it or nothing; halves of characters, which UTF-8 does not have, as escapes.

    Raises:
        UsageError: If the file cannot be written.
    """
    with whole_file(path) as file:
        file.write(text.encode("utf-8", "backslashreplace"))
