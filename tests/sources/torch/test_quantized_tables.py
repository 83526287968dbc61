"""Quantised tables of embeddings: small integers, each row with a scale and a zero point."""

from __future__ import annotations

from typing import Any

import pytest

import netweight

torch = pytest.importorskip("torch")

from torch import nn  # noqa: E402
from torch.ao import quantization as tq  # noqa: E402

from netweight.sources.torch import capture_module  # noqa: E402

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::UserWarning", "ignore::FutureWarning")

SETTINGS = {8: "float_qparams_weight_only_qconfig", 4: "float_qparams_weight_only_qconfig_4bit"}
FLOATS = {8: 4 + 4, 4: 2 + 2}
"""Bytes of the scale and the zero point of a row."""


def quantised(layer: Any, bits: int) -> Any:
    """The layer as PyTorch quantises it."""
    module = nn.Sequential(layer).eval()
    module.qconfig = getattr(tq, SETTINGS[bits])
    return tq.convert(tq.prepare(module))[0]


def test_embedding_of_bytes() -> None:
    module = quantised(nn.Embedding(10, 12), 8)
    ids = torch.tensor([[1, 2, 9], [0, 0, 3]])
    profile = netweight.weigh(module, (ids,))
    rows = {row.layer: row for row in profile.layers}
    # A row per lookup, of 12 elements: zero point away, times the scale.
    assert (rows["dequantize"].adds, rows["dequantize"].muls) == (6 * 12, 6 * 12)
    assert (rows["embedding"].params, rows["embedding"].model_size_bytes) == (10 * 12, 10 * 12 + 10 * FLOATS[8])
    assert profile.coverage.complete
    assert any("quantised" in note for note in profile.notes)
    graph = capture_module(module, ids).graph
    expected = module(ids)
    assert [(graph.spec(name).shape, graph.spec(name).dtype) for name in graph.outputs] == [
        (tuple(expected.shape), "float32")
    ]


@pytest.mark.parametrize("bits", [8, 4])
@pytest.mark.parametrize("last", [False, True])
@pytest.mark.parametrize("weighted", [False, True])
def test_bags(bits: int, last: bool, weighted: bool) -> None:
    class Bags(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.table = quantised(nn.EmbeddingBag(10, 12, mode="sum", include_last_offset=last), bits)

        def forward(self, ids: Any, starts: Any, factors: Any) -> Any:
            return self.table(ids, starts, factors if weighted else None)

    given = torch.tensor([1, 2, 9, 0, 3]), torch.tensor([0, 2, 5] if last else [0, 2]), torch.randn(5)
    profile = netweight.weigh(Bags(), given)
    rows = {row.op: row for row in profile.layers}
    # Five rows are dequantised, and added to two bags.
    assert (rows["dequantize"].adds, rows["dequantize"].muls) == (5 * 12, 5 * 12)
    assert (rows["embedding_bag"].adds, rows["embedding_bag"].muls) == ((5 - 2) * 12, 5 * 12 if weighted else 0)
    assert rows["embedding_bag"].output_shapes == (tuple(Bags()(*given).shape),)
    size = 10 * 12 * bits // 8 + 10 * FLOATS[bits]
    assert (rows["embedding"].params, rows["embedding"].model_size_bytes) == (10 * 12, size)
    assert profile.coverage.complete


def test_bags_of_equal_length() -> None:
    profile = netweight.weigh(
        quantised(nn.EmbeddingBag(10, 12, mode="sum"), 8), (torch.zeros(3, 4, dtype=torch.int64),)
    )
    rows = {row.op: row for row in profile.layers}
    assert rows["embedding_bag"].output_shapes == ((3, 12),)
    assert (rows["dequantize"].muls, rows["embedding_bag"].adds) == (12 * 12, (12 - 3) * 12)


def test_a_table_read_twice_is_there_once() -> None:
    class Twice(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.table = quantised(nn.Embedding(10, 12), 8)

        def forward(self, ids: Any) -> Any:
            return self.table(ids) + self.table(ids.flip(0))

    profile = netweight.weigh(Twice(), (torch.tensor([1, 2]),))
    assert profile.totals.params == 10 * 12


def test_two_tables_of_one_module_are_two() -> None:
    class Both(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.tables = [quantised(nn.Embedding(10, 12), 8)._packed_params._packed_weight for _ in range(2)]

        def forward(self, ids: Any) -> Any:
            first, second = self.tables
            return [torch.ops.quantized.embedding_byte(table, ids) for table in (first, second, first)]

    graph = netweight.capture(Both(), (torch.tensor([1, 2]),))
    assert [name for name, value in graph.values.items() if value.kind == "parameter"] == ["weight", "weight_1"]


def test_bags_of_a_pruned_table_are_listed() -> None:
    class Pruned(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.table = quantised(nn.EmbeddingBag(10, 12, mode="sum", include_last_offset=True), 8)

        def forward(self, ids: Any, starts: Any) -> Any:
            packed = self.table._packed_params._packed_weight
            places = torch.arange(10, dtype=torch.int32)
            return torch.ops.quantized.embedding_bag_byte(
                packed, ids, starts, False, 0, True, None, places, include_last_offset=True
            )

    profile = netweight.weigh(Pruned(), (torch.tensor([1, 2]), torch.tensor([0, 2])))
    assert [unknown.op for unknown in profile.coverage.unknown] == ["quantized.embedding_bag_byte"]
