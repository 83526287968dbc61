"""What a report says of the numbers that a network computes with."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from netweight.ir import Graph
from netweight.ops.parts import COMPLEX
from netweight.ops.table import REGISTRY
from netweight.results.profile import Activations, LayerRow

FOUR_REAL_MACS = "a multiply-accumulate of complex numbers is counted as four real ones: four products and their sums"


def notes_on(graph: Graph, rows: Iterable[LayerRow]) -> Iterator[str]:
    """Notes on multiply-accumulates that are not those of dense tensors of real numbers."""
    if not COMPLEX.isdisjoint([row.dtype for row in rows if row.macs]):
        yield FOUR_REAL_MACS
    products = [(node.attrs, *graph.input_specs(node)) for node in graph.nodes if node.op == "sparse_matmul"]
    if products:
        from netweight.ops.contract.sparse_matmul import dense_macs  # few networks have one

        stored = sum(int(REGISTRY["sparse_matmul"].cost(*product).macs) for product in products)
        dense = sum(dense_macs(*product) for product in products)
        yield f"products with sparse matrices take what is stored: {stored:,} MACs, where dense ones take {dense:,}"


def notes_on_totals(activations: Mapping[str, Activations]) -> Iterator[str]:
    """A note where the convention that has more in place has the larger total: it asks no program what is in place."""
    lecture, liveness = activations.get("lecture"), activations.get("liveness")
    if lecture is not None and liveness is not None and lecture.total_count > liveness.total_count:
        more = lecture.total_count - liveness.total_count
        yield (
            "arithmetic that is written over its input (x *= a) makes an activation by lecture, and none by liveness: "
            f"the lecture total is {more:,} elements larger"
        )
