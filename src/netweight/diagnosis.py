"""What is installed and usable, found by trying."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """State of one thing netweight can use.

    Attributes:
        name: What it is.
        state: Usable, not there, or there and not working.
        required: Whether netweight needs it.
        detail: Version, or why not and what to do.
    """

    name: str
    state: Literal["usable", "missing", "broken"]
    required: bool
    detail: str


_REQUIRED = ("numpy", "click", "rich")
_OPTIONAL = {"pandas": "Profile.to_pandas; pip install netweight[pandas]"}


def diagnose() -> tuple[Check, ...]:
    """Python, then the packages netweight needs, then those it can use."""
    import platform

    python = Check(name="python", state="usable", required=True, detail=platform.python_version())
    needed = (_package(name, "needed; pip install netweight", required=True) for name in _REQUIRED)
    extra = (_package(name, use, required=False) for name, use in _OPTIONAL.items())
    return (python, *needed, *extra)


def _package(name: str, use: str, *, required: bool) -> Check:
    import importlib.metadata
    import importlib.util

    if importlib.util.find_spec(name) is None:
        return Check(name=name, state="missing", required=required, detail=f"for {use}")
    try:
        importlib.import_module(name)
    except Exception as error:
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        return Check(name=name, state="broken", required=required, detail=f"installed, does not import: {reason}")
    return Check(name=name, state="usable", required=required, detail=importlib.metadata.version(name))
