"""What PyTorch keeps for backward, seen as pieces of memory while a real module runs."""

from __future__ import annotations

import weakref
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


class _Kept:
    """What a node of the backward pass holds instead of a tensor that it keeps."""

    __slots__ = ("__weakref__", "tensor")

    def __init__(self, tensor: torch.Tensor) -> None:
        self.tensor = tensor


def kept_pieces(module: torch.nn.Module, args: tuple[Any, ...]) -> tuple[Any, dict[int, tuple[int, str]]]:
    """The result of a call, and bytes and sort of each storage that it keeps for backward, by its address.

    Parameters and buffers are left out, and so is what no operator wrote and no caller gave, and what is kept by
    operators that do not lead to a result.
    """
    own = {t.untyped_storage()._cdata for t in (*module.parameters(), *module.buffers())}
    given = {leaf.untyped_storage()._cdata for leaf in tree_leaves(args) if isinstance(leaf, torch.Tensor)}
    packed: weakref.WeakSet[_Kept] = weakref.WeakSet()

    def pack(tensor: torch.Tensor) -> _Kept:
        kept = _Kept(tensor.detach())  # a result would hold the node that holds it
        packed.add(kept)
        return kept

    with torch.autograd.graph.saved_tensors_hooks(pack, lambda kept: kept.tensor), _Written() as written:
        result = module(*args)
    known = (written.storages.keys() | given) - own
    pieces: dict[int, tuple[int, str]] = {}
    for kept in packed:
        storage = kept.tensor.untyped_storage()
        if storage._cdata in known:
            pieces[storage._cdata] = (storage.nbytes(), f"{kept.tensor.dtype} {tuple(kept.tensor.shape)}")
    return result, pieces
