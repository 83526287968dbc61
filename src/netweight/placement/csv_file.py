"""Problems and plans as MiniMalloc's CSV: columns ``id``, ``lower``, ``upper``, ``size``, and ``offset`` of a plan.

A column ``alignment`` may be there too; in a problem an ``offset`` that is not empty is where a buffer has to lie.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator
from pathlib import Path
from typing import TextIO

from netweight import limits
from netweight.errors import FormatError, NetweightError, UsageError
from netweight.given_files import check_regular
from netweight.placement.problem import Buffer
from netweight.similar import similar
from netweight.units import whole

NEEDED = ("id", "lower", "upper", "size")
KNOWN = (*NEEDED, "alignment", "offset")

_LINE = 1 << 16
"""Characters of the longest line that is read."""
_WHAT = "a CSV of buffers"


def read(path: Path, *, plan: bool = False, alignment: int = 1) -> tuple[Buffer, ...]:
    """The buffers in a file.

    Args:
        path: The file.
        plan: Whether every one must have an offset.
        alignment: Of those that do not say.

    Raises:
        FormatError: If it is no such file; with the line that is wrong.
    """
    check_regular(path, _WHAT)
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            return tuple(_buffers(file, path, plan=plan, alignment=alignment))
    except UnicodeDecodeError as error:
        raise FormatError(f"file: expected {_WHAT} in {str(path)!r}, got no UTF-8 text") from error
    except OSError as error:
        raise FormatError(f"file: expected {_WHAT} in {str(path)!r}, got none: {error.strerror}") from error


def _buffers(file: TextIO, path: Path, *, plan: bool, alignment: int) -> Iterator[Buffer]:
    """Buffers line by line, within the limit of how many there may be."""
    rows = csv.reader(_lines(file), strict=True)
    columns: list[str] = []
    seen: set[str] = set()
    try:
        columns = _columns(next(rows, []), plan=plan)
        for row in rows:
            if not row:
                continue
            if len(seen) >= limits.of("buffers"):
                raise FormatError(
                    f"csv: expected at most {limits.text('buffers')} buffers, got more", fix=limits.fix("buffers")
                )
            buffer = _buffer(row, columns, plan=plan, alignment=alignment)
            if buffer.id in seen:
                raise FormatError(f"csv: expected each id once, got {buffer.id!r} twice")
            seen.add(buffer.id)
            yield buffer
    except csv.Error as error:
        raise _located(FormatError(f"csv: expected rows of {', '.join(NEEDED)}, got: {error}"), path, rows) from error
    except NetweightError as error:
        found = error if isinstance(error, FormatError) else FormatError(f"csv: {error.message}", fix=error.fix)
        raise _located(found, path, rows) from error


def _located(error: FormatError, path: Path, rows: object) -> FormatError:
    """The error, with file and line."""
    error.add_note(f"{path}: line {max(1, getattr(rows, 'line_num', 1))}")
    return error


def _lines(file: TextIO) -> Iterator[str]:
    """Lines of a text.

    Raises:
        FormatError: If one is longer than any that says where a buffer lies.
    """
    while line := file.readline(_LINE):
        if len(line) >= _LINE:
            raise FormatError(f"csv: expected lines of at most {_LINE:,} characters, got a longer one")
        yield line


def _columns(names: list[str], *, plan: bool) -> list[str]:
    """Names of the columns.

    Raises:
        FormatError: If one is missing, unknown, or there twice.
    """
    columns = [name.strip().lower() for name in names]
    for name in (*NEEDED, "offset") if plan else NEEDED:
        if name not in columns:
            fix = "netweight plan FILE.csv -o plan.csv makes a plan" if name == "offset" else _fix(names)
            raise FormatError(f"csv: expected the columns {', '.join(NEEDED)}, got none called {name}", fix=fix)
    for number, name in enumerate(columns):
        if name not in KNOWN:
            near = similar(name, KNOWN)
            fix = f"did you mean {' or '.join(near)}?" if near else f"known: {', '.join(KNOWN)}"
            raise FormatError(f"csv: expected columns that are known, got {name!r}", fix=fix)
        if name in columns[:number]:
            raise FormatError(f"csv: expected each column once, got {name} twice")
    return columns


def _fix(names: list[str]) -> str:
    """What to do about a head without the columns needed."""
    if len(names) == 1 and any(mark in names[0] for mark in ";\t|"):
        return "separate the fields by commas"
    return "the first line names the columns: id, lower (first step), upper (step after the last), size (bytes)"


def _buffer(row: list[str], columns: list[str], *, plan: bool, alignment: int) -> Buffer:
    """The buffer of a line.

    Raises:
        FormatError: If there are more or fewer fields than columns, or no offset in a plan.
        UsageError: If a field is no whole number, or one that no buffer has.
    """
    if len(row) != len(columns):
        raise FormatError(f"csv: expected {len(columns)} fields, got {len(row)}")
    fields = dict(zip(columns, (field.strip() for field in row), strict=True))
    name = fields["id"]
    if not name:
        raise FormatError("csv: expected an id, got an empty one")
    offset = fields.get("offset", "")
    if plan and not offset:
        raise UsageError(f"buffer {name}: expected an offset, got none")
    lower, upper, size = (whole(fields[column], f"buffer {name}: {column}") for column in NEEDED[1:])
    return Buffer(
        name,
        lower,
        upper,
        size,
        alignment=whole(fields["alignment"], f"buffer {name}: alignment") if fields.get("alignment") else alignment,
        offset=whole(offset, f"buffer {name}: offset") if offset else None,
    )
