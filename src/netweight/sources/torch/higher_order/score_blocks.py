"""The blocks of an attention's scores that a block mask keeps."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch
import torch.nn.functional as F  # noqa: N812
from torch import Tensor

from netweight.sources.torch.recorder import Recorder
from netweight.sources.torch.unintercepted import UNSEEN


@dataclass(frozen=True, slots=True)
class Blocks:
    """Blocks by the rows and columns that they are of.

    Attributes:
        rows: For each block its place among the blocks of rows of all heads.
        columns: For each block its place among the blocks of columns of all heads.
        size: Rows and columns of a block.
    """

    rows: Tensor
    columns: Tensor
    size: tuple[int, int]

    def cut(self, x: Tensor, dim: int) -> Tensor:
        """Queries (0), keys or values (1) in blocks, of all heads one after the other; the last is filled up."""
        size = self.size[dim]
        if x.shape[-2] % size:
            x = F.pad(x, (0, 0, 0, -x.shape[-2] % size))
        return x.reshape(-1, size, x.shape[-1])

    def joined(self, parts: Tensor, query: Tensor) -> Tensor:
        """Blocks of rows as heads again."""
        whole = parts.reshape(*query.shape[:2], -1, parts.shape[-1])
        return whole[:, :, : query.shape[-2]]

    def places(self) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        """Sample, head, row and column of every score, as operands; their numbers are not looked at."""
        count, (rows, columns) = len(self.rows), self.size
        with UNSEEN(), torch._C._DisableTorchDispatch():
            shapes = ((count, 1, 1), (count, 1, 1), (count, rows, 1), (count, 1, columns))
            b, h, i, j = (torch.empty(shape, dtype=torch.int64, device="meta") for shape in shapes)
        return b, h, i, j


def blocks_of(rec: Recorder, block_mask: Sequence[Any], query: Sequence[int], columns: int) -> Blocks | None:
    """Blocks that a mask keeps; None if it keeps all, or if data decide that.

    Args:
        rec: Is told that all are taken, where data decide.
        block_mask: As ``BlockMask.as_tuple`` gives it.
        query: Shape of the queries.
        columns: How many keys there are.
    """
    sizes = tuple(size for size in block_mask if type(size) is int)[-2:]
    lists = [part for part in block_mask[2:6] if part is not None]
    with UNSEEN(), torch._C._DisableTorchDispatch():
        numbers = [rec.numbers(part) for part in lists]
        for part in lists:
            rec.suppose(part, "blocks of a mask that data decide are taken to be all")
        known = [part for part in numbers if part is not None]
        if len(known) < len(lists):
            return None
        down, across = (-(-length // size) for length, size in zip((query[-2], columns), sizes, strict=True))
        kept = torch.zeros(*query[:2], down, across, dtype=torch.bool)
        for counts, indices in zip(known[::2], known[1::2], strict=True):
            kept |= _marked(counts, indices, across)
        if kept.all():
            return None
        b, h, row, column = kept.nonzero().unbind(1)
        head = b * query[1] + h
        return Blocks(head * down + row, head * across + column, (sizes[0], sizes[1]))


def _marked(counts: Tensor, indices: Tensor, across: int) -> Tensor:
    """Which columns of blocks the first ``counts`` of ``indices`` name, in each row of blocks."""
    listed = torch.arange(indices.shape[-1]) < counts[..., None]
    places = torch.where(listed, indices.long(), across)
    marks = torch.zeros(*indices.shape[:-1], across + 1, dtype=torch.bool)
    return marks.scatter(-1, places, torch.ones_like(listed))[..., :across]
