"""Valid attributes and inputs of every operator, as Hypothesis strategies: one file per family, joined here.

A family file has ``CASES``: operator name to a strategy of ``(attrs, inputs)``; inputs are float64 (or integers where
they are indices), kept away from kinks. It may have ``BATCHED``: operator name to the names of the tensors whose
first dimension counts independent samples. It may have ``LINEAR``: names of operators linear in their first tensor.
It may have ``STRAIGHT_THROUGH``: names of operators whose backward is on purpose not the derivative of their forward.
"""

import importlib
import pkgutil
from typing import Any

import hypothesis.strategies as st

_FAMILIES = [
    importlib.import_module(info.name)
    for info in pkgutil.walk_packages(__path__, f"{__name__}.")
    if not info.ispkg and info.name not in (f"{__name__}.draws", f"{__name__}.shared")
]

CASES: dict[str, st.SearchStrategy[Any]] = {name: case for family in _FAMILIES for name, case in family.CASES.items()}
BATCHED: dict[str, tuple[str, ...]] = {
    name: slots for family in _FAMILIES for name, slots in getattr(family, "BATCHED", {}).items()
}
LINEAR: set[str] = {name for family in _FAMILIES for name in getattr(family, "LINEAR", ())}
STRAIGHT_THROUGH: set[str] = {name for family in _FAMILIES for name in getattr(family, "STRAIGHT_THROUGH", ())}
