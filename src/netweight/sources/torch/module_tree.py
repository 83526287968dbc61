"""The modules of a model, found in one walk."""

from __future__ import annotations

from collections.abc import Iterable

import torch


def modules_of(model: torch.nn.Module) -> dict[str, torch.nn.Module]:
    """Every module by its path, each once, in the order of ``named_modules``: the model first, under ``""``."""
    found: dict[str, torch.nn.Module] = {}
    seen: set[int] = set()
    waiting: list[tuple[str, torch.nn.Module]] = [("", model)]
    while waiting:
        path, module = waiting.pop()
        if id(module) in seen:
            continue
        seen.add(id(module))
        found[path] = module
        children = list(module._modules.items())
        if children:
            prefix = f"{path}." if path else ""
            waiting.extend([(prefix + name, child) for name, child in reversed(children) if child is not None])
    return found


def parameters_of(modules: Iterable[torch.nn.Module]) -> list[torch.nn.Parameter]:
    """Parameters of the modules themselves; one that several share comes several times."""
    return [entry for module in modules for entry in module._parameters.values() if entry is not None]
