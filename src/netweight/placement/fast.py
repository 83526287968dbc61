"""The search as machine code, where Numba is installed: the same functions, the same answers."""

from __future__ import annotations

from functools import cache
from typing import Any

from netweight import machine_code
from netweight.placement import kernel


def is_fast() -> bool:
    """Whether Numba is installed."""
    return machine_code.is_installed()


@cache
def compiled() -> dict[str, Any]:
    """Arguments ``search`` and ``table`` of ``fit_under``; those that stand without Numba where there is none.

    Compiling takes some seconds once on a machine: the machine code is kept beside the Python file.
    """
    if not is_fast():
        return {}
    import numpy as np
    from numba.extending import register_jitable

    for helper in kernel.HELPERS:
        register_jitable(helper)
    search = machine_code.compiled(kernel.search, error_model="numpy")
    return {"search": search, "table": lambda rows: np.array(rows, dtype=np.int64)}
