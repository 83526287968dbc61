"""Operators of sparse tensors: from the first of them on, what these store is followed."""

from __future__ import annotations

from typing import Any

from netweight.sources.torch.lower import lowers
from netweight.sources.torch.recorder import Recorder
from netweight.sources.torch.sparse.met import SparseMetError


@lowers(
    "sparse_coo_tensor", "_sparse_coo_tensor_unsafe", "sparse_compressed_tensor", "_sparse_compressed_tensor_unsafe",
    "to_sparse", "_to_sparse", "to_sparse_csr", "_to_sparse_csr", "to_sparse_csc", "_to_sparse_csc", "to_sparse_bsr",
    "_to_sparse_bsr", "to_sparse_bsc", "_to_sparse_bsc", "sparse_mask", "_sparse_mm", "_sparse_addmm", "_sparse_sum",
    "_sparse_csr_sum", "_spdiags", "_sparse_softmax", "_sparse_log_softmax", "sparse_sampled_addmm",
)  # fmt: skip
def makes_sparse(rec: Recorder, *_args: Any, **_settings: Any) -> Any:
    """Nothing: the call is followed as one with sparse tensors.

    Raises:
        SparseMetError: Always.
    """
    raise SparseMetError("a sparse tensor is made or read")
