"""The sign that a program has sparse tensors."""

from __future__ import annotations

import torch


class SparseMetError(Exception):
    """A sparse tensor was met where a dense one is expected: what it stores is followed instead."""


def check_dense(tensor: torch.Tensor) -> None:
    """Refuse a sparse tensor.

    Raises:
        SparseMetError: If it is one.
    """
    if tensor.layout is not torch.strided:
        raise SparseMetError(str(tensor.layout))
