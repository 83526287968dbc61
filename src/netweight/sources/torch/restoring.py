"""What a forward may change is put back after a capture, also after an error or an interrupt."""

from __future__ import annotations

import threading
from collections.abc import Collection, Iterable, Iterator
from contextlib import ExitStack, contextmanager

import torch
from torch.utils._python_dispatch import _disable_current_modes

from netweight.sources.torch.held import Held
from netweight.sources.torch.higher_order.flex import on_any_device
from netweight.sources.torch.module_tree import parameters_of
from netweight.sources.torch.process_state import restored_settings
from netweight.sources.torch.threads import check_thread
from netweight.sources.torch.uncompiled import nothing_compiled

_ONE_AT_A_TIME = threading.RLock()
"""Hooks on all modules, the fast path, and random states are settings of the process."""


@contextmanager
def restoring(modules: Collection[torch.nn.Module], held: Held, *, training: bool | None) -> Iterator[None]:
    """A block in which modules are in the mode that is asked for; after it they are as they were before.

    Numbers of parameters and buffers are not saved, because the recorder never writes them. Other threads wait.
    """
    check_thread()
    with _ONE_AT_A_TIME, ExitStack() as stack:
        stack.callback(held.put_back)
        stack.callback(_set_gradients, [(p, p.requires_grad) for p in parameters_of(modules)])
        if training is not None:
            for module in modules:
                module.training = training
        stack.enter_context(restored_settings())
        stack.callback(torch.set_num_threads, torch.get_num_threads())
        torch.set_num_threads(1)  # constants are small: waking other threads takes longer than computing them
        stack.callback(torch.backends.mha.set_fastpath_enabled, torch.backends.mha.get_fastpath_enabled())
        torch.backends.mha.set_fastpath_enabled(False)
        stack.enter_context(_disable_current_modes())
        torch.clear_autocast_cache()  # it keeps what weights were cast to: not for the capture, nor from it
        stack.callback(torch.clear_autocast_cache)
        stack.enter_context(on_any_device())
        stack.enter_context(nothing_compiled())
        yield


def _set_gradients(parameters: Iterable[tuple[torch.nn.Parameter, bool]]) -> None:
    for parameter, wanted in parameters:
        if parameter.requires_grad != wanted:
            parameter.requires_grad_(wanted)
