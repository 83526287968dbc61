"""The line on which a module is made: ``self.head = nn.Linear(26, 1)``."""

from __future__ import annotations

import ast
import inspect
import textwrap
from collections.abc import Mapping

from torch import nn

from netweight.sources.torch.faults.lines import is_own, shown_file


def made_at(path: str, modules: Mapping[str, nn.Module]) -> str:
    """File and line on which the class around a module gives it its name; empty if no line of the user's does.

    Args:
        path: Path of the module.
        modules: Every module by its path.
    """
    outer, _, name = path.rpartition(".")
    while path:
        parent = modules.get(outer)
        for kind in type(parent).__mro__ if parent is not None else ():
            if found := _assigned(kind, name):
                return found
        path = outer
        outer, _, name = path.rpartition(".")
    return ""


def _assigned(kind: type, name: str) -> str:
    """Where a class assigns to ``self.name``."""
    if kind.__module__.startswith(("torch.", "builtins")):
        return ""
    try:
        lines, first = inspect.getsourcelines(kind)
        file = inspect.getsourcefile(kind) or ""
        tree = ast.parse(textwrap.dedent("".join(lines)))
    except (OSError, TypeError, SyntaxError):
        return ""
    found = [node.lineno for node in ast.walk(tree) if isinstance(node, ast.Assign) and _names(node, name)]
    return f"{shown_file(file)}:{first + found[0] - 1}" if found and is_own(file) else ""


def _names(node: ast.Assign, name: str) -> bool:
    return any(
        isinstance(target, ast.Attribute) and target.attr == name and isinstance(target.value, ast.Name)
        for target in node.targets
    )
