"""What a program puts on a device: by ``device=``, ``x.to(...)``, ``x.cuda()``, ``x.cpu()``."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor

from netweight.sources.torch.absent_devices import is_absent
from netweight.sources.torch.places import Place
from netweight.sources.torch.recorder import Recorder

MOVES: Mapping[Any, str] = {Tensor.to: "", Tensor.cuda: "cuda", Tensor.cpu: "cpu"}


def placed(rec: Recorder, func: Any, args: Any, kwargs: dict[str, Any], result: Any) -> Any:
    """The result of a call that may have named a device, which lies there from now on."""
    device = _named(rec, func, args, kwargs)
    if device is None or not isinstance(result, Tensor):
        return result
    places = rec.places
    place = Place(device, f"{func.__name__} at {rec.module_calls.site().origin}")
    if func not in MOVES:
        places.put(result, place)
        return result
    source = args[0]
    if places.of(source).device == device:
        return result
    if _is_data(rec, source) and places.home.device == places.told and is_absent(device.type):
        places.move_home(place)
        return result
    moved = _another(rec, source) if result is source else result
    places.put(moved, place)
    return moved


def _named(rec: Recorder, func: Any, args: Any, kwargs: dict[str, Any]) -> torch.device | None:
    """The device that a call names; None if it names none."""
    given = kwargs.get("device")
    if func in MOVES and given is None:
        given = MOVES[func] or next((value for value in args[1:] if not isinstance(value, torch.dtype | bool)), None)
        if isinstance(kwargs.get("other", given), Tensor):
            return rec.places.of(kwargs.get("other", given)).device
        given = torch.device("cuda", args[1]) if func is Tensor.cuda and args[1:] and type(args[1]) is int else given
    if not isinstance(given, str | int | torch.device) or isinstance(given, bool):
        return None
    return rec.places.meant(given)


def _is_data(rec: Recorder, tensor: Tensor) -> bool:
    """Whether it follows from the inputs."""
    return rec.is_symbolic(tensor) and not rec.recording.owned_as(tensor)[0]


def _another(rec: Recorder, source: Tensor) -> Tensor:
    """Another tensor with the same value: what moves is copied, and the program may keep both."""
    with torch._C._DisableTorchDispatch():  # the program does not ask for it
        if not rec.is_symbolic(source):
            return rec.constant(source.clone())
        moved = torch.empty_strided(source.shape, source.stride(), dtype=source.dtype, device="meta")
    rec.recording.mirror(moved, source)
    return moved
