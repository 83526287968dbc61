"""Settings of the process that a forward may change: random states, PyTorch's defaults."""

from __future__ import annotations

import random
import sys
import warnings
from collections.abc import Iterator
from contextlib import contextmanager

import torch


@contextmanager
def restored_settings() -> Iterator[None]:
    """A block after which random numbers, default types and switches of PyTorch are as they were before."""
    drawn, numpy = random.getstate(), sys.modules.get("numpy.random")
    array_state = None if numpy is None else numpy.get_state()
    dtype = torch.get_default_dtype()
    strict, only_warns = (
        torch.are_deterministic_algorithms_enabled(),
        torch.is_deterministic_algorithms_warn_only_enabled(),
    )
    precision, gradients = torch.get_float32_matmul_precision(), torch.is_grad_enabled()
    autocast = [(kind, torch.is_autocast_enabled(kind), torch.get_autocast_dtype(kind)) for kind in ("cpu", "cuda")]
    try:
        with torch.random.fork_rng(devices=[]), warnings.catch_warnings():
            yield
    finally:
        random.setstate(drawn)
        if numpy is not None:
            numpy.set_state(array_state)
        torch.set_default_dtype(dtype)
        torch.use_deterministic_algorithms(strict, warn_only=only_warns)
        torch.set_float32_matmul_precision(precision)
        torch.set_grad_enabled(gradients)
        for kind, enabled, autocast_dtype in autocast:
            torch.set_autocast_enabled(kind, enabled)
            torch.set_autocast_dtype(kind, autocast_dtype)
