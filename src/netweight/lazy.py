"""NumPy, imported when first touched: weighing a network needs no array, and NumPy is most of a cold start.

Types of arrays come from here too, so that nobody else has to name NumPy.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any, TypeAlias

__all__ = ["Array", "np"]


class _LazyModule:
    """Stands in for a module and imports it at the first attribute access."""

    def __init__(self, name: str) -> None:
        self._name = name

    def __getattr__(self, attribute: str) -> Any:
        value = getattr(importlib.import_module(self._name), attribute)
        setattr(self, attribute, value)  # the next access does not come here
        return value


if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray
else:
    np = _LazyModule("numpy")

Array: TypeAlias = "NDArray[Any]"
