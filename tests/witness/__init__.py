"""What PyTorch computes for the same attributes and inputs: forwards and gradients by code we did not write.

A family file has ``WITNESSES``: operator name to a function of ``(attrs, *tensors)`` that returns the output,
or a tuple of outputs, as float64 tensors that gradients flow through. It may have ``NARROWED``: operator name to the
cases that PyTorch has, where it does not have all.
"""

import importlib
import pkgutil
from collections.abc import Callable
from typing import Any

_FAMILIES = [
    importlib.import_module(info.name) for info in pkgutil.walk_packages(__path__, f"{__name__}.") if not info.ispkg
]
WITNESSES: dict[str, Callable[..., Any]] = {
    name: witness for family in _FAMILIES for name, witness in family.WITNESSES.items()
}
NARROWED: dict[str, Any] = {
    name: cases for family in _FAMILIES for name, cases in getattr(family, "NARROWED", {}).items()
}
