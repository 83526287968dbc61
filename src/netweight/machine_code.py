"""Functions as machine code, by Numba where that is installed."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from importlib.util import find_spec
from typing import Any


@cache
def is_installed() -> bool:
    """Whether Numba is there."""
    return find_spec("numba") is not None


def compiled(function: Callable[..., Any], **options: Any) -> Any:
    """The function, which its first call compiles; the machine code is kept on disk for later processes.

    It is found again only where the function's closure holds plain values: other compiled functions there have another
    identity in each process. Where no folder can be written to, each process compiles anew.

    Args:
        function: What Numba can compile.
        options: Of ``numba.njit``.
    """
    from numba import njit

    try:
        return njit(cache=True, **options)(function)
    except RuntimeError:  # no folder for the cache
        return njit(**options)(function)
