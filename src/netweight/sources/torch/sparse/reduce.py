"""Sums and shares of what sparse tensors store."""

from __future__ import annotations

import math
from typing import Any

import torch
from torch import Tensor

from netweight.ops.reduce.reduction import ReduceAttrs
from netweight.sources.torch.lower import RULES
from netweight.sources.torch.lower.move.create import made
from netweight.sources.torch.recorder import Recorder
from netweight.sources.torch.sparse.layout import coalesced
from netweight.sources.torch.sparse.places import positions
from netweight.sources.torch.sparse.rules import of_sparse
from netweight.sources.torch.sparse.stored import Sparse

_INDEX = torch.int64


@of_sparse("sum", "_sparse_sum", "_sparse_csr_sum")
def total(rec: Recorder, x: Sparse, dim: Any = None, *keepdim: bool, **settings: Any) -> Any:
    """The sum of all that is stored, or for each place along what remains of a matrix."""
    if dim is None or dim == []:
        return rec.op("sum", ReduceAttrs(dims=(0,)), x.values)
    dims = [dim] if isinstance(dim, int) else list(dim)
    if len(x.shape) != 2 or len(dims) != 1 or any(keepdim) or x.values.dim() != 1:
        return NotImplemented
    kept = positions(rec, x)[1 - dims[0] % 2]
    if kept.is_meta:
        return NotImplemented
    places, where = torch.unique(kept, return_inverse=True)
    values = RULES["index_add"](rec, made(rec, places.shape, 0.0, x.values.dtype), 0, rec.constant(where), x.values)
    size = x.shape[1 - dims[0] % 2]
    return Sparse(shape=(size,), layout="coo", values=values, places=rec.constant(places[None]))


@of_sparse("_sparse_softmax", "softmax")
def softmax(rec: Recorder, x: Sparse, dim: int, *_dtype: Any, **_settings: Any) -> Any:
    """Shares of what is stored along a dimension: of each group of places."""
    x = coalesced(rec, x)
    exponents, group, groups = _exponents(rec, x, dim)
    sums = RULES["index_add"](rec, made(rec, (groups,), 0.0, x.values.dtype), 0, group, exponents[1])
    return x.with_values(rec.op("div", None, exponents[1], RULES["index"](rec, sums, [group])))


@of_sparse("_sparse_log_softmax", "log_softmax")
def log_softmax(rec: Recorder, x: Sparse, dim: int, *_dtype: Any, **_settings: Any) -> Any:
    """Their logarithms."""
    x = coalesced(rec, x)
    exponents, group, groups = _exponents(rec, x, dim)
    sums = RULES["index_add"](rec, made(rec, (groups,), 0.0, x.values.dtype), 0, group, exponents[1])
    logs = RULES["index"](rec, rec.op("log", None, sums), [group])
    return x.with_values(rec.op("sub", None, exponents[0], logs))


def _exponents(rec: Recorder, x: Sparse, dim: int) -> tuple[tuple[Tensor, Tensor], Tensor, int]:
    """What is stored less the largest of its group, and the exponentials of that; the groups, and how many."""
    at = dim % len(x.shape)
    others = [part for d, part in enumerate(positions(rec, x)) if d != at]
    sizes = [size for d, size in enumerate(x.shape) if d != at]
    group = others[0]
    for part, size in zip(others[1:], sizes[1:], strict=True):
        group = group * size + part
    group = group if group.is_meta else rec.constant(group)
    groups = math.prod(sizes)
    lowest = made(rec, (groups,), float("-inf"), x.values.dtype)
    largest = RULES["index_reduce"](rec, lowest, 0, group, x.values, "amax")
    less = rec.op("sub", None, x.values, RULES["index"](rec, largest, [group]))
    return (less, rec.op("exp", None, less)), group, groups
