"""Arguments at the door: every verb takes them in any form that has one meaning, and refuses others in one line.

What comes after finds a whole number, a text, a flag, or a tuple of texts, and asks no more what it is.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping
from functools import wraps
from typing import Any, ParamSpec, TypeVar

from netweight.errors import UsageError

P = ParamSpec("P")
T = TypeVar("T")
Door = Callable[[str, Any], Any]
"""What an argument comes through: its name and what is given, to what it means."""

LARGEST = (1 << 63) - 1
_LONGEST = 60
_VOWELS = ("a", "e", "i", "o", "u", "nd")
_PLAIN = (bool, int, float, str, bytes, type(None), tuple, list, dict, set)


def shown(value: object) -> str:
    """What was given, in a few words on one line.

    >>> shown("4"), shown([1, None]), shown(int), shown({}.keys())
    ("'4'", '[1, None]', 'the class int', 'a dict_keys')
    """
    if isinstance(value, type):
        return f"the class {value.__name__}"
    kind = type(value).__name__
    if isinstance(value, _PLAIN):
        try:
            text = repr(value)
        except ValueError:  # more digits than Python writes
            text = ""
        if 0 < len(text) <= _LONGEST and "\n" not in text:
            return text
    return f"{'an' if kind.lower().startswith(_VOWELS) else 'a'} {kind}"


def whole_number(name: str, value: Any) -> int:
    """A whole number: an ``int`` or what NumPy and PyTorch have for one.

    Raises:
        UsageError: If it is something else, or larger than a 64-bit size.
    """
    number = index_of(value)
    if number is None:
        raise UsageError(f"{name}: expected a whole number, got {shown(value)}")
    if abs(number) > LARGEST:
        raise UsageError(f"{name}: expected a number of at most {LARGEST:,}, got one of more than 63 bits")
    return number


def index_of(value: Any) -> int | None:
    """The whole number that a value is; None for anything else, also for True and for a text of digits."""
    if type(value) is int:
        return value
    if _is_flag(value) or not hasattr(value, "__index__") or isinstance(value, type):
        return None
    try:
        return int(value.__index__())
    except (TypeError, ValueError, RuntimeError):  # an array of several numbers, or of others
        return None


def flag(name: str, value: Any) -> bool:
    """True or False, also NumPy's; nothing else, for ``"False"`` would be true.

    Raises:
        UsageError: If it is something else.
    """
    if not _is_flag(value):
        raise UsageError(f"{name}: expected True or False, got {shown(value)}")
    return bool(value)


def _is_flag(value: Any) -> bool:
    return isinstance(value, bool) or type(value).__name__ in ("bool", "bool_")


def text(name: str, value: Any) -> str:
    """A text.

    Raises:
        UsageError: If it is something else.
    """
    if not isinstance(value, str):
        raise UsageError(f"{name}: expected a text, got {shown(value)}")
    return value


def texts(name: str, value: Any) -> tuple[str, ...]:
    """Texts, or one alone: ``"conv*"`` is ``("conv*",)``, None is none.

    Raises:
        UsageError: If it is something else.
    """
    if value is None or isinstance(value, str):
        return () if value is None else (value,)
    found = _items(value)
    if found is None or not all(isinstance(item, str) for item in found):
        raise UsageError(f"{name}: expected a text or several, got {shown(value)}")
    return found


def _items(value: Any) -> tuple[Any, ...] | None:
    """What is in a collection, in order, that of a set sorted; None if it is none, or has names or numbers."""
    if isinstance(value, bytes | Mapping | type) or not isinstance(value, Iterable):
        return None
    try:
        return tuple(sorted(value) if isinstance(value, set | frozenset) else value)
    except TypeError:
        return None


def bit_widths(name: str, value: Any) -> str:
    """Widths as text: a number of bits is the width of everything.

    Raises:
        UsageError: If it is neither a text nor a whole number.
    """
    if isinstance(value, str):
        return value
    number = index_of(value)
    if number is None:
        raise UsageError(f"{name}: expected 8, 'w8a8' or 'conv*=8,fc*=w4', got {shown(value)}")
    return str(whole_number(name, number))


def sizes_by_name(name: str, value: Any) -> dict[str, int]:
    """Sizes of dimensions, by their names.

    Raises:
        UsageError: If it is something else, or a size is negative.
    """
    if not isinstance(value, Mapping) or not all(isinstance(key, str) for key in value):
        raise UsageError(f"{name}: expected names with sizes, got {shown(value)}", fix=f'{name}={{"batch": 8}}')
    found = {key: index_of(size) for key, size in value.items()}
    for key, size in found.items():
        if size is None or size < 0:
            raise UsageError(f"dim: expected a whole number from 0 on for {key!r}, got {shown(value[key])}")
    return {key: whole_number(name, size) for key, size in found.items()}


def arrays_by_name(name: str, value: Any) -> Any:
    """Arrays by the name of a parameter; False is left as it is.

    Raises:
        UsageError: If it is something else.
    """
    if value is False or (isinstance(value, Mapping) and all(isinstance(key, str) for key in value)):
        return value
    raise UsageError(f"{name}: expected arrays by name, got {shown(value)}", fix="netweight.initialize(graph)")


def functions(name: str, value: Any) -> Any:
    """Functions by what they are for.

    Raises:
        UsageError: If it is something else.
    """
    if not isinstance(value, Mapping) or not all(map(callable, value.values())):
        raise UsageError(f"{name}: expected functions by name, got {shown(value)}")
    return value


def path_of(name: str, value: Any) -> Any:
    """The path of a file.

    Raises:
        UsageError: If it is none.
    """
    if not isinstance(value, str | os.PathLike):
        raise UsageError(f"{name}: expected the path of a file, got {shown(value)}")
    return value


def unless_none(door: Door) -> Door:
    """As ``door``; None, which says that nothing is given, is left as it is."""
    return lambda name, value: None if value is None else door(name, value)


def takes(**doors: Door) -> Callable[[Callable[P, T]], Callable[P, T]]:
    """A function whose keyword arguments come through these doors."""

    def decorate(function: Callable[P, T]) -> Callable[P, T]:
        @wraps(function)
        def called(*args: P.args, **kwargs: P.kwargs) -> T:
            for name, value in kwargs.items():
                if name in doors:
                    kwargs[name] = doors[name](name, value)
            return function(*args, **kwargs)

        return called

    return decorate


MODEL: dict[str, Door] = {
    "batch": unless_none(whole_number),
    "training": flag,
    "dims": unless_none(sizes_by_name),
    "rules": unless_none(functions),
    "as_written": flag,
}
"""How a model is to be described: what all verbs take."""

BITS: Door = unless_none(bit_widths)
