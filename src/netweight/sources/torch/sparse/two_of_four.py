"""Weights of which two in four are kept, as hardware multiplies them: ``torch.sparse.to_sparse_semi_structured``."""

from __future__ import annotations

import sys
from typing import Any

import torch
from torch import Tensor

from netweight.ir import Stored

_KEPT, _OF = 2, 4


def is_two_of_four(tensor: Any) -> bool:
    """Whether a tensor keeps two in four, and where is known: in the layout of CUTLASS."""
    module = sys.modules.get("torch.sparse.semi_structured")
    kind = None if module is None else getattr(module, "SparseSemiStructuredTensorCUTLASS", None)
    return kind is not None and isinstance(tensor, kind) and tensor.packed is not None and tensor.meta is not None


def by_rows(tensor: Any) -> Tensor:
    """The same matrix with its elements row by row, and a column for each."""
    dense = tensor.to_dense()
    rows, columns = dense.shape
    groups = (dense != 0).view(rows, columns // _OF, _OF).to(torch.int8)
    places = groups.argsort(dim=-1, descending=True, stable=True)[..., :_KEPT].sort(-1).values
    places = (places + torch.arange(0, columns, _OF)[None, :, None]).view(rows, -1)
    each = places.shape[1]
    made = torch.sparse_csr_tensor(
        torch.arange(0, rows * each + 1, each), places.reshape(-1), dense.gather(1, places).reshape(-1), dense.shape,
        check_invariants=True,
    )  # fmt: skip
    return (
        torch.nn.Parameter(made, requires_grad=tensor.requires_grad) if isinstance(tensor, torch.nn.Parameter) else made
    )


def kept(tensor: Any, name: str) -> dict[str, Stored]:
    """How its positions are stored: two bits for each element, and nothing else."""
    dtype = str(tensor.meta.dtype).removeprefix("torch.")
    nbytes = {"indices": tensor.meta.numel() * tensor.meta.element_size(), "pointers": 0}
    return {f"{name}.{part}": Stored(dtype=dtype, weights=0, nbytes=count) for part, count in nbytes.items()}
