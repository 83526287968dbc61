"""Forwards that are called with other arguments than they take: too few, too many, a tensor in the place of a dict."""

from __future__ import annotations

import ast
import inspect
import linecache
from collections.abc import Iterator, Sequence
from types import CodeType

import torch
from torch import nn

from netweight.ir import TensorSpec
from netweight.results.fault import Line
from netweight.sources.size_origins import sizes
from netweight.sources.torch.dtypes import torch_dtype
from netweight.sources.torch.faults.lines import line_at, own_frame
from netweight.sources.torch.faults.missing import Taken
from netweight.sources.torch.faults.rules.types import short_type


def forward_line(module: nn.Module) -> tuple[Line, ...]:
    """The line on which a module's forward begins; none where no file has it."""
    code = getattr(getattr(type(module), "forward", None), "__code__", None)
    return (line_at(code.co_filename, code.co_firstlineno),) if isinstance(code, CodeType) else ()


def is_of_the_call(error: BaseException) -> bool:
    """Whether Python refuses the call itself: arguments are missing, or too many, or have other names."""
    says = ("required positional argument", "positional arguments but", "positional argument but", "unexpected keyword")
    return isinstance(error, TypeError) and any(part in str(error) for part in says)


def inputs_that_fit(module: nn.Module, taken: Taken) -> list[str]:
    """What the forward of a model takes, as inputs of the command; with sizes, where some that it takes are found."""
    try:
        parameters = list(inspect.signature(module.forward).parameters.values())
    except (TypeError, ValueError):
        return []
    usual = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD, inspect.Parameter.KEYWORD_ONLY)
    needed = [one.name for one in parameters if one.kind in usual and one.default is one.empty]
    if not needed:
        return []
    asked = f"an input for each of {', '.join(needed)}" if len(needed) > 1 else "one input"
    specs = taken() or {}
    if set(specs) == set(needed):
        return [f"{asked}, such as {' '.join(map(_flag, needed, map(specs.__getitem__, needed)))}"]
    return [f"{asked}: {' '.join(f'--input {name}:SHAPE' for name in needed)}"]


def _flag(name: str, spec: TensorSpec) -> str:
    kind = "" if spec.dtype == "float32" else f":{short_type(torch_dtype(spec.dtype))}"
    return f"--input {name}:{sizes(spec.shape) if spec.shape else 'scalar'}{kind}"


def keys_wanted(error: BaseException) -> tuple[list[str], list[str]]:
    """Why and what to give where a tensor stands for a dict; empty where none does."""
    found = own_frame(error)
    if found is None or not isinstance(error, TypeError | IndexError | KeyError):
        return [], []
    frame, line = found
    tree = _tree(frame.f_code.co_filename)
    for name, _ in _keys(_on_line(tree, line)):
        value = frame.f_locals.get(name)
        if isinstance(value, torch.Tensor):
            keys = dict.fromkeys(key for other, key in _keys(_in_function(tree, line)) if other == name)
            shown = ", ".join(map(repr, keys))
            shape = sizes(value.shape) if len(keys) == 1 and value.dim() else "SHAPE"
            return (
                [f"{name} is a tensor, {sizes(value.shape)}, and is asked for {shown}: it wants a dict"],
                [" ".join(f"--input {name}.{key}:{shape}" for key in keys)],
            )
    return [], []


def keys_of(module: nn.Module, name: str) -> list[str]:
    """Names that a module's forward asks one of its arguments for, as of a dict."""
    code = getattr(getattr(type(module), "forward", None), "__code__", None)
    if not isinstance(code, CodeType):
        return []
    nodes = _in_function(_tree(code.co_filename), code.co_firstlineno)
    return [key for holder, key in _keys(nodes) if holder == name]


def _tree(file: str) -> ast.AST:
    try:
        return ast.parse("".join(linecache.getlines(file)))
    except (SyntaxError, ValueError):
        return ast.Module(body=[], type_ignores=[])


def _on_line(tree: ast.AST, line: int) -> list[ast.AST]:
    return [node for node in ast.walk(tree) if getattr(node, "lineno", 0) <= line <= getattr(node, "end_lineno", 0)]


def _in_function(tree: ast.AST, line: int) -> list[ast.AST]:
    functions = [node for node in _on_line(tree, line) if isinstance(node, ast.FunctionDef)]
    return list(ast.walk(functions[-1])) if functions else []


def _keys(nodes: Sequence[ast.AST]) -> Iterator[tuple[str, str]]:
    """Variables that are asked for a name, and the name."""
    for node in nodes:
        if isinstance(node, ast.Subscript) and isinstance(node.value, ast.Name):
            key = getattr(node.slice, "value", None)
            if isinstance(key, str):
                yield node.value.id, key
