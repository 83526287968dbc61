"""What PyTorch computes for the same attributes and inputs: forwards and gradients by code we did not write.

A family file has ``WITNESSES``: operator name to a function of ``(attrs, *tensors)`` that returns the output,
or a tuple of outputs, as float64 tensors that gradients flow through. It may have ``NARROWED``: operator name to the
cases that PyTorch has, where it does not have all. It may have ``UP_TO_SIGN``: operator name to PyTorch's
factors, which may have other signs than ours, and to what does not change with the signs. An operator whose ATen names
the table gives (``Spelled``) needs no entry: its witness is PyTorch's function of one of these names, with the settings
of the operator.
"""

import importlib
import pkgutil
from collections.abc import Callable
from dataclasses import fields
from typing import Any

import torch
import torch.nn.functional as F  # noqa: N812

from netweight.index import ATEN

_FAMILIES = [
    importlib.import_module(info.name) for info in pkgutil.walk_packages(__path__, f"{__name__}.") if not info.ispkg
]


def _of_that_name(name: str) -> Callable[..., Any]:
    names = sorted((aten.partition(".")[0] for aten in ATEN[name].split()), key=lambda aten: aten != name)
    function = next(getattr(place, aten) for aten in names for place in (F, torch) if hasattr(place, aten))

    def witness(attrs: Any, *tensors: Any) -> Any:
        return function(*tensors, **({} if attrs is None else {f.name: getattr(attrs, f.name) for f in fields(attrs)}))

    return witness


WITNESSES: dict[str, Callable[..., Any]] = {name: _of_that_name(name) for name in ATEN} | {
    name: witness for family in _FAMILIES for name, witness in family.WITNESSES.items()
}
NARROWED: dict[str, Any] = {
    name: cases for family in _FAMILIES for name, cases in getattr(family, "NARROWED", {}).items()
}
UP_TO_SIGN: dict[str, tuple[Callable[..., Any], Callable[..., Any]]] = {
    name: pair for family in _FAMILIES for name, pair in getattr(family, "UP_TO_SIGN", {}).items()
}
