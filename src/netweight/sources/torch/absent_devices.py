"""Programs that move tensors to a device that this machine does not have: what they compute is counted all the same."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor

from netweight.sources.torch.recorder import Recorder

_MOVES: Mapping[Any, str] = {
    method: name for name in ("cuda", "xpu", "ipu", "pin_memory") if (method := getattr(Tensor, name, None)) is not None
}


def stay_here(rec: Recorder, error: Exception, func: Any, args: Any, kwargs: dict[str, Any]) -> Any:
    """What a call that failed would have given, on the device of the weights.

    Raises:
        Exception: The error, if it does not come from a device that is not here.
    """
    if func in _MOVES and is_absent(_MOVES[func]):
        _say(rec, _MOVES[func])
        return args[0]
    absent = [kind for value in (*args, *kwargs.values()) if (kind := _kind(value)) and is_absent(kind)]
    if not absent:
        raise error
    _say(rec, absent[0])
    here = [rec.device if _kind(value) in absent else value for value in args]
    return func(*here, **{name: rec.device if _kind(value) in absent else value for name, value in kwargs.items()})


def _say(rec: Recorder, kind: str) -> None:
    if kind != "pin_memory":
        rec.recording.note(f"tensors that go to {kind!r} stay on {rec.device.type!r}: there is no such device here")


def _kind(value: Any) -> str | None:
    """Type of a device that is meant, None if none is."""
    if isinstance(value, torch.device):
        return value.type
    if not isinstance(value, str):
        return None
    try:
        return torch.device(value).type
    except RuntimeError:  # a string that says something else
        return None


def is_absent(kind: str) -> bool:
    """Whether there is no device of that type here."""
    if kind in ("cpu", "meta"):
        return False
    module: Any = getattr(torch, "cuda" if kind == "pin_memory" else kind, None)
    return not (hasattr(module, "is_available") and module.is_available())
