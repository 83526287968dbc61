"""A model whose own code failed, as the error of what needs all of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from netweight.errors import CaptureError

if TYPE_CHECKING:
    from netweight.results.fault import Fault


def refused(expected: str, fault: Fault, after: str = "") -> CaptureError:
    """The error that says where and why the model failed.

    Args:
        expected: What was to happen: ``"capture: expected the module to run to its end"``.
        fault: What happened instead.
        after: What to say behind it.
    """
    from netweight.report.fault import said

    place = f" at {fault.layer}" if fault.layer else " at the model's own forward"
    error = CaptureError(
        f"{expected}, got {said(fault)}{place}{after}", why="\n".join(fault.why), fix="\n".join(fault.fixes)
    )
    for line in fault.lines:
        error.add_note(str(line))
    return error
