"""Arguments that are no symbols, where a function of the builder takes symbols: found once the function has failed."""

from __future__ import annotations

import inspect
import re
import reprlib
from collections.abc import Callable, Iterator
from functools import wraps
from numbers import Number
from typing import Any

from netweight.errors import UsageError
from netweight.sources.build.core import Symbol

_SYMBOLS = re.compile(r"\b(T|Symbol)\b")
"""How symbols are called in annotations, of functions that take a recorder and of those that make weights."""


def refusing(function: Callable[..., Any]) -> Callable[..., Any]:
    """The function; where it fails over an argument that should be a symbol and is none, the error says so.

    Raises:
        UsageError: From the call, if that is so.
    """

    @wraps(function)
    def call(*args: Any, **kwargs: Any) -> Any:
        try:
            return function(*args, **kwargs)
        except Exception:
            error = next(_errors(function, args, kwargs), None)
            if error is None:
                raise
        raise error

    return call


def _errors(function: Callable[..., Any], args: Any, kwargs: Any) -> Iterator[UsageError]:
    """One for everything that should be a symbol and is none; nothing if the arguments are too many or too few."""
    signature = inspect.signature(function)
    try:
        given = signature.bind(*args, **kwargs).arguments
    except TypeError:
        return
    for name, value in given.items():
        parameter = signature.parameters[name]
        annotation = str(parameter.annotation)
        many = parameter.kind is parameter.VAR_POSITIONAL or "Sequence[" in annotation
        if _SYMBOLS.search(annotation):
            values = value if many and isinstance(value, list | tuple) else [value]
            kind = "a symbol or a number" if "float" in annotation else "a symbol"
            yield from (_error(function.__name__, kind, name, each) for each in values if not _fits(annotation, each))


def _fits(annotation: str, value: object) -> bool:
    if value is None:
        return "None" in annotation
    return isinstance(value, Symbol) or ("float" in annotation and isinstance(value, Number))


def _error(function: str, kind: str, parameter: str, value: object) -> UsageError:
    return UsageError(
        f"{function}: expected {kind} as {parameter}, got {shown(value)}",
        fix="build.graph calls your function with symbols: build.graph(describe, (1, 3, 32, 32))",
    )


def shown(value: object) -> str:
    """A value in a few words of one line."""
    return " ".join(reprlib.repr(value).split())
