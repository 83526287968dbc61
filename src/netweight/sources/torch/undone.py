"""A second net below the first: what an interrupt in the middle of putting things back would leave behind.

A capture puts back what it changed, one thing after the other. An interrupt may come between any two lines of that, as
it may between two lines of the change. Here everything is looked at before the first change, and if the capture ends
by an error it is put back once more. Nothing of it costs time in a capture that comes to its end.
"""

from __future__ import annotations

import gc
import random
import sys
import threading
import warnings
from collections.abc import Callable, Collection, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import partial
from typing import Any

import torch
from torch.nn.modules import module as hooks
from torch.nn.modules.lazy import LazyModuleMixin
from torch.utils._python_dispatch import _get_current_dispatch_mode_stack, _pop_mode, _push_mode

from netweight.sources.torch.checkpoints import CHECKPOINT
from netweight.sources.torch.custom_functions import APPLY
from netweight.sources.torch.held import Held
from netweight.sources.torch.module_tree import parameters_of

_HOOKS = (
    "_global_forward_pre_hooks", "_global_forward_hooks", "_global_forward_hooks_always_called",
    "_global_forward_hooks_with_kwargs", "_global_module_registration_hooks", "_global_parameter_registration_hooks",
)  # fmt: skip


@contextmanager
def undone_after_errors(held: Held, modules: Collection[torch.nn.Module]) -> Iterator[None]:
    """A block that leaves nothing behind if it raises, wherever it does.

    Args:
        held: What the modules hold, looked at before this.
        modules: All of them.
    """
    before = [held.put_back, *_of_these(modules), *_switches(), *_modes(), *_of_modules(), *_of_python()]
    before += [APPLY.put_back(), CHECKPOINT.put_back()]
    keys = torch._C._ForceDispatchKeyGuard(
        torch._C._dispatch_tls_local_include_set(), torch._C._dispatch_tls_local_exclude_set()
    )
    with keys:  # the dispatcher's own state is put back whatever happens
        try:
            yield
        except BaseException:
            for put_back in before:
                put_back()
            raise


def _of_these(modules: Collection[torch.nn.Module]) -> Iterator[Callable[[], Any]]:
    """Gradients of parameters, classes of lazy modules."""
    wanted = [(parameter, parameter.requires_grad) for parameter in parameters_of(modules)]
    lazy = [(module, module.__class__) for module in modules if isinstance(module, LazyModuleMixin)]
    yield lambda: [p.requires_grad_(flag) for p, flag in wanted if p.requires_grad != flag]
    yield lambda: _set_classes(lazy)


def _set_classes(modules: Iterable[tuple[torch.nn.Module, type[torch.nn.Module]]]) -> None:
    for module, kind in modules:
        module.__class__ = kind


def _switches() -> Iterator[Callable[[], Any]]:
    """Switches of PyTorch, each with what it is now."""
    dtype, gradients, threads = torch.get_default_dtype(), torch.is_grad_enabled(), torch.get_num_threads()
    fast, state = torch.backends.mha.get_fastpath_enabled(), torch.get_rng_state()
    functions = torch._C._get_torch_function_state()
    strict = torch.are_deterministic_algorithms_enabled()
    warns = torch.is_deterministic_algorithms_warn_only_enabled()
    yield lambda: torch._C._set_torch_function_state(functions)
    yield lambda: torch.set_default_dtype(dtype)
    yield lambda: torch.set_grad_enabled(gradients)
    yield lambda: torch.set_num_threads(threads)
    yield partial(torch.set_float32_matmul_precision, torch.get_float32_matmul_precision())
    yield lambda: torch.backends.mha.set_fastpath_enabled(fast)
    yield lambda: torch.set_rng_state(state)
    yield lambda: torch.use_deterministic_algorithms(strict, warn_only=warns)
    if "torch._dynamo" in sys.modules:
        from torch._dynamo import eval_frame

        stance = eval_frame._stance
        yield lambda: setattr(eval_frame, "_stance", stance)


def _modes() -> Iterator[Callable[[], Any]]:
    """The modes that are active on this thread."""
    functions = torch.overrides._get_current_function_mode_stack()
    dispatch = _get_current_dispatch_mode_stack()
    yield lambda: _stack(
        functions, torch._C._len_torch_function_stack, torch._C._pop_torch_function_stack,
        torch._C._push_on_torch_function_stack,
    )  # fmt: skip
    yield lambda: _stack(dispatch, torch._C._len_torch_dispatch_stack, _pop_mode, _push_mode)


def _stack(wanted: list[Any], length: Callable[[], int], pop: Callable[[], Any], push: Callable[[Any], Any]) -> None:
    while length():
        pop()
    for mode in wanted:
        push(mode)


def _of_modules() -> Iterator[Callable[[], Any]]:
    """Hooks on all modules."""
    for name in _HOOKS:
        registered = getattr(hooks, name)
        yield partial(_refill, registered, dict(registered))
    register = torch.nn.Module.register_parameter
    yield lambda: setattr(torch.nn.Module, "register_parameter", register)


def _refill(registered: dict[Any, Any], before: dict[Any, Any]) -> None:
    for key in [key for key in registered if key not in before]:
        del registered[key]
    for key, hook in before.items():
        registered.setdefault(key, hook)


def _of_python() -> Iterator[Callable[[], Any]]:
    """What Python itself keeps: warning filters, random numbers, whether garbage is collected."""
    filters, shown, drawn, collects = warnings.filters, warnings.showwarning, random.getstate(), gc.isenabled()
    yield lambda: setattr(warnings, "filters", filters)
    yield lambda: setattr(warnings, "showwarning", shown)
    yield lambda: random.setstate(drawn)
    arrays = sys.modules.get("numpy.random")
    if arrays is not None:
        yield partial(arrays.set_state, arrays.get_state())
    yield gc.enable if collects else gc.disable
    start, submit = threading.Thread.start, ThreadPoolExecutor.submit
    yield lambda: setattr(threading.Thread, "start", start)
    yield lambda: setattr(ThreadPoolExecutor, "submit", submit)
