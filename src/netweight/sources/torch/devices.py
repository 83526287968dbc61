"""The device that a program is told: that of its weights, where tensors without numbers lie on meta.

``torch.autocast(x.device.type)``, ``assert x.is_cuda`` and ``x.device == self.weight.device`` go on as in a real call.
Weights that lie on meta themselves are there to save memory, so the program is told the CPU.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

import torch
from torch import Tensor

_CPU = torch.device("cpu")
_TYPES = ("cpu", "cuda", "xpu", "mps", "xla", "ipu", "mtia", "maia", "vulkan")


def device_of(modules: Iterable[torch.nn.Module]) -> torch.device:
    """Device of the first parameter or buffer that has numbers; the CPU if there is none."""
    for module in modules:
        for held in (module._parameters, module._buffers):
            for tensor in held.values():
                if tensor is not None and not tensor.is_meta:
                    return tensor.device
    return _CPU


def _told(answer: Callable[[torch.device, Tensor], Any]) -> Callable[..., Any]:
    """Handler that answers for a tensor without numbers; others answer for themselves."""

    def handler(rec: Any, func: Any, args: Any, kwargs: dict[str, Any]) -> Any:
        x = args[0] if args else kwargs["input"]
        if not x.is_meta or len(args) > 1 or "dtype" in kwargs:
            return func(*args, **kwargs)
        return answer(rec.device, x)

    return handler


def _is_on(kind: str) -> Callable[..., Any]:
    return _told(lambda device, _x: device.type == kind)


_index = _told(lambda device, _x: -1 if device.index is None else device.index)


def _device(rec: Any, func: Any, args: Any, kwargs: dict[str, Any]) -> torch.device:
    place: torch.device = rec.places.of(args[0]).device if rec.places.apart else rec.places.home.device
    return _here(rec, func, args, kwargs) if place == rec.places.home.device else place


_here = _told(lambda device, _x: device)
HANDLERS: Mapping[Any, Callable[..., Any]] = {
    Tensor.device.__get__: _device,
    Tensor.is_meta.__get__: _told(lambda _device, _x: False),
    Tensor.get_device: _index,
    torch.get_device: _index,
    Tensor.type: _told(lambda device, x: torch.empty(0, dtype=x.dtype, device=device).type()),
    **{getattr(Tensor, f"is_{kind}").__get__: _is_on(kind) for kind in _TYPES if hasattr(Tensor, f"is_{kind}")},
}
