"""Options of the built-in networks: which there are, and what a value may be."""

from __future__ import annotations

import inspect
import types
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Union, get_args, get_origin, get_type_hints

from netweight.errors import UsageError, unknown_name

RESOLUTION = "resolution"
_MOST = (1 << 31) - 1


def check_options(name: str, describe: Callable[..., Any], given: Mapping[str, Any], *, takes_images: bool) -> None:
    """Refuse what the function of a network does not take.

    Args:
        name: The network, for messages.
        describe: Its function.
        given: The user's options.
        takes_images: Whether it also has the option ``resolution``.

    Raises:
        UnknownNameError: If there is no such option.
        UsageError: If a value is of another type than the option.
    """
    types_of: dict[str, Any] = get_type_hints(describe)
    known = [option for option in inspect.signature(describe).parameters if option != "x"]
    known += [RESOLUTION] if takes_images else []
    for option, value in given.items():
        if option not in known:
            raise unknown_name(f"option of {name}", option, known, fix=f"{name} has {', '.join(known)}")
        hint = types_of.get(option, Any)
        if not _fits(value, hint):
            wanted = getattr(hint, "__name__", "") if isinstance(hint, type) else str(hint)
            raise UsageError(f"{name}: expected {option} of type {wanted or hint}, got {value!r}")
        if not _is_moderate(value):
            raise UsageError(f"{name}: expected {option} of at most {_MOST:,}, got {value!r}")


def image_size(value: Any) -> tuple[int, int]:
    """Height and width that the option ``resolution`` means.

    Raises:
        UsageError: If it is neither one size nor two.
    """
    match value:
        case int() if not isinstance(value, bool):
            return value, value
        case (int() as height, int() as width):
            return height, width
        case _:
            raise UsageError(f"resolution: expected one size or a height and a width, got {value!r}")


def _is_moderate(value: Any) -> bool:
    """Whether each number can be multiplied by a size and still be one; infinity and NaN cannot."""
    if isinstance(value, tuple):
        return all(map(_is_moderate, value))
    return not isinstance(value, int | float) or -_MOST <= value <= _MOST


def _fits(value: Any, hint: Any) -> bool:
    """Whether a value is of an annotated type, as far as options are annotated."""
    origin, parts = get_origin(hint), get_args(hint)
    if hint is Any:
        return True
    if origin in (types.UnionType, Union):
        return any(_fits(value, part) for part in parts)
    if origin in (tuple, Sequence):
        return isinstance(value, tuple) and all(_fits(item, parts[0]) for item in value)
    if isinstance(value, bool):
        return hint is bool
    return isinstance(value, int | float) if hint is float else isinstance(value, hint)
