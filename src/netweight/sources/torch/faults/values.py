"""What names on the line that raised were: ``t = 512, self.block = 64``."""

from __future__ import annotations

import ast
import linecache
from collections.abc import Iterator, Mapping
from types import FrameType
from typing import Any

import torch

from netweight.sources.size_origins import sizes
from netweight.sources.torch.faults.lines import own_frame

_MOST = 6
NOTHING: Mapping[str, Any] = {}
"""Attributes of what has none of its own."""
_LONGEST = 60


def values_in(error: BaseException) -> list[str]:
    """A sentence on the numbers, shapes and keys that the line which raised names; none if it names none."""
    found = own_frame(error)
    if found is None:
        return []
    frame, line = found
    told = dict(_told(frame, expressions(frame, line, ast.Name, ast.Attribute)))
    return [", ".join(f"{name} = {value}" for name, value in list(told.items())[:_MOST])] if told else []


def local_names(error: BaseException, bindings: Mapping[int, Any]) -> dict[str, str]:
    """What the user's code calls values of the graph where it raised.

    Args:
        error: What was raised.
        bindings: The value that each live tensor holds, by its ``id``.
    """
    found = own_frame(error)
    held = {} if found is None else found[0].f_locals
    tensors = [(name, bindings.get(id(value))) for name, value in held.items() if isinstance(value, torch.Tensor)]
    return {binding.name: name for name, binding in reversed(tensors) if binding is not None}


def expressions(frame: FrameType, line: int, *kinds: type[ast.expr]) -> Iterator[ast.expr]:
    """Expressions of these kinds in the statement at a line."""
    lines = linecache.getlines(frame.f_code.co_filename, frame.f_globals)
    try:
        tree = ast.parse("".join(lines))
    except (SyntaxError, ValueError):
        return
    statements = [
        node for node in ast.walk(tree)
        if isinstance(node, ast.stmt) and node.lineno <= line <= (node.end_lineno or node.lineno)
    ]  # fmt: skip
    if statements:
        innermost = max(statements, key=lambda node: node.lineno)
        yield from (node for node in ast.walk(innermost) if isinstance(node, kinds))


def _told(frame: FrameType, expressions: Iterator[ast.expr]) -> Iterator[tuple[str, str]]:
    for expression in expressions:
        try:
            value = value_of(expression, frame.f_locals)
        except LookupError:
            continue
        if text := _text(value):
            yield ast.unparse(expression), text


def value_of(expression: ast.expr, known: Mapping[str, Any]) -> Any:
    """Value of a name, an attribute, or a part that a constant names, without running code of the user's.

    Raises:
        LookupError: If it is not found so.
    """
    if isinstance(expression, ast.Name):
        return known[expression.id]
    if isinstance(expression, ast.Subscript) and isinstance(expression.slice, ast.Constant):
        return _part_of(value_of(expression.value, known), expression.slice.value)
    if isinstance(expression, ast.Attribute):
        return _attribute_of(value_of(expression.value, known), expression.attr)
    raise LookupError(ast.unparse(expression))


def _attribute_of(owner: Any, name: str) -> Any:
    """What follows a dot, without running code of the user's.

    Raises:
        LookupError: If it is not found so.
    """
    if isinstance(owner, torch.Tensor):
        return {"shape": owner.shape}[name]
    if isinstance(owner, torch.nn.Module):
        return _part_of_module(owner, name)
    return getattr(owner, "__dict__", NOTHING)[name]


def _part_of_module(module: torch.nn.Module, name: str) -> Any:
    """What a module has under a name: an attribute, a parameter, a buffer or a module in it.

    Raises:
        LookupError: If it has nothing there.
    """
    own = module.__dict__
    return {**own["_modules"], **own["_buffers"], **own["_parameters"], **own}[name]


def _part_of(holder: Any, key: Any) -> Any:
    """What a plain dict, list or tuple has under a key.

    Raises:
        LookupError: If it is another kind of object, or has nothing there.
    """
    if type(holder) is dict or (type(holder) in (list, tuple) and isinstance(key, int)):
        return holder[key]
    raise LookupError(key)


def _text(value: Any) -> str:
    if isinstance(value, torch.Tensor):
        return f"{sizes(value.shape)} {str(value.dtype).removeprefix('torch.')}"
    if isinstance(value, torch.Size):
        return sizes(value)
    if isinstance(value, bool | int | float | str) or value is None:
        return repr(value)[:_LONGEST]
    if isinstance(value, dict) and all(isinstance(key, str) for key in value):
        return f"a dict of {', '.join(map(repr, list(value)[:_MOST]))}"
    if isinstance(value, list | tuple):
        return f"a {type(value).__name__} of {len(value)}"
    return ""
