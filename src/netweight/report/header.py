"""A memory plan as a C header."""

from __future__ import annotations

import re
from collections.abc import Iterator

from netweight.results.arena import Arena, Placed
from netweight.version import __version__

_PLACELESS = -1


def to_header(arena: Arena) -> str:
    """Size of the arena and, in the order of the tensors, offsets and sizes in bytes; -1 and 0 for one without a place.

    Args:
        arena: The plan.
    """
    name = _identifier(arena.model)
    placed = {tensor.index: tensor for tensor in arena.tensors}
    proved = "proved optimal" if arena.proved_optimal else f"no plan takes less than {arena.lower_bound_bytes:,}"
    lines = [
        f"/* Memory plan of {_comment(arena.model)} by netweight {__version__}, convention {arena.convention}:",
        f"   {len(arena.tensors)} tensors in an arena of {arena.arena_bytes:,} bytes, {proved}. */",
        *[f"/* {_comment(note)} */" for note in arena.notes],
        f"#ifndef {name.upper()}_PLAN_H",
        f"#define {name.upper()}_PLAN_H",
        "",
        "#include <stdint.h>",
        "",
        f"#define {name.upper()}_ARENA_BYTES {arena.arena_bytes}",
        f"#define {name.upper()}_ARENA_ALIGNMENT {arena.alignment_bytes}",
        f"#define {name.upper()}_TENSOR_COUNT {arena.tensor_count}",
        "",
    ]
    rows = [placed.get(index) for index in range(arena.tensor_count)]
    lines += _array(f"{name}_offsets", [_PLACELESS if row is None else row.offset_bytes for row in rows], rows)
    lines += ["", *_array(f"{name}_sizes", [0 if row is None else row.nbytes for row in rows], rows)]
    return "\n".join([*lines, "", "#endif", ""])


def _array(name: str, numbers: list[int], rows: list[Placed | None]) -> Iterator[str]:
    """An array, each tensor on a line of its own; an array in C is not empty."""
    yield f"static const int64_t {name}[{max(len(numbers), 1)}] = {{"
    for number, row in zip(numbers or [0], rows or [None], strict=True):
        yield f"  {number}," + ("" if row is None else f"  /* {_comment(row.name)} */")
    yield "};"


def _identifier(name: str) -> str:
    """A name that C takes."""
    found = re.sub(r"[^A-Za-z0-9]+", "_", name).strip("_").lower() or "model"
    return f"model_{found}" if found[0].isdigit() else found


def _comment(text: str) -> str:
    """A text that ends no comment, begins none, and stays on its line."""
    safe = "".join(letter if letter.isprintable() else " " for letter in text)
    return safe.replace("*/", "* /").replace("/*", "/ *").replace("\\", "/").replace("??/", "?? /")
