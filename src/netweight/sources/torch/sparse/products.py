"""Products with sparse matrices."""

from __future__ import annotations

import math
from typing import Any

import torch
from torch import Tensor

from netweight.functions.contract import blas
from netweight.ops.contract.einsum import EinsumAttrs
from netweight.ops.contract.sparse_matmul import SparseAttrs
from netweight.sources.torch.lower import RULES
from netweight.sources.torch.lower.move.layout import reshaped, squeeze, transposed, unsqueeze
from netweight.sources.torch.recorder import Recorder
from netweight.sources.torch.sparse.places import positions, turned
from netweight.sources.torch.sparse.rules import of_sparse
from netweight.sources.torch.sparse.stored import Sparse

_MATRIX = 2


@of_sparse("mm", "matmul", "_sparse_mm", "mv", "bmm", "smm", "spmm", "hspmm")
def product(rec: Recorder, a: Any, b: Any, *reduced: str) -> Any:
    """A sparse matrix times a dense one, the other way round, or times another sparse one."""
    if reduced:
        return NotImplemented
    if isinstance(a, Tensor):
        return _from_the_right(rec, a, b)
    if isinstance(b, Sparse):
        return _of_two(rec, a, b)
    if len(a.shape) > 2:
        return _of_batch(rec, a, b)
    if b.dim() == 1:
        return squeeze(rec, _times(rec, a, unsqueeze(rec, b, 1)), 1)
    return _times(rec, a, b) if b.dim() == 2 else NotImplemented


def _times(rec: Recorder, a: Sparse, b: Tensor) -> Tensor:
    attrs = SparseAttrs(shape=(a.shape[0], a.shape[1]), layout=a.layout)
    result: Tensor = rec.op("sparse_matmul", attrs, a.values, a.places, a.pointers, b)
    return result


def _from_the_right(rec: Recorder, a: Tensor, b: Sparse) -> Any:
    """The transposed product of what is transposed; rows of all leading dimensions at once."""
    if len(b.shape) != 2:
        return NotImplemented
    rows = reshaped(rec, a, (-1, a.shape[-1]))
    y = transposed(rec, _times(rec, turned(rec, b), transposed(rec, rows)))
    return reshaped(rec, y, (*a.shape[:-1], b.shape[1]))


def _of_batch(rec: Recorder, a: Sparse, b: Tensor) -> Any:
    """The matrices of a batch as blocks along the diagonal of one."""
    if a.layout != "coo" or len(a.shape) != 3 or b.dim() != 3 or a.places.is_meta:
        return NotImplemented
    (n, m, k), (batch, rows, columns) = a.shape, a.places
    places = rec.constant(torch.stack([batch * m + rows, batch * k + columns]))
    one = Sparse(shape=(n * m, n * k), layout="coo", values=a.values, places=places)
    return reshaped(rec, _times(rec, one, reshaped(rec, b, (n * k, b.shape[2]))), (n, m, b.shape[2]))


def _of_two(rec: Recorder, a: Sparse, b: Sparse) -> Any:
    """Each stored element of one meets those of the other in its row: as many products as there are such pairs."""
    (rows, inner), (others, columns) = positions(rec, a), positions(rec, b)
    if any(part.is_meta for part in (rows, inner, others, columns)):
        return NotImplemented
    order = others.argsort(stable=True)
    counts = torch.bincount(others, minlength=b.shape[0])
    starts = counts.cumsum(0) - counts
    left = torch.repeat_interleave(torch.arange(len(inner)), counts[inner])
    within = torch.arange(len(left)) - torch.repeat_interleave(counts[inner].cumsum(0) - counts[inner], counts[inner])
    right = order[starts[inner[left]] + within]
    keys, where = torch.unique(rows[left] * b.shape[1] + columns[right], return_inverse=True)
    pairs = Sparse(
        shape=(len(keys), len(right)), layout="coo",
        values=RULES["index"](rec, a.values, [rec.constant(left)]),
        places=rec.constant(torch.stack([where, torch.arange(len(right))])),
    )  # fmt: skip
    met = RULES["index"](rec, b.values, [rec.constant(right)])
    values = squeeze(rec, _times(rec, pairs, unsqueeze(rec, met, 1)), 1)
    places = rec.constant(torch.stack([keys // b.shape[1], keys % b.shape[1]]))
    return Sparse(shape=(a.shape[0], b.shape[1]), layout="coo", values=values, places=places)


@of_sparse("addmm", "_sparse_addmm", "addmv")
def product_and_sum(rec: Recorder, x: Tensor, a: Any, b: Any, *, beta: float = 1, alpha: float = 1) -> Any:
    """beta * x + alpha * a @ b."""
    y = product(rec, a, b)
    if isinstance(x, Sparse) or not isinstance(y, Tensor):
        return NotImplemented
    return blas.plus(rec, y, x, alpha, beta)


@of_sparse("linear")
def linear(rec: Recorder, x: Tensor, weight: Sparse, bias: Tensor | None = None) -> Any:
    """A layer whose weight is sparse."""
    if not isinstance(x, Tensor) or not isinstance(weight, Sparse):
        return NotImplemented
    rows = x if x.dim() == _MATRIX else reshaped(rec, x, (math.prod(x.shape[:-1]), x.shape[-1]))
    y = transposed(rec, _times(rec, weight, transposed(rec, rows)))
    if x.dim() != _MATRIX:
        y = reshaped(rec, y, (*x.shape[:-1], weight.shape[0]))
    return y if bias is None else rec.op("add", None, y, bias)


@of_sparse("sparse_sampled_addmm")
def sampled(rec: Recorder, x: Sparse, a: Tensor, b: Tensor, *, beta: float = 1, alpha: float = 1) -> Any:
    """beta * x + alpha * a @ b where x has elements: a row and a column for each."""
    rows, columns = positions(rec, x)
    left = RULES["index"](rec, a, [rows])
    right = RULES["index"](rec, transposed(rec, b), [columns])
    values = rec.op("einsum", EinsumAttrs(equation="ek,ek->e"), left, right)
    return x.with_values(blas.plus(rec, values, x.values, alpha, beta))
