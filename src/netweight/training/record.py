"""What the record of a checkpoint has to hold: the fields that a reader needs, each of its kind."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from netweight.errors import FormatError


def _whole(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _all_of(kinds: type | tuple[type, ...]) -> Callable[[Any], bool]:
    return lambda value: isinstance(value, list) and all(isinstance(one, kinds) for one in value)


def _centre(value: Any) -> bool:
    numbers = _all_of((int, float))
    return isinstance(value, dict) and set(value) == {"mean", "std"} and all(map(numbers, value.values()))


_FIELDS: dict[str, tuple[str, Callable[[Any], bool]]] = {
    "model": ("text", lambda value: isinstance(value, str)),
    "source": ("text or null", lambda value: value is None or isinstance(value, str)),
    "sample": ("sizes or null", lambda value: value is None or _all_of(int)(value)),
    "classes": ("names", _all_of(str)),
    "fractions": ("numbers", _all_of((int, float))),
    "centre": ("mean and std", _centre),
    "recipe": ("an object with a seed", lambda value: isinstance(value, dict) and _whole(value.get("seed"))),
    "updates": ("a whole number", _whole),
    "best_epoch": ("a whole number", _whole),
    "history": ("objects", _all_of(dict)),
}


def check_record(record: Mapping[str, Any], path: Path | str, names: tuple[str, ...]) -> None:
    """Refuse a record in which a field is missing or of another kind.

    Args:
        record: What a checkpoint says beside its arrays.
        path: Where it is from, for messages.
        names: The fields that the caller reads.

    Raises:
        FormatError: If one is not there, or is not what it has to be.
    """
    for name in names:
        kind, fits = _FIELDS[name]
        if name not in record:
            raise FormatError(
                f"checkpoint: expected {name!r} in the metadata of {str(path)!r}, got none",
                fix="a file that netweight train wrote has it",
            )
        if not fits(record[name]):
            found = str(record[name])[:40]
            raise FormatError(
                f"checkpoint: expected {kind} as {name!r} in the metadata of {str(path)!r}, got {found!r}",
                fix="a file that netweight train wrote has it",
            )
