"""The engines by name."""

from __future__ import annotations

import importlib

from netweight.engines.engine import Engine
from netweight.errors import unknown_name

_HOMES = {
    "onnxruntime": "onnxruntime:ONNX_RUNTIME",
    "openvino": "openvino:OPENVINO",
    "litert": "litert:LITERT",
    "torch": "pytorch.engine:EAGER",
    "torch-compile": "pytorch.engine:COMPILED",
    "reference": "reference:REFERENCE",
}
ENGINES = tuple(_HOMES)
"""Names of all of them."""


def engine(name: str) -> Engine:
    """The engine of that name; its package is not imported yet.

    Raises:
        UnknownNameError: If there is none.
    """
    if name not in _HOMES:
        raise unknown_name("engine", name, ENGINES, fix=f"known: {', '.join(ENGINES)}")
    module, _, attribute = _HOMES[name].partition(":")
    found: Engine = getattr(importlib.import_module(f"netweight.engines.{module}"), attribute)
    return found
