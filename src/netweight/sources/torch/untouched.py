"""A capture leaves no trace: what a forward may change is put back, also after an error or an interrupt."""

from __future__ import annotations

import random
import sys
import threading
import warnings
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from operator import is_
from typing import Any

import torch
from torch.utils._python_dispatch import _disable_current_modes

_ONE_AT_A_TIME = threading.RLock()
"""Hooks on all modules, the fast path, and random states are settings of the process."""


@contextmanager
def untouched(module: torch.nn.Module, *, training: bool | None) -> Iterator[None]:
    """A module in the mode asked for, undisturbed by a capture around this one; nobody can tell afterwards.

    The numbers of parameters and buffers need nothing: the recorder never writes them. Other threads wait.
    """
    with _ONE_AT_A_TIME, ExitStack() as stack:
        stack.callback(_put_back, [_snapshot(child) for child in module.modules()])
        stack.callback(_set_gradients, [(p, p.requires_grad) for p in module.parameters()])
        if training is not None:
            for child in module.modules():
                child.training = training
        stack.enter_context(torch.random.fork_rng(devices=[]))
        stack.callback(random.setstate, random.getstate())
        stack.callback(torch.set_num_threads, torch.get_num_threads())
        torch.set_num_threads(1)  # constants are small: waking other threads takes longer than computing them
        stack.callback(torch.backends.mha.set_fastpath_enabled, torch.backends.mha.get_fastpath_enabled())
        torch.backends.mha.set_fastpath_enabled(False)
        stack.enter_context(_disable_current_modes())
        if "torch._dynamo" in sys.modules:  # else nothing has been compiled
            stack.enter_context(torch.compiler.set_stance("force_eager"))
            stack.enter_context(warnings.catch_warnings())
            warnings.filterwarnings("ignore", message=".*when there are global hooks on modules")
        yield


def _snapshot(module: torch.nn.Module) -> tuple[dict[str, Any], dict[str, Any], list[tuple[Any, Any]]]:
    """Attributes of a module, and what is in those that are containers."""
    attributes = module.__dict__
    containers = [(value, value.copy()) for value in attributes.values() if isinstance(value, dict | list | set)]
    return attributes, dict(attributes), containers


def _put_back(snapshots: list[tuple[dict[str, Any], dict[str, Any], list[tuple[Any, Any]]]]) -> None:
    for attributes, before, containers in snapshots:
        if not _same(attributes, before):
            attributes.clear()
            attributes.update(before)
        for container, content in containers:
            if not container and not content:  # hooks, mostly
                continue
            if isinstance(container, list):
                container[:] = content
            elif not _same(container, content) if isinstance(container, dict) else container != content:
                container.clear()
                container.update(content)


def _same(now: dict[Any, Any], before: dict[Any, Any]) -> bool:
    """Whether the same keys lead to the same objects, in the same order."""
    return len(now) == len(before) and list(now) == list(before) and all(map(is_, now.values(), before.values()))


def _set_gradients(parameters: list[tuple[torch.nn.Parameter, bool]]) -> None:
    for parameter, wanted in parameters:
        if parameter.requires_grad != wanted:
            parameter.requires_grad_(wanted)
