"""Definitions of the operators that multiply and accumulate, as plain loops that count what they multiply.

A family file has ``DEFINITIONS``: operator name to a function of ``(attrs, *inputs)`` that returns the output and the
number of multiply-accumulates it did.
"""

import importlib
import pkgutil
from collections.abc import Callable
from typing import Any

DEFINITIONS: dict[str, Callable[..., tuple[Any, int]]] = {
    name: definition
    for info in pkgutil.iter_modules(__path__)
    for name, definition in importlib.import_module(f"{__name__}.{info.name}").DEFINITIONS.items()
}
