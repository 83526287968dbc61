"""Quantised tables: rows of 8 or 4 bits with a scale and a zero point each, dequantised after they were looked up."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from netweight.ir import Quantization
from netweight.ops.move.embed import EmbeddingAttrs
from netweight.ops.move.embedding_bag import EmbeddingBagAttrs
from netweight.sources.torch.lower import lowers
from netweight.sources.torch.lower.common import cast
from netweight.sources.torch.lower.move.layout import reshaped
from netweight.sources.torch.lower.quantize.layers import dequantized, note_quantized
from netweight.sources.torch.recorder import Recorder

_SCALE_BITS = {8: 32, 4: 16}
"""Bits of the scale of a row, and of its zero point, as PyTorch stores them beside the elements."""


def _rows(rec: Recorder, packed: Any, indices: Tensor, bits: int) -> Any:
    """Rows of a packed table, as floating numbers; NotImplemented if its elements have another width."""
    table: Tensor = torch.ops.quantized.embedding_bag_unpack(packed)
    if table.dtype != (torch.quint8 if bits == 8 else torch.quint4x2):
        return NotImplemented
    note_quantized(rec)
    weight = _table(rec, table, bits)
    found = rec.op("embedding", EmbeddingAttrs(padding_idx=None), cast(rec, indices, torch.int64), weight)
    return dequantized(rec, found)


def _table(rec: Recorder, table: Tensor, bits: int) -> Tensor:
    """The integers of a table as a parameter, the same tensor for the same numbers in a module."""
    module = rec.module_calls.current
    known = rec.packed.setdefault(module, [])
    numbers = table.dequantize()
    for integers, same in known:
        if same is not None and same.shape == numbers.shape and torch.equal(same, numbers):
            return integers
    # Nothing computes with 4-bit tensors: this one has their size and no numbers.
    integers = table.int_repr() if bits == 8 else torch.empty(table.shape, dtype=torch.uint4, device="meta")
    path = f"{module}." if module else ""
    rec.recording.own(integers, f"{path}weight{f'_{len(known)}' if known else ''}", "parameter")
    rec.recording.value_of(integers)
    size = _SCALE_BITS[bits]
    scales = Quantization(group_size=table.shape[1], scale_bits=size, zero_point_bits=size)
    rec.recording.quantize(integers, scales)
    known.append((integers, numbers))
    return integers


def _embedding(name: str, bits: int) -> None:
    @lowers(f"quantized.{name}")
    def rule(rec: Recorder, packed: Any, indices: Tensor, *_pruned: Any, **_named: Any) -> Any:
        return _rows(rec, packed, indices, bits)


def _bag(name: str, bits: int) -> None:
    @lowers(f"quantized.{name}")
    def rule(
        rec: Recorder, packed: Any, indices: Tensor, offsets: Tensor | None = None, scale_grad_by_freq: bool = False,
        mode: int = 0, pruned_weights: bool = False, per_sample_weights: Tensor | None = None,
        compressed_indices_mapping: Tensor | None = None, include_last_offset: bool = False,
    ) -> Any:  # fmt: skip
        rows = _rows(rec, packed, indices, bits) if compressed_indices_mapping is None else NotImplemented
        if rows is NotImplemented:
            return NotImplemented
        # The kernel adds each row as soon as it is dequantised; written out, they are a table of their own.
        places = torch.arange(indices.numel()).reshape(indices.shape)
        starts = None if offsets is None else cast(rec, offsets, torch.int64)
        attrs = EmbeddingBagAttrs(mode="sum", include_last_offset=include_last_offset and offsets is not None)
        return rec.op(
            "embedding_bag", attrs, places, reshaped(rec, rows, (-1, rows.shape[-1])), starts, per_sample_weights
        )


for _bits, _name in ((8, "byte"), (4, "4bit")):
    _embedding(f"embedding_{_name}", _bits)
    _bag(f"embedding_bag_{_name}", _bits)
