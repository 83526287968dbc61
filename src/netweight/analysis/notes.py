"""What a report says of the numbers that a network computes with."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from netweight.ir import Graph
from netweight.ops.contract.sparse_matmul import dense_macs
from netweight.ops.parts import COMPLEX
from netweight.ops.table import REGISTRY
from netweight.results.profile import LayerRow

FOUR_REAL_MACS = "a multiply-accumulate of complex numbers is counted as four real ones: four products and their sums"


def notes_on(graph: Graph, rows: Iterable[LayerRow]) -> Iterator[str]:
    """Notes on multiply-accumulates that are not those of dense tensors of real numbers."""
    if not COMPLEX.isdisjoint([row.dtype for row in rows if row.macs]):
        yield FOUR_REAL_MACS
    products = [(node.attrs, *graph.input_specs(node)) for node in graph.nodes if node.op == "sparse_matmul"]
    if products:
        stored = sum(int(REGISTRY["sparse_matmul"].cost(*product).macs) for product in products)
        dense = sum(dense_macs(*product) for product in products)
        yield f"products with sparse matrices take what is stored: {stored:,} MACs, where dense ones take {dense:,}"
