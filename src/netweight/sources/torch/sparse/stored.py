"""What sparse tensors store, by the tensor that the program holds."""

from __future__ import annotations

import weakref
from dataclasses import dataclass, replace
from typing import Any

import torch
from torch import Tensor

from netweight.ops.contract.sparse_matmul import Layout
from netweight.sources.torch.recording import TensorRecording

LAYOUTS: dict[torch.layout, Layout] = {
    torch.sparse_coo: "coo", torch.sparse_csr: "csr", torch.sparse_csc: "csc", torch.sparse_bsr: "bsr",
    torch.sparse_bsc: "bsc",
}  # fmt: skip
_NAMES = {name: layout for layout, name in LAYOUTS.items()}
_META = torch.device("meta")


@dataclass(frozen=True, slots=True, kw_only=True)
class Sparse:
    """What a sparse tensor stores.

    Attributes:
        shape: Its sizes.
        layout: How it is stored.
        values: Stored elements, or blocks of them.
        places: As in the operator ``sparse_matmul``; a row of positions per sparse dimension for ``coo``.
        pointers: As there.
        coalesced: Whether no place is stored twice.
    """

    shape: tuple[int, ...]
    layout: Layout
    values: Tensor
    places: Tensor
    pointers: Tensor | None = None
    coalesced: bool = True

    def with_values(self, values: Tensor) -> Sparse:
        """Others in the same places."""
        return replace(self, values=values)


class SparseTensors:
    """The sparse tensors of a capture."""

    def __init__(self, recording: TensorRecording) -> None:
        self._recording = recording
        self._known: dict[int, tuple[Any, Sparse]] = recording.sparse

    def of(self, tensor: Tensor) -> Sparse:
        """What a tensor stores; of one from outside the capture, its stored elements have its name."""
        found = self._known.get(id(tensor))
        if found is None or found[0]() is not tensor:
            return self._remember(tensor, self._opened(tensor))
        return found[1]

    def say_coalesced(self, tensor: Tensor, *, said: bool) -> None:
        """The program says that a tensor stores no place twice, or may do so."""
        self._remember(tensor, replace(self.of(tensor), coalesced=said))

    def made(self, sparse: Sparse) -> Tensor:
        """The tensor that the program gets."""
        parts = (
            None if part is None else torch.empty(part.shape, dtype=part.dtype, device=_META)
            for part in (sparse.values, sparse.places, sparse.pointers)
        )
        tensor = _joined(sparse, *parts)
        self._remember(tensor, sparse)
        return tensor

    def on_cpu(self, sparse: Sparse) -> Tensor:
        """A tensor with numbers like it: zeros, where its own are not known."""
        parts = (
            torch.zeros(part.shape, dtype=part.dtype) if part is not None and part.is_meta else part
            for part in (sparse.values, sparse.places, sparse.pointers)
        )
        return _joined(sparse, *parts)

    def _remember(self, tensor: Tensor, sparse: Sparse) -> Sparse:
        ident = id(tensor)
        self._known[ident] = weakref.ref(tensor, lambda _: self._known.pop(ident, None)), sparse
        return sparse

    def _opened(self, tensor: Tensor) -> Sparse:
        layout = LAYOUTS[tensor.layout]
        pointers: Tensor | None = None
        coalesced = True
        with torch._C._DisableTorchDispatch():
            if layout == "coo":
                values, places, coalesced = tensor._values(), tensor._indices(), tensor.is_coalesced()
            elif layout.endswith("r"):
                values, places, pointers = tensor.values(), tensor.col_indices(), tensor.crow_indices()
            else:
                values, places, pointers = tensor.values(), tensor.row_indices(), tensor.ccol_indices()
        values = values.detach()
        name, kind = self._recording.owned_as(tensor)
        if name:
            if kind == "parameter":
                values = torch.nn.Parameter(values, requires_grad=tensor.requires_grad)
            self._recording.own(values, name, kind)
            for part, said in ((places, "indices"), (pointers, "pointers")):
                if part is not None:
                    self._recording.own(part, f"{name}.{said}", "constant")
        return Sparse(
            shape=tuple(tensor.shape), layout=layout, values=values, places=places, pointers=pointers,
            coalesced=coalesced,
        )  # fmt: skip


def _joined(sparse: Sparse, values: Any, places: Any, pointers: Any) -> Tensor:
    """A tensor of PyTorch of these parts."""
    with torch._C._DisableTorchDispatch():
        if pointers is None:
            return torch.sparse_coo_tensor(
                places, values.detach(), sparse.shape, check_invariants=False, is_coalesced=sparse.coalesced
            )
        return torch.sparse_compressed_tensor(
            pointers, places, values.detach(), sparse.shape, layout=_NAMES[sparse.layout], check_invariants=False
        )


def stored_in(tensor: Tensor, recording: TensorRecording) -> tuple[Tensor, ...]:
    """The dense tensors that a tensor is stored in: itself, or the elements of a sparse one."""
    return (tensor,) if tensor.layout is torch.strided else (SparseTensors(recording).of(tensor).values,)
