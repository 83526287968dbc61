"""What PyTorch computes for the same attributes and inputs: forwards and gradients by code we did not write.

A family file has ``WITNESSES``: operator name to a function of ``(attrs, *tensors)`` that returns the output,
or a tuple of outputs, as float64 tensors that gradients flow through.
"""

import importlib
import pkgutil
from collections.abc import Callable
from typing import Any

WITNESSES: dict[str, Callable[..., Any]] = {
    name: witness
    for info in pkgutil.walk_packages(__path__, f"{__name__}.")
    if not info.ispkg
    for name, witness in importlib.import_module(info.name).WITNESSES.items()
}
