"""Compares every call that the recorder answers with what PyTorch's own meta kernel answers."""

from __future__ import annotations

from typing import Any
from unittest import mock

import torch
from torch import Tensor
from torch.utils._pytree import tree_leaves

from netweight.sources.torch import Capture, capture_module, module
from netweight.sources.torch.dispatch import Dispatch
from netweight.sources.torch.dtypes import spec_of

OWN_LAYOUT = {
    "channel_shuffle": "the CPU kernel keeps channels last, the meta kernel forgets it",
    "conv2d": "the CPU kernel keeps channels last, the meta kernel forgets it",
    "pad": "reflection and replication keep channels last on the CPU",
    "roll": "the CPU kernel puts parts together, which keeps channels last",
    "scaled_dot_product_attention": "fused kernels write the heads of a position side by side",
}
"""Operators whose results lie in memory as the kernels for real tensors leave them, unlike those of meta kernels."""


class _Checked(Dispatch):
    """The recorder, and beside it the same call on tensors without numbers."""

    differences: list[str]
    """What was not as PyTorch says."""

    compared: int = 0
    """Calls that PyTorch answered too."""

    def __init__(self, *args: Any) -> None:
        super().__init__(*args)
        self.differences = []
        _RUNNING.append(self)

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        kwargs = kwargs or {}
        given = [leaf for leaf in tree_leaves((args, kwargs)) if isinstance(leaf, Tensor)]
        before = [_geometry(tensor) for tensor in given]
        result = super().__torch_dispatch__(func, types, args, kwargs)
        symbolic = any(isinstance(leaf, Tensor) and leaf.is_meta for leaf in tree_leaves(result))
        # What gives its argument another shape cannot be asked again.
        if symbolic and before == [_geometry(tensor) for tensor in given]:
            self._compare(func, given, self._theirs(func, args, kwargs), result)
        return result

    def _theirs(self, func: Any, args: Any, kwargs: Any) -> Any:
        try:
            return self.recorder.native(func, *args, **kwargs)
        except (NotImplementedError, RuntimeError):
            return None  # no meta kernel, or the size depends on numbers

    def _compare(self, func: Any, given: list[Tensor], expected: Any, result: Any) -> None:
        if expected is None:
            return
        self.compared += 1
        ours = [leaf for leaf in tree_leaves(result) if isinstance(leaf, Tensor)]
        theirs = [leaf for leaf in tree_leaves(expected) if isinstance(leaf, Tensor)]
        if len(ours) != len(theirs):
            self.differences.append(f"{func}: {len(ours)} tensors, expected {len(theirs)}")
            return
        skip = -1 if func._schema.name.removeprefix("aten::") in OWN_LAYOUT else None
        for mine, other in zip(ours, theirs, strict=True):
            if _geometry(mine)[:skip] != _geometry(other)[:skip]:
                shapes = ", ".join(str(_geometry(tensor)) for tensor in given)
                self.differences.append(f"{func}({shapes}): {_geometry(mine)}, expected {_geometry(other)}")
            mine_of = [_shares(mine, self.recorder.shadow(tensor)) for tensor in given]
            other_of = [_shares(other, self.recorder.shadow(tensor)) for tensor in given]
            if mine_of != other_of:
                self.differences.append(f"{func}: shares memory with arguments {mine_of}, expected {other_of}")
            if self.recorder.recording.knows(mine) and self.recorder.recording.specs[
                self.recorder.recording.value_of(mine)
            ] != spec_of(mine):
                self.differences.append(f"{func}: the value in the graph is no {spec_of(mine)}")


_RUNNING: list[_Checked] = []


def capture_checked(model: torch.nn.Module, inputs: Any, **options: Any) -> tuple[Capture, list[str], int]:
    """The capture, what in it was not as PyTorch's meta kernels say, and how many calls were compared."""
    _RUNNING.clear()
    with mock.patch.object(module, "Dispatch", _Checked):
        capture = capture_module(model, inputs, **options)
    (recorder,) = _RUNNING
    return capture, recorder.differences, recorder.compared


def _geometry(tensor: Tensor) -> tuple[Any, ...]:
    """Shape, element type, and the strides that matter: those of more than one element."""
    strides = tuple(step if size > 1 else 0 for size, step in zip(tensor.shape, tensor.stride(), strict=True))
    return tuple(tensor.shape), tensor.dtype, strides if tensor.numel() else ()


def _shares(a: Tensor, b: Tensor) -> bool:
    return a.untyped_storage()._cdata == b.untyped_storage()._cdata
