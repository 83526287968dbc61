"""What a user set of an operator: the attributes of a call, and the size of its kernel."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import fields, is_dataclass
from functools import cache
from math import isfinite
from operator import attrgetter
from typing import Any

from netweight.ir import TensorSpec
from netweight.ops import OpDef

_NONE: Mapping[str, Any] = {}


def settings_of(definition: OpDef | None, attrs: Any, specs: Sequence[TensorSpec | None]) -> Mapping[str, Any]:
    """Settings of a call by name: numbers, words, and tuples of them, one entry per spatial dimension."""
    if definition is None or attrs is None:
        return _NONE
    if definition.kind == "custom":
        return dict(attrs.settings)
    settings = _reader(attrs.__class__)(attrs)
    dims = definition.dims.get("weight")
    if dims and dims.endswith(" *k"):
        weight = specs[definition.inputs.index("weight")]
        return settings if weight is None else {"kernel_size": weight.shape[2:], **settings}
    return settings


@cache
def _reader(kind: type) -> Callable[[Any], dict[str, Any]]:
    """Function that gives the settings of attributes of the class; infinite numbers are words, as JSON has none."""
    found = fields(kind) if is_dataclass(kind) else ()
    names = tuple(f.name for f in found)
    if len(names) < 2:  # an attrgetter of one name gives no tuple
        return lambda attrs: {name: _finite(getattr(attrs, name)) for name in names}
    get = attrgetter(*names)
    if not any("float" in str(f.type) for f in found):
        return lambda attrs: dict(zip(names, get(attrs), strict=True))
    return lambda attrs: {name: _finite(value) for name, value in zip(names, get(attrs), strict=True)}


def _finite(value: Any) -> Any:
    return str(value) if value.__class__ is float and not isfinite(value) else value
