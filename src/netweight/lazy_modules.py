"""Modules of the standard library that are imported when first touched: ``netweight alexnet`` needs none of them."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

__all__ = ["LazyModule", "fractions", "json", "textwrap"]


class LazyModule:
    """Stands in for a module and imports it at the first attribute access."""

    def __init__(self, name: str) -> None:
        self._name = name

    def __getattr__(self, attribute: str) -> Any:
        value = getattr(importlib.import_module(self._name), attribute)
        setattr(self, attribute, value)  # the next access does not come here
        return value


if TYPE_CHECKING:
    import fractions
    import json
    import textwrap
else:
    fractions, json, textwrap = map(LazyModule, ("fractions", "json", "textwrap"))
