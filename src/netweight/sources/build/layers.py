"""Functions that take a recorder, as functions of symbols: ``relu(rec, x)`` is called ``relu(x)``, and is a layer."""

from __future__ import annotations

import importlib
import inspect
from collections.abc import Callable, Iterator
from functools import cache, wraps
from typing import Any

from netweight.errors import ShapeError
from netweight.index import FUNCTIONS, homes
from netweight.sources.build.core import Builder, Symbol
from netweight.sources.build.refusal import refusing

_OPTIONS = (
    inspect.Parameter("inplace", inspect.Parameter.KEYWORD_ONLY, default=False, annotation="bool"),
    inspect.Parameter("name", inspect.Parameter.KEYWORD_ONLY, annotation="str"),
)


_HOMES = homes(FUNCTIONS)


@cache
def function(name: str) -> Callable[..., Any]:
    """What ``netweight.build`` has under a name."""
    found: Callable[..., Any] = getattr(importlib.import_module(_HOMES[name]), name)
    if isinstance(found, type) or name == "graph":
        return found
    return refusing(offered(found) if _HOMES[name].startswith("netweight.functions.") else found)


def offered(function: Callable[..., Any]) -> Callable[..., Any]:
    """A function of symbols for one that takes a recorder first: the recorder is the network of its first symbol.

    Two keywords are added: ``name``, the last part of the layer's path, and ``inplace``, which lets the output take the
    memory of the first input, while training only where the gradient does not need it.
    """
    default = layer_of(function)

    @wraps(function)
    def call(*args: Any, name: str = default, inplace: bool = False, **kwargs: Any) -> Any:
        builder = builder_of(function.__name__, [*args, *kwargs.values()])
        with builder.recording(name, inplace=inplace):
            return function(builder, *args, **kwargs)

    call.__signature__ = signature_of(function)  # type: ignore[attr-defined]
    return call


def signature_of(function: Callable[..., Any]) -> inspect.Signature:
    """Its own parameters without the recorder, and the two keywords of a layer."""
    own = inspect.signature(function)
    inplace, name = _OPTIONS
    named = [inplace, name.replace(default=layer_of(function))]
    return own.replace(parameters=[*list(own.parameters.values())[1:], *named])


def layer_of(function: Callable[..., Any]) -> str:
    """Last part of the path of its layers, unless told otherwise."""
    return getattr(function, "layer", function.__name__)


def builder_of(function: str, values: Any) -> Builder:
    """The network that the first symbol among the arguments belongs to.

    Raises:
        ShapeError: If no argument is a symbol.
    """
    found = next(_symbols(values), None)
    if found is None:
        raise ShapeError(f"{function}: expected at least one tensor, got none")
    return found.builder


def _symbols(values: Any) -> Iterator[Symbol]:
    for value in values:
        if isinstance(value, Symbol):
            yield value
        elif isinstance(value, list | tuple):
            yield from _symbols(value)
