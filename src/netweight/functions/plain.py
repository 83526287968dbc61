"""Functions that are one operator of the table: its inputs, then its attributes.

They are made from the table when they are first asked for: ``from netweight.functions.plain import softplus``.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from dataclasses import MISSING, Field, fields
from functools import cache
from typing import Any

from netweight.index import FUNCTIONS
from netweight.ops.table import REGISTRY

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
    signature = _signature(op.inputs, settings)
    count = len(op.inputs)

    def function(rec: Any, *args: Any, **kwargs: Any) -> Any:
        if kwargs or len(args) != count or op.attrs is not None:
            args = signature.bind(rec, *args, **kwargs).args[1:]
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


def _signature(inputs: tuple[str, ...], settings: tuple[Field[Any], ...]) -> inspect.Signature:
    def parameter(name: str, annotation: str, default: Any = inspect.Parameter.empty) -> inspect.Parameter:
        return inspect.Parameter(name, inspect.Parameter.POSITIONAL_OR_KEYWORD, annotation=annotation, default=default)

    tensors = [parameter("rec", "Recorder"), *(parameter(slot, "T") for slot in inputs)]
    numbers = [
        parameter(s.name, str(s.type), inspect.Parameter.empty if s.default is MISSING else s.default) for s in settings
    ]
    return inspect.Signature([*tensors, *numbers], return_annotation="T")
