"""What PyTorch keeps for backward, seen as pieces of memory while a real module runs."""

from __future__ import annotations

from typing import Any

import torch
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves


class _Written(TorchDispatchMode):
    """Storages that operators give: numbers of Python, which PyTorch makes tensors of, are none."""

    def __init__(self) -> None:
        super().__init__()
        self.storages: dict[int, Any] = {}

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        result = func(*args, **(kwargs or {}))
        for leaf in tree_leaves(result):
            if isinstance(leaf, torch.Tensor) and leaf.layout == torch.strided:
                storage = leaf.untyped_storage()
                self.storages[storage._cdata] = storage
        return result


def kept_pieces(module: torch.nn.Module, args: tuple[Any, ...]) -> tuple[Any, dict[int, tuple[int, str]]]:
    """The result of a call, and bytes and sort of each storage that it keeps for backward, by its address.

    Parameters and buffers are left out, and so is what no operator wrote and no caller gave.
    """
    own = {t.untyped_storage()._cdata for t in (*module.parameters(), *module.buffers())}
    given = {leaf.untyped_storage()._cdata for leaf in tree_leaves(args) if isinstance(leaf, torch.Tensor)}
    packed: list[torch.Tensor] = []

    def pack(tensor: torch.Tensor) -> torch.Tensor:
        packed.append(tensor)
        return tensor

    with torch.autograd.graph.saved_tensors_hooks(pack, lambda tensor: tensor), _Written() as written:
        result = module(*args)
    known = (written.storages.keys() | given) - own
    pieces: dict[int, tuple[int, str]] = {}
    for tensor in packed:
        storage = tensor.untyped_storage()
        if storage._cdata in known:
            pieces[storage._cdata] = (storage.nbytes(), f"{tensor.dtype} {tuple(tensor.shape)}")
    return result, pieces
