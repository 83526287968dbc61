"""Products with sparse matrices that are not added up, but averaged, or of which the largest is taken."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from netweight.sources.torch.lower import RULES
from netweight.sources.torch.lower.move.create import made
from netweight.sources.torch.lower.move.layout import unsqueeze
from netweight.sources.torch.recorder import Recorder
from netweight.sources.torch.sparse.places import positions
from netweight.sources.torch.sparse.products import product
from netweight.sources.torch.sparse.rules import of_sparse
from netweight.sources.torch.sparse.stored import Sparse


@of_sparse("_sparse_mm_reduce_impl")
def reduced(rec: Recorder, a: Sparse, b: Tensor, reduce: str) -> Any:
    """``torch.sparse.mm(a, b, reduce)``: sums, means, or the largest or smallest of the products in a row."""
    if reduce == "sum":
        return product(rec, a, b), None
    rows, columns = positions(rec, a)
    if rows.is_meta:
        return NotImplemented
    counts = torch.bincount(rows, minlength=a.shape[0])
    if reduce == "mean":
        counts = rec.constant(counts.clamp(min=1).to(b.dtype)[:, None])
        return rec.op("div", None, product(rec, a, b), counts), None
    each = rec.op("mul", None, unsqueeze(rec, a.values, 1), RULES["index"](rec, b, [columns]))
    lowest = made(rec, (a.shape[0], b.shape[1]), 0.0, b.dtype)
    return RULES["index_reduce"](rec, lowest, 0, rows, each, reduce, include_self=False), None
