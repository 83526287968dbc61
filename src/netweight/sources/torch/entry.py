"""Which method of a module is weighed: ``forward``, or another that the user names."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

import torch

from netweight.errors import UsageError, unknown_name


def entry_of(module: torch.nn.Module, method: str) -> Callable[..., Any]:
    """What is called: the module itself for ``forward``, else its method of that name.

    Raises:
        UsageError: If the module has no forward, or no such method.
    """
    if method == "forward":
        if getattr(type(module), "forward", None) is torch.nn.Module.forward and "forward" not in vars(module):
            others = _own_methods(module)
            fix = f"--method {others[0]} weighs another method" if others else ""
            raise UsageError(f"capture: expected {type(module).__name__} to have a forward, got none", fix=fix)
        return module
    found = getattr(module, method, None)
    if not callable(found) or isinstance(found, torch.nn.Module | type):
        own = _own_methods(module)
        fix = f"its own methods are {', '.join(own[:6])}" if own else ""
        raise unknown_name(f"method of {type(module).__name__}", method, own, fix=fix)
    entry: Callable[..., Any] = found
    return entry


def parameters_of_entry(module: torch.nn.Module, method: str) -> list[inspect.Parameter]:
    """What the method takes, without ``self``; nothing is known of a forward without a signature, as scripts have."""
    try:
        return list(inspect.signature(getattr(module, method)).parameters.values())
    except (TypeError, ValueError, AttributeError):
        return []


def _own_methods(module: torch.nn.Module) -> list[str]:
    """Public methods that the module's author wrote, ``forward`` first."""
    bases = [base for base in type(module).__mro__ if not base.__module__.startswith(("torch.", "builtins"))]
    names = [name for base in bases for name, value in vars(base).items() if inspect.isfunction(value)]
    public = [name for name in dict.fromkeys(names) if not name.startswith("_")]
    return sorted(public, key=lambda name: name != "forward")
