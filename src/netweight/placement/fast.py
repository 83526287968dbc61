"""The search as machine code, where Numba is installed: the same functions, the same answers."""

from __future__ import annotations

from functools import cache
from importlib.util import find_spec
from typing import Any

from netweight.placement import kernel


def is_fast() -> bool:
    """Whether Numba is installed."""
    return find_spec("numba") is not None


@cache
def compiled() -> dict[str, Any]:
    """Arguments ``search`` and ``table`` of ``fit_under``; those that stand without Numba where there is none.

    Compiling takes some seconds once on a machine: the machine code is kept beside the Python file.
    """
    if not is_fast():
        return {}
    import numba
    import numpy as np
    from numba.extending import register_jitable

    for helper in kernel.HELPERS:
        register_jitable(helper)
    search = numba.njit(cache=True, error_model="numpy")(kernel.search)
    return {"search": search, "table": lambda rows: np.array(rows, dtype=np.int64)}
