"""How much a model of somebody else's may take: each limit has a name, is said where it is met, and can be raised.

>>> from netweight import limits
>>> with limits.raised(file="2GB"):
...     limits.of("file")
2000000000
>>> limits.of("file")
67108864
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar

from netweight.errors import Either, unknown_name
from netweight.units import parse, scaled

DEFAULTS: Mapping[str, int] = {
    "file": 64 << 20, "steps": 200_000, "work": 10**12, "memory": 4 << 30,
    "buffers": 200_000,
}  # fmt: skip
"""Amount of each: bytes of a JSON file; and in a run calls of operators, work of one, bytes of arrays;
and rows of a CSV of buffers."""

_BYTES = ("file", "memory")
_chosen: ContextVar[Mapping[str, int]] = ContextVar("limits", default=DEFAULTS)


def of(name: str) -> int:
    """The limit of that name that holds now."""
    return _chosen.get()[name]


def text(name: str) -> str:
    """As ``of``, for a message.

    >>> text("file")
    '67.1 MB'
    """
    return scaled(of(name), "B" if name in _BYTES else "")


def fix(name: str, *, needed: str = "") -> str:
    """What to do where a limit is met: ``needed`` is an amount that would do."""
    amount = needed or "AMOUNT"
    return Either(f"with netweight.limits.raised({name}={amount}): ...", f"--limit {name}={amount}")


@contextmanager
def raised(**amounts: int | str) -> Iterator[None]:
    """Other limits in this block, and in what it calls: whole numbers or texts such as ``"4GB"``.

    Raises:
        UsageError: If there is no limit of that name, or a text is no amount.
    """
    for name in amounts:
        if name not in DEFAULTS:
            raise unknown_name("limit", name, DEFAULTS, fix=f"known: {', '.join(DEFAULTS)}")
    numbers = {name: parse(amount) if isinstance(amount, str) else amount for name, amount in amounts.items()}
    before = _chosen.set({**_chosen.get(), **numbers})
    try:
        yield
    finally:
        _chosen.reset(before)
