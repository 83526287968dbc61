"""Modules that are imported when first touched, as most commands do without them.

NumPy is most of a cold start, and weighing a network needs no array. Types of arrays come from here too, so that nobody
else has to name NumPy. ``netweight alexnet`` needs none of the others.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any, TypeAlias

__all__ = ["Array", "fractions", "json", "np", "textwrap"]


class _LazyModule:
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

    import numpy as np
    from numpy.typing import NDArray
else:
    np = _LazyModule("numpy")
    fractions, json, textwrap = map(_LazyModule, ("fractions", "json", "textwrap"))

Array: TypeAlias = "NDArray[Any]"
