"""Lazy modules: what they hold is made from the first input, in a capture too, and they are lazy again after it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any

import torch
from torch.nn.modules.lazy import LazyModuleMixin
from torch.nn.parameter import is_lazy
from torch.utils._python_dispatch import _disable_current_modes

from netweight.sources.torch.unintercepted import UNSEEN


@contextmanager
def made_in_capture(modules: Iterable[torch.nn.Module], *, meta: bool) -> Iterator[None]:
    """A block in which lazy modules may be called; the caller puts their attributes back, this their classes.

    Args:
        modules: All of the model.
        meta: Whether what is made has no numbers.
    """
    lazy = [module for module in modules if isinstance(module, LazyModuleMixin) and module.has_uninitialized_params()]
    kinds = [type(module) for module in lazy]
    fresh: dict[int, Any] = {}
    for module in lazy:
        for held in (module._parameters, module._buffers):
            for name, tensor in held.items():
                if is_lazy(tensor):
                    held[name] = fresh.setdefault(id(tensor), _another(tensor, meta=meta))
    try:
        yield
    finally:
        for module, kind in zip(lazy, kinds, strict=True):
            module.__class__ = kind


def make(module: LazyModuleMixin, inputs: tuple[Any, ...]) -> None:
    """Let a lazy module that is being called make what it holds, unseen by the recorder."""
    if inputs and module.has_uninitialized_params():
        with _disable_current_modes(), UNSEEN():
            module.initialize_parameters(*inputs)


def _another(tensor: Any, *, meta: bool) -> Any:
    """A tensor without a size like this one."""
    settings: dict[str, Any] = {"device": "meta" if meta else tensor.device, "dtype": tensor.dtype}
    if isinstance(tensor, torch.nn.UninitializedParameter):
        settings["requires_grad"] = tensor.requires_grad
    return type(tensor)(**settings)
