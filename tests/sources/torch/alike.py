"""Runs what was captured and compares it with what PyTorch gives; and tells whether a module is as it was."""

from __future__ import annotations

import random
from typing import Any

import numpy as np
import torch
from torch.nn.modules import module as global_hooks

from netweight.runtime import run
from netweight.runtime.kernels import KERNELS
from netweight.sources.torch import Capture, capture_module
from netweight.sources.torch.inputs import Arguments


def assert_alike(module: Any, *inputs: Any, tolerance: float = 1e-5) -> Capture:
    """The capture of a module, whose graph gives what PyTorch gives; the capture comes first and changes nothing."""
    found = capture_module(module, inputs, training=module.training)
    assert found.error is None, found.error
    assert not any("is not followed" in note for note in found.notes), found.notes  # PyTorch has taken it apart
    with torch.no_grad():
        expected = Arguments.leaves_of(module(*inputs))
    given = Arguments.leaves_of(list(inputs))
    arrays = dict(zip(found.graph.inputs, (leaf.numpy() for leaf in given), strict=True))
    results = run(found.graph, arrays, found.weights(), kernels=KERNELS["im2col"]).outputs
    for name, tensor in zip(found.graph.outputs, expected, strict=True):
        assert results[name].dtype == tensor.numpy().dtype
        np.testing.assert_allclose(results[name], tensor.numpy(), rtol=tolerance, atol=tolerance)
    return found


def state_of(module: Any) -> Any:
    """Everything about a module, and about the process, that a capture could disturb."""
    return (
        {name: (id(tensor), tensor.clone().tolist(), tensor.device, tensor.dtype) for name, tensor in _tensors(module)},
        {name: p.requires_grad for name, p in module.named_parameters()},
        {name: _attributes(child) for name, child in module.named_modules()},
        torch.get_rng_state().tolist(),
        random.getstate(),
        len(global_hooks._global_forward_hooks),
        len(global_hooks._global_forward_pre_hooks),
        torch.backends.mha.get_fastpath_enabled(),
        torch.is_grad_enabled(),
        torch.is_inference_mode_enabled(),
        torch.get_num_threads(),
    )


def _tensors(module: Any) -> Any:
    yield from module.state_dict(keep_vars=True).items()
    for path, child in module.named_modules():
        for name, value in child.__dict__.items():
            if isinstance(value, torch.Tensor):
                yield f"{path}.{name}", value


def _attributes(module: Any) -> Any:
    found = {}
    for key, value in module.__dict__.items():
        if isinstance(value, dict):
            found[key] = list(value)
        elif isinstance(value, list | set):
            found[key] = [id(item) for item in value]
        elif not isinstance(value, torch.Tensor):
            found[key] = value if isinstance(value, bool | int | float | str | None) else id(value)
    return found
