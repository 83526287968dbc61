"""NumPy, imported when first touched: weighing a network needs no array, and NumPy is most of a cold start.

Types of arrays come from here too, so that nobody else has to name NumPy.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeAlias

from netweight.lazy_modules import LazyModule

__all__ = ["Array", "np"]


if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray
else:
    np = LazyModule("numpy")

Array: TypeAlias = "NDArray[Any]"
