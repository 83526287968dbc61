"""What an operator of the table does, with the places of its rules."""

from __future__ import annotations

import ast
import inspect
import re
import sys
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import Any

from netweight.app.operator_curve import curve_of
from netweight.app.operator_rules import counted, sentence_of, spoken
from netweight.errors import unknown_name
from netweight.index import FUNCTIONS, OPERATORS, homes
from netweight.ops import REGISTRY, OpDef
from netweight.report.explain.operator import OperatorExplanation, Rule

_ROOT = Path(__file__).resolve().parents[2]
_LONGEST = 30  # lines of a rule that are shown
_RULES = ("shape", "cost", "forward", "backward", "backward_cost")
_WITH_CODE = frozenset({"shape", "cost"})


def explain_operator(name: str) -> OperatorExplanation:
    """What an operator does, and where its rules are written.

    Args:
        name: Name in the table, or of a function of ``netweight.build``, or in PyTorch or ONNX.

    Raises:
        UnknownNameError: If there is no such operator.
    """
    op = REGISTRY[_found(name)]
    aten, onnx = op.spelled.aten, op.spelled.onnx
    return OperatorExplanation(
        name=op.name,
        kind=op.kind,
        says=spoken(op.says) or sentence_of(op.forward),
        counted=counted(op),
        inputs=op.inputs,
        settings=tuple(_settings(op)),
        place=_place_of_definition(op),
        rules=tuple(_rule(op, rule) for rule in _RULES if op.differentiable or not rule.startswith("backward")),
        keeps=tuple(op.saves),
        view=op.view,
        elsewhere=tuple((where, text) for where, text in (("PyTorch", aten), ("ONNX", onnx)) if text),
        curve=curve_of(op),
    )


def _found(name: str) -> str:
    """Name in the table.

    Raises:
        UnknownNameError: If there is none.
    """
    wanted = re.sub(r"[^a-z0-9]", "", name.strip().removeprefix("aten.").removeprefix("aten::").lower())
    names = _names()
    if wanted in names:
        return names[wanted]
    bare = wanted.rstrip("123d") if wanted.endswith("d") else wanted
    if bare in names:
        return names[bare]
    raise unknown_name("operator", name, [*REGISTRY], fix="netweight explain operator says what they are")


@cache
def _names() -> dict[str, str]:
    """Names without underscores to operators: of functions, of PyTorch and ONNX where they are the same, our own."""
    spelled = {name: name for name in homes(OPERATORS)}
    for function in homes(FUNCTIONS):
        bare = function.rstrip("123d") if function.endswith("d") else function
        if bare in spelled:
            spelled.setdefault(function, bare)
    for name in list(spelled.values()):
        op = REGISTRY[name]
        for other in (*op.spelled.aten.split(), op.spelled.onnx):
            if other:
                spelled.setdefault(other.lower(), name)
    return {re.sub(r"[^a-z0-9]", "", key): value for key, value in spelled.items()}


def _settings(op: OpDef) -> Iterator[tuple[str, str]]:
    """Names of the attributes, and what their class says of each."""
    text = inspect.getdoc(op.attrs) if op.attrs is not None else None
    _, _, listed = (text or "").partition("Attributes:\n")
    for entry in re.split(r"\n    (?=\w)", f"\n{listed}"):
        name, colon, meaning = entry.partition(":")
        if colon and name.strip().isidentifier():
            yield name.strip(), spoken(meaning)


def _rule(op: OpDef, name: str) -> Rule:
    rule = inspect.unwrap(getattr(op, name))
    says = sentence_of(rule)
    if not inspect.isfunction(rule) or "<" in rule.__qualname__:
        return Rule(name=name.replace("_", " "), says=says, place=_place_of_definition(op))
    lines, first = inspect.getsourcelines(rule)
    code = "".join(lines) if name in _WITH_CODE and len(lines) <= _LONGEST else ""
    return Rule(name=name.replace("_", " "), says="" if code else says, place=_place(rule, first), code=code)


def _place(rule: Callable[..., Any], line: int) -> str:
    return f"{_shown(Path(inspect.getsourcefile(rule) or ''))}:{line}"


def _place_of_definition(op: OpDef) -> str:
    """File and line of the statement that adds the operator to the table."""
    path, statement = _definition(op)
    return f"{_shown(path)}:{statement.lineno}" if statement is not None else _shown(path)


def _definition(op: OpDef) -> tuple[Path, ast.stmt | None]:
    """File of an operator, and the statement in it that names the operator first."""
    home = REGISTRY.homes.get(op.name)
    module = sys.modules[home if home is not None else op.forward.__module__]
    path = Path(inspect.getsourcefile(module) or "")
    for statement in _statements(path):
        calls = (node for node in ast.walk(statement) if isinstance(node, ast.Call))
        if not isinstance(statement, ast.FunctionDef) and any(_names_it(call, op.name) for call in calls):
            return path, statement
    return path, None


@cache
def _statements(path: Path) -> list[ast.stmt]:
    return ast.parse(path.read_text(encoding="utf-8")).body


def _names_it(call: ast.Call, name: str) -> bool:
    given = [*call.args[:1], *(keyword.value for keyword in call.keywords if keyword.arg in ("name", "op"))]
    return any(isinstance(part, ast.Constant) and part.value == name for part in given)


def _shown(path: Path) -> str:
    return (path.relative_to(_ROOT) if path.is_relative_to(_ROOT) else path).as_posix()
