"""Functions that are one operator of the table: its inputs, then its attributes.

They are made from the table when they are first asked for: ``from netweight.functions.plain import softplus``.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from dataclasses import MISSING, Field, fields
from functools import cache
from itertools import takewhile
from typing import Any

from netweight.index import FUNCTIONS
from netweight.ops.table import REGISTRY, OpDef

_OFFERED = frozenset(FUNCTIONS.get("functions.plain", "").split())


def __getattr__(name: str) -> Callable[..., Any]:
    if name not in _OFFERED:
        raise AttributeError(f"module 'netweight.functions.plain' has no attribute {name!r}")
    return function_of(name)


@cache
def function_of(name: str) -> Callable[..., Any]:
    """The function that an operator is; numbers given for its attributes become floating where those are."""
    op = REGISTRY[name]
    settings: tuple[Field[Any], ...] = () if op.attrs is None else fields(op.attrs)
    floating = {setting.name for setting in settings if setting.type == "float"}
    signature = _signature(op, settings)
    count = len(op.inputs)

    def function(rec: Any, *args: Any, **kwargs: Any) -> Any:
        if kwargs or len(args) != count or op.attrs is not None:
            bound = signature.bind(rec, *args, **kwargs)
            bound.apply_defaults()
            args = bound.args[1:]
        attrs = None
        if op.attrs is not None:
            given = zip((setting.name for setting in settings), args[count:], strict=False)
            attrs = op.attrs(**{key: float(value) if key in floating else value for key, value in given})
        return rec.op(name, attrs, *args[:count])

    function.__name__ = function.__qualname__ = name
    function.__doc__ = op.says
    function.__module__ = __name__
    function.__signature__ = signature  # type: ignore[attr-defined]
    return function


def _signature(op: OpDef, settings: tuple[Field[Any], ...]) -> inspect.Signature:
    """Tensors, then settings; tensors that the shape rule takes None for may be left out if nothing must follow."""

    def parameter(name: str, annotation: str, default: Any = inspect.Parameter.empty) -> inspect.Parameter:
        return inspect.Parameter(name, inspect.Parameter.POSITIONAL_OR_KEYWORD, annotation=annotation, default=default)

    optional: set[str] = set()
    if all(s.default is not MISSING for s in settings):
        optional = set(takewhile(_may_be_none(op).__contains__, reversed(op.inputs)))
    tensors = [
        parameter("rec", "Recorder"),
        *(parameter(slot, "T | None", None) if slot in optional else parameter(slot, "T") for slot in op.inputs),
    ]
    numbers = [
        parameter(s.name, str(s.type), inspect.Parameter.empty if s.default is MISSING else s.default) for s in settings
    ]
    return inspect.Signature([*tensors, *numbers], return_annotation="T")


def _may_be_none(op: OpDef) -> set[str]:
    """Tensors that the shape rule takes None for, as its annotations say; none where it takes any number of them."""
    rules = list(inspect.signature(op.shape).parameters.values())[1:]
    return {r.name for r in rules if r.kind is r.POSITIONAL_OR_KEYWORD and str(r.annotation).endswith("| None")}
