"""How architectures are made without memory for their weights: buffers steer programs, and keep their numbers."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch
from torch.overrides import TorchFunctionMode
from torch.utils._device import _device_constructors

_FEW = 1 << 14
"""Elements up to which a tensor is made with numbers; all pairs of those of two are a few hundred million."""


class numbers_while_few(TorchFunctionMode):  # noqa: N801 - a context
    """A block in which large tensors are made without numbers, and small ones with them."""

    def __init__(self) -> None:
        super().__init__()
        self._makers = _device_constructors()

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        kwargs = kwargs or {}
        if func not in self._makers or kwargs.get("device") is not None:
            return func(*args, **kwargs)
        made = func(*args, **{**kwargs, "device": "meta"})
        return made if made.numel() > _FEW else func(*args, **kwargs)


@contextmanager
def parameters_without_numbers() -> Iterator[None]:
    """A block in which parameters lose their memory when a module gets them, before anything fills it."""
    register = torch.nn.Module.register_parameter

    def register_empty(module: torch.nn.Module, name: str, parameter: Any) -> None:
        if type(parameter) is torch.nn.Parameter and not parameter.is_meta:  # else it is shared, or not yet made
            empty = torch.nn.Parameter(parameter.to("meta"), requires_grad=parameter.requires_grad)
            empty.__dict__.update(parameter.__dict__)
            parameter = empty
        register(module, name, parameter)

    torch.nn.Module.register_parameter = register_empty
    try:
        yield
    finally:
        torch.nn.Module.register_parameter = register
