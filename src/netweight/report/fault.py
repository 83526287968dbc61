"""A fault in lines: what, where, why, and what to do."""

from __future__ import annotations

from netweight.results.fault import Fault

_LONGEST_MESSAGE = 300


def fault_lines(fault: Fault) -> list[str]:
    """The error, the lines of code, what led to it and the changes that fit, a line for each."""
    return [
        f"error[E104]: {_place(fault)} raised {said(fault)}",
        *(f"  --> {line}" for line in fault.lines),
        *(f"  why: {text}" for text in fault.why),
        *(f"  fix: {text}" for text in fault.fixes),
    ]


def said(fault: Fault) -> str:
    """Class and message of the error, as one line.

    >>> said(Fault(error="AssertionError", message=""))
    'AssertionError'
    """
    message = " ".join(fault.message.split())
    if len(message) > _LONGEST_MESSAGE:
        message = f"{message[:_LONGEST_MESSAGE]}…"
    return f"{fault.error}: {message}" if message else fault.error


def _place(fault: Fault) -> str:
    """Layer and what it is, "the model" for the model itself."""
    kind = f" ({fault.kind})" if fault.kind else ""
    return f"{fault.layer}{kind}" if fault.layer else (fault.kind or "the model")
