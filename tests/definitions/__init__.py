"""Definitions of the operators that multiply and accumulate, as plain loops that count what they multiply.

A family file has ``DEFINITIONS``: operator name to a function of ``(attrs, *inputs)`` that returns the output and the
number of multiply-accumulates it did. It may have ``BACKWARD``: operator name to a function of ``(attrs, grad_y,
*inputs)`` that returns the gradients, and the multiply-accumulates of that of the first tensor and of the second.
It may have ``GRADIENTS``: operator name and input to such a function that returns the gradient of that input alone, and
all of the work that it takes.
"""

import importlib
import pkgutil
from collections.abc import Callable
from typing import Any

_MODULES = [importlib.import_module(info.name) for info in pkgutil.walk_packages(__path__, f"{__name__}.")]

DEFINITIONS: dict[str, Callable[..., tuple[Any, int]]] = {
    name: definition for module in _MODULES for name, definition in getattr(module, "DEFINITIONS", {}).items()
}
BACKWARD: dict[str, Callable[..., tuple[Any, list[int]]]] = {
    name: definition for module in _MODULES for name, definition in getattr(module, "BACKWARD", {}).items()
}
GRADIENTS: dict[tuple[str, str], Callable[..., tuple[Any, Any]]] = {
    slot: definition for module in _MODULES for slot, definition in getattr(module, "GRADIENTS", {}).items()
}
