"""FullyShardedDataParallel, which keeps one rank's share of all parameters in one flat tensor: taken apart again.

The modules inside get parameters without numbers, of the shapes that they had; the wrapper calls what it wraps.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import partial
from typing import Any

import torch
from torch import Tensor


def take_apart(modules: Iterable[torch.nn.Module]) -> Iterator[tuple[Tensor, int]]:
    """Shares of flat parameters and how many ranks there are; their modules have whole parameters from now on."""
    for module in list(modules):
        if type(module).__name__ != "FullyShardedDataParallel":
            continue
        module.__dict__["forward"] = partial(_call_wrapped, module)
        handle: Any = getattr(module, "_handle", None)
        if handle is not None:
            _give_back(handle.flat_param)
            yield handle.flat_param, handle.world_size


def whole_numel(flat: Any) -> int:
    """Elements of the parameters that a flat one has, without what fills up the last share."""
    return sum(shape.numel() for shape in flat._shapes)


def _call_wrapped(module: Any, *args: Any, **kwargs: Any) -> Any:
    return module._fsdp_wrapped_module(*args, **kwargs)


def _give_back(flat: Any) -> None:
    for info, shape in zip(flat._param_infos, flat._shapes, strict=True):
        empty = torch.empty(shape, dtype=flat.dtype, device="meta")
        _put(info.module, info.param_name, torch.nn.Parameter(empty, requires_grad=flat.requires_grad))
    for shared in flat._shared_param_infos:
        _put(shared.module, shared.param_name, getattr(shared.prim_module, shared.prim_param_name))


def _put(module: torch.nn.Module, name: str, parameter: torch.nn.Parameter) -> None:
    module.__dict__.pop(name, None)  # a view of the flat parameter
    module._parameters[name] = parameter
