"""Tensors that a model holds beside its parameters and buffers: plain attributes, constants of frozen scripts."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import torch
from torch import Tensor

from netweight.ir import ValueKind

_MODULE_FIELDS = frozenset(torch.nn.Module().__dict__)
_STATISTICS = ("running_mean", "running_var", "num_batches_tracked")


def attributes_of(modules: Mapping[str, torch.nn.Module]) -> Iterator[tuple[str, Tensor]]:
    """Tensors that are plain attributes of modules, or lie in lists, dicts and objects that are; with their names."""
    for path, module in modules.items():
        prefix = f"{path}." if path else ""
        for name, value in module.__dict__.items():
            if name not in _MODULE_FIELDS:
                yield from _tensors(prefix + name, value, depth=2)


def _tensors(name: str, value: Any, *, depth: int) -> Iterator[tuple[str, Tensor]]:
    if isinstance(value, Tensor):
        yield name, value
        return
    if depth == 0 or isinstance(value, torch.nn.Module | type):
        return
    if isinstance(value, list | tuple):
        parts: Any = enumerate(value)
    elif isinstance(value, dict):
        parts = value.items()
    else:  # an object that keeps scales and levels, as packages of quantisation do
        parts = getattr(value, "__dict__", {}).items()
    for key, part in list(parts):
        yield from _tensors(f"{name}.{key}", part, depth=depth - 1)


def frozen_constants(module: torch.jit.ScriptModule) -> Iterator[tuple[str, Tensor, ValueKind]]:
    """Weights of a script that ``torch.jit.freeze`` made constants, by the names that they had in the module."""
    if not hasattr(module, "graph"):
        return
    for node in module.graph.findAllNodes("prim::Constant"):
        name = node.output().debugName()
        if name.startswith("self.") and node.hasAttribute("value") and node.kindOf("value") == "t":
            tensor = node.t("value")
            learned = tensor.is_floating_point() and not name.endswith(_STATISTICS)
            yield name.removeprefix("self.").removesuffix("_fused_bn"), tensor, "parameter" if learned else "buffer"
