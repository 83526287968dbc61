"""Interrupts at every part of a capture, and whether anything is left behind."""

from __future__ import annotations

import gc
import random
import sys
import threading
import warnings
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from types import FrameType
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn
from torch.autograd.function import _SingleLevelFunction
from torch.nn.modules import module as hooks
from torch.utils._python_dispatch import _get_current_dispatch_mode_stack

import netweight


class Block(nn.Module):
    """Something of everything that a capture has to put back."""

    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv2d(3, 4, 3)
        self.norm = nn.BatchNorm2d(4)
        self.head = nn.Linear(4, 2)
        self.head.weight.requires_grad_(False)
        self.seen: list[Any] = []
        self.cache: dict[str, Any] = {"a": [1, 2]}
        self.dropout = nn.Dropout()
        self.dropout.eval()

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        self.seen.append(x)
        self.cache["a"].append(x)
        self.calls = 1
        torch.set_default_dtype(torch.float64)
        torch.manual_seed(5)
        random.seed(3)
        np.random.rand()  # noqa: NPY002
        warnings.simplefilter("ignore")
        with torch.no_grad():
            x = torch.relu(self.norm(self.conv(x)))
        x = torch.nn.functional.dropout(x).mean((2, 3))
        with ThreadPoolExecutor(1) as pool:
            return pool.submit(self.dropout, self.head(x.float())).result()


def _state(module: nn.Module) -> dict[str, Any]:
    """All that may be left behind."""
    numpy = np.random.get_state()  # noqa: NPY002
    return {
        "training": [(name, part.training) for name, part in module.named_modules()],
        "attributes": [(name, sorted(vars(part))) for name, part in module.named_modules()],
        "gradients": [(name, part.requires_grad) for name, part in module.named_parameters()],
        "parameters": [(name, id(part)) for name, part in module.named_parameters()],
        "held": (list(module.seen), dict(module.cache), list(module.cache["a"])),
        "hooks": [
            dict(getattr(hooks, name))
            for name in ("_global_forward_pre_hooks", "_global_forward_hooks", "_global_forward_hooks_always_called")
        ],
        "function modes": torch.overrides._get_current_function_mode_stack(),
        "dispatch modes": _get_current_dispatch_mode_stack(),
        "functions": torch._C._get_torch_function_state(),
        "keys": (str(torch._C._dispatch_tls_local_include_set()), str(torch._C._dispatch_tls_local_exclude_set())),
        "switches": (
            torch.get_default_dtype(), torch.is_grad_enabled(), torch.get_num_threads(),
            torch.backends.mha.get_fastpath_enabled(), torch.are_deterministic_algorithms_enabled(),
            torch.is_inference_mode_enabled(),
        ),
        "random": (torch.get_rng_state().tolist(), random.getstate(), numpy[1].tolist(), numpy[2]),
        "python": (gc.isenabled(), list(warnings.filters), warnings.showwarning),
        "threads": (threading.Thread.start, ThreadPoolExecutor.submit),
        "recorder": torch.nn.Module.register_parameter,
        "functions with a backward": sorted(vars(_SingleLevelFunction)),
    }  # fmt: skip


class _Lines:
    """Counts lines of Python, and interrupts at one of them."""

    def __init__(self, at: int) -> None:
        self.at, self.count = at, 0

    def __call__(self, frame: FrameType, event: str, _argument: Any) -> Any:
        if "/netweight/" not in frame.f_code.co_filename and "contextlib" not in frame.f_code.co_filename:
            return None
        if event == "line":
            self.count += 1
            if self.count == self.at:
                raise KeyboardInterrupt
        return self


@contextmanager
def _traced(lines: _Lines) -> Iterator[None]:
    sys.settrace(lines)
    try:
        yield
    finally:
        sys.settrace(None)


def _capture(module: nn.Module, at: int) -> int:
    """Lines of a capture that is interrupted at one of them."""
    lines = _Lines(at)
    try:
        with _traced(lines):
            netweight.capture(module, (2, 3, 8, 8), training=True)
    except KeyboardInterrupt:
        assert lines.count == at
    return lines.count


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_nothing_is_left_behind_wherever_it_is_interrupted() -> None:
    """40 places over the whole capture; PyTorch prints those in what it calls when a tensor is gone, and goes on."""
    module = Block()
    _capture(module, 0)
    total = _capture(module, 0)
    assert total > 2000
    before = _state(module)
    for at in range(1, total, total // 15):
        _capture(module, at)
        gc.collect()
        after = _state(module)
        assert [name for name in before if before[name] != after[name]] == [], at
    assert netweight.capture(module, (2, 3, 8, 8)).nodes


@pytest.mark.parametrize(
    "file",
    [
        "restoring.py",
        "undone.py",
        "process_state.py",
        "module_calls.py",
        "held.py",
        "threads.py",
        "custom_functions.py",
    ],
)
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_each_line_that_puts_something_back(file: str) -> None:
    module = Block()
    _capture(module, 0)
    before = _state(module)
    places = _places(module, file)
    for at in places[:: max(1, len(places) // 8)]:
        _capture(module, at)
        gc.collect()
        after = _state(module)
        assert [name for name in before if before[name] != after[name]] == [], at


def _places(module: nn.Module, file: str) -> list[int]:
    """Numbers of the lines of a capture that are in a file."""
    found: list[int] = []

    class Noting(_Lines):
        def __call__(self, frame: FrameType, event: str, argument: Any) -> Any:
            before = self.count
            result = super().__call__(frame, event, argument)
            if self.count > before and frame.f_code.co_filename.endswith(f"/{file}"):
                found.append(self.count)
            return self if result is not None else None

    with _traced(Noting(0)):
        netweight.capture(module, (2, 3, 8, 8), training=True)
    return found
