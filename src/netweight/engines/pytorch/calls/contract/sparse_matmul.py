"""PyTorch's calls: sparse matmul."""

from __future__ import annotations

import warnings
from typing import Any

import torch

_MAKING = {
    "csr": torch.sparse_csr_tensor, "csc": torch.sparse_csc_tensor, "bsr": torch.sparse_bsr_tensor,
    "bsc": torch.sparse_bsc_tensor,
}  # fmt: skip


def sparse_matmul(attrs: Any, values: Any, places: Any, pointers: Any, dense: Any) -> Any:
    """The matrix made dense where it is compressed, as most of PyTorch's products of these have no gradient."""
    if pointers is None:
        return torch.sparse.mm(torch.sparse_coo_tensor(places, values, attrs.shape, check_invariants=True), dense)
    with warnings.catch_warnings():  # PyTorch says, once, that these layouts are in beta
        warnings.simplefilter("ignore")
        made = _MAKING[attrs.layout](pointers, places, values, attrs.shape, check_invariants=True)
    return made.to_dense() @ dense


CALLS = {"sparse_matmul": sparse_matmul}
