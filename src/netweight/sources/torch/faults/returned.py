"""Modules that return something else than the one tensor that the line after them wants: a tuple, or nothing."""

from __future__ import annotations

import ast
import linecache
from collections.abc import Iterator, Mapping
from types import FrameType
from typing import Any

import torch
from torch import nn

from netweight.sources.size_origins import sizes
from netweight.sources.torch.faults.arguments import forward_line
from netweight.sources.torch.faults.described import described
from netweight.sources.torch.faults.lines import own_frame, shown_file
from netweight.sources.torch.faults.values import expressions, value_of

_WITH_STATE = {nn.LSTM: "the output and (h, c)", nn.RNNBase: "the output and h", nn.LSTMCell: "h and c"}
_PARTS = {**_WITH_STATE, nn.MultiheadAttention: "the output and the weights of attention"}


def parts_wanted(error: BaseException) -> tuple[list[str], list[str]]:
    """Which tuple, or None, stands where a tensor is wanted, and how to take what is wanted; empty where none does.

    Args:
        error: What a forward raised.
    """
    found = own_frame(error)
    if found is None or not isinstance(error, TypeError | AttributeError):
        return [], []
    says = str(error)
    if "tuple" in says:
        return _taken(*found)
    return _missing(*found) if "NoneType" in says else ([], [])


def part_before(layer: str, modules: Mapping[str, nn.Module]) -> tuple[list[str], list[str]]:
    """Which module before a layer of a ``Sequential`` returns a tuple; empty where none does.

    Args:
        layer: Path of the layer that refused its input.
        modules: Every module by its path.
    """
    outer, _, name = layer.rpartition(".")
    sequence = modules.get(outer)
    if not isinstance(sequence, nn.Sequential) or name not in sequence._modules:
        return [], []
    names = list(sequence._modules)
    before = names[max(names.index(name) - 1, 0)]
    returned = _returned(sequence._modules[before])
    path = f"{outer}.{before}" if outer else before
    if not returned:
        return [], []
    fix = f"a module of your own between {path} and {layer} that returns x[0]; a Sequential hands on the whole tuple"
    return [returned.removeprefix("; ")], [fix]


def _taken(frame: FrameType, line: int) -> tuple[list[str], list[str]]:
    """The tuples that names on a line are, or that calls nested in it return."""
    for name, value in _values(frame, line, tuple):
        first = next((part for part in value if isinstance(part, torch.Tensor)), None)
        if first is None:
            continue
        why = f"{name} is a tuple of {len(value)}, not a tensor; its first is {sizes(first.shape)}"
        made = _assignment(frame, line, name)
        if made is None:
            return [why], [f"{name}[0] is the first of them"]
        module, rest = _module(made.value, frame.f_locals), "_" if len(value) == 2 else "*_"
        place = f"{shown_file(frame.f_code.co_filename)}:{made.lineno}"
        return [f"{why}{_returned(module)}"], [f"{name}, {rest} = {ast.unparse(made.value)} at {place}"]
    for call in _nested_calls(frame, line):
        module = _module(call, frame.f_locals)
        if returned := _returned(module):
            return [returned.removeprefix("; ")], [f"{ast.unparse(call)}[0] is the output alone"]
    return [], []


def _missing(frame: FrameType, line: int) -> tuple[list[str], list[str]]:
    """The names on a line that are None because a forward returned nothing."""
    for name, _ in _values(frame, line, type(None)):
        made = _assignment(frame, line, name)
        module = _module(made.value, frame.f_locals) if made is not None else None
        if made is not None and module is not None:
            (place,) = forward_line(module) or (None,)
            at = f" at {place.file}:{place.line}" if place is not None else ""
            what = f"{type(module).__name__}.forward{at}"
            return [f"{name} is None: {ast.unparse(made.value)} returned nothing"], [f"a return at the end of {what}"]
    return [], []


def _values(frame: FrameType, line: int, kind: type) -> Iterator[tuple[str, Any]]:
    for node in expressions(frame, line, ast.Name):
        value = frame.f_locals.get(ast.unparse(node), ...)
        if isinstance(value, kind):
            yield ast.unparse(node), value


def _assignment(frame: FrameType, line: int, name: str) -> ast.Assign | None:
    """The last statement before a line that gives a variable what a call returns."""
    code = frame.f_code
    try:
        tree = ast.parse("".join(linecache.getlines(code.co_filename)))
    except (SyntaxError, ValueError):
        return None
    found = [
        node for node in ast.walk(tree)
        if isinstance(node, ast.Assign) and code.co_firstlineno <= node.lineno <= line
        and isinstance(node.value, ast.Call) and [ast.unparse(target) for target in node.targets] == [name]
    ]  # fmt: skip
    return max(found, key=lambda node: node.lineno, default=None)


def _nested_calls(frame: FrameType, line: int) -> Iterator[ast.Call]:
    """Calls whose result is the argument of another, or an operand."""
    for node in expressions(frame, line, ast.Call):
        assert isinstance(node, ast.Call)
        yield from (argument for argument in node.args if isinstance(argument, ast.Call))
    for node in expressions(frame, line, ast.BinOp):
        assert isinstance(node, ast.BinOp)
        yield from (operand for operand in (node.left, node.right) if isinstance(operand, ast.Call))


def _module(call: ast.expr, known: Mapping[str, Any]) -> nn.Module | None:
    """The module that an expression calls; None if it calls none."""
    if not isinstance(call, ast.Call):
        return None
    try:
        called = value_of(call.func, known)
    except LookupError:
        return None
    return called if isinstance(called, nn.Module) else None


def _returned(module: nn.Module | None) -> str:
    """What a module of PyTorch returns that is no tensor; empty of any other."""
    parts = next((text for kind, text in _PARTS.items() if isinstance(module, kind)), "")
    return f"; {described(module)} returns {parts}" if module is not None and parts else ""
