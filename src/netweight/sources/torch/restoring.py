"""What a forward may change is put back after a capture, also after an error or an interrupt."""

from __future__ import annotations

import random
import sys
import threading
import warnings
from collections.abc import Collection, Iterable, Iterator
from contextlib import ExitStack, contextmanager
from operator import is_
from typing import Any, TypeAlias

import torch
from torch.utils._python_dispatch import _disable_current_modes

from netweight.sources.torch.module_tree import parameters_of

_CONTAINERS = (dict, list, set)
_ONE_AT_A_TIME = threading.RLock()
"""Hooks on all modules, the fast path, and random states are settings of the process."""


@contextmanager
def restoring(modules: Collection[torch.nn.Module], *, training: bool | None) -> Iterator[None]:
    """A block in which modules are in the mode that is asked for; after it they are as they were before.

    Numbers of parameters and buffers are not saved, because the recorder never writes them. Other threads wait.
    """
    with _ONE_AT_A_TIME, ExitStack() as stack:
        stack.callback(_put_back, [_snapshot(module) for module in modules])
        stack.callback(_set_gradients, [(p, p.requires_grad) for p in parameters_of(modules)])
        if training is not None:
            for module in modules:
                module.training = training
        stack.enter_context(torch.random.fork_rng(devices=[]))
        stack.callback(random.setstate, random.getstate())
        stack.callback(torch.set_num_threads, torch.get_num_threads())
        torch.set_num_threads(1)  # constants are small: waking other threads takes longer than computing them
        stack.callback(torch.backends.mha.set_fastpath_enabled, torch.backends.mha.get_fastpath_enabled())
        torch.backends.mha.set_fastpath_enabled(False)
        stack.enter_context(_disable_current_modes())
        torch.clear_autocast_cache()  # it keeps what weights were cast to: not for the capture, nor from it
        stack.callback(torch.clear_autocast_cache)
        if "torch._dynamo" in sys.modules:  # else nothing has been compiled
            stack.enter_context(torch.compiler.set_stance("force_eager"))
            stack.enter_context(warnings.catch_warnings())
            warnings.filterwarnings("ignore", message=".*when there are global hooks on modules")
        yield


_Snapshot: TypeAlias = tuple[dict[str, Any], dict[str, Any], list[Any], list[tuple[Any, Any]]]


def _snapshot(module: torch.nn.Module) -> _Snapshot:
    """Attributes of a module, those that are empty containers, hooks mostly, and the content of the others."""
    attributes = module.__dict__
    containers = [value for value in attributes.values() if isinstance(value, _CONTAINERS)]
    empty = [value for value in containers if not value]
    return attributes, attributes.copy(), empty, [(value, value.copy()) for value in containers if value]


def _put_back(snapshots: Iterable[_Snapshot]) -> None:
    for attributes, before, empty, filled in snapshots:
        if not _same(attributes, before):
            attributes.clear()
            attributes.update(before)
        if any(empty):
            for container in empty:
                container.clear()
        for container, content in filled:
            if isinstance(container, list):
                container[:] = content
            elif not _same(container, content) if isinstance(container, dict) else container != content:
                container.clear()
                container.update(content)


def _same(now: dict[Any, Any], before: dict[Any, Any]) -> bool:
    """Whether the same keys lead to the same objects, in the same order."""
    return len(now) == len(before) and all(map(is_, now, before)) and all(map(is_, now.values(), before.values()))


def _set_gradients(parameters: Iterable[tuple[torch.nn.Parameter, bool]]) -> None:
    for parameter, wanted in parameters:
        if parameter.requires_grad != wanted:
            parameter.requires_grad_(wanted)
