"""What PyTorch is called for each operator: code that we did not write, which tests compare ours with.

A file of a family has ``CALLS``: operator name to a function of ``(attrs, *tensors)`` that returns the output, or a
tuple of outputs, as tensors that gradients flow through. An operator whose ATen names the table gives (``Spelled``)
needs no entry: PyTorch's function of one of these names is called, with the settings of the operator.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable, Iterator
from dataclasses import fields
from types import ModuleType
from typing import Any

import torch
import torch.nn.functional as F  # noqa: N812

from netweight.index import ATEN

Call = Callable[..., Any]


def _families() -> Iterator[ModuleType]:
    for info in pkgutil.walk_packages(__path__, f"{__name__}."):
        if not info.ispkg:
            yield importlib.import_module(info.name)


def _of_that_name(name: str) -> Call:
    names = sorted((aten.partition(".")[0] for aten in ATEN[name].split()), key=lambda aten: aten != name)
    function = next(getattr(place, aten) for aten in names for place in (F, torch) if hasattr(place, aten))

    def call(attrs: Any, *tensors: Any) -> Any:
        return function(*tensors, **({} if attrs is None else {f.name: getattr(attrs, f.name) for f in fields(attrs)}))

    return call


CALLS: dict[str, Call] = {name: _of_that_name(name) for name in ATEN} | {
    name: call for family in _families() for name, call in family.CALLS.items()
}
