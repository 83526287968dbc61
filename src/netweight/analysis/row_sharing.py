"""How far a layer's output may lie over its input, row by row, when the input is not needed afterwards.

Maps lie in memory position by position, all channels of a position together, so that a row of positions is one piece.
The output starts ``lead`` bytes before the input and is written row by row. When row i is written, rows of the input
before the window of row i are read no more; all of row i has to lie before the first row that is still needed:

    (i + 1) * output row <= lead + first(i) * input row

The smallest such lead is taken. Rows of a batch follow each other; those of a linear layer are its samples or tokens.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from netweight.analysis.pieces import Facts, Home
from netweight.ir import Graph, Node

_WINDOWS = frozenset({"conv", "integer_conv", "max_pool", "min_pool", "avg_pool", "lp_pool"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Rows:
    """Input and output of a layer as rows.

    Attributes:
        in_row: Bytes of an input row.
        out_row: Bytes of an output row.
        in_rows: How many rows are read.
        first: For each output row the first input row that it or a later one needs.
    """

    in_row: int
    out_row: int
    in_rows: int
    first: tuple[int, ...]

    @property
    def lead(self) -> int:
        """Bytes from the start of the output to the start of the input."""
        return max(((at + 1) * self.out_row - needed * self.in_row for at, needed in enumerate(self.first)), default=0)

    @property
    def arena(self) -> int:
        """Bytes that both take together."""
        return max(self.lead + self.in_rows * self.in_row, len(self.first) * self.out_row)

    @property
    def shared(self) -> int:
        """Bytes that both take less than apart."""
        return self.in_rows * self.in_row + len(self.first) * self.out_row - self.arena


def rows_of(graph: Graph, node: Node) -> Rows | None:
    """Rows of a layer that reads its input once from top to bottom; None for any other, or where bytes split a row."""
    if node.inputs[:1] in ((), (None,)) or len(node.outputs) != 1:
        return None
    x, y = graph.spec(str(node.inputs[0])), graph.spec(node.outputs[0])
    if node.op == "linear":
        count = x.numel // max(x.shape[-1], 1)
        in_rows, first = count, tuple(range(count))
    elif node.op in _WINDOWS and _channels_first(graph, node):
        batch, size, out = x.shape[0], x.shape[2], y.shape[2]
        stride, before = node.attrs.stride[0], getattr(node.attrs, "padding", ((0, 0),))[0][0]
        along = [min(max(at * stride - before, 0), size) for at in range(out)]
        in_rows, first = batch * size, tuple(image * size + row for image in range(batch) for row in along)
    else:
        return None
    if not in_rows or not first or x.nbytes % in_rows or y.nbytes % len(first):
        return None
    return Rows(in_row=x.nbytes // in_rows, out_row=y.nbytes // len(first), in_rows=in_rows, first=first)


def _channels_first(graph: Graph, node: Node) -> bool:
    """Whether the maps that are read have channels before positions: a kernel may read them the other way round."""
    x, y = graph.spec(str(node.inputs[0])), graph.spec(node.outputs[0])
    groups = getattr(node.attrs, "groups", 0)
    channels = graph.spec(str(node.inputs[1])).shape[1] * groups if groups else y.shape[1]
    return len(x.shape) == len(y.shape) and x.shape[1] == channels


def rows_shared(facts: Facts, home_of: Mapping[str, str], homes: Mapping[str, Home]) -> list[int]:
    """Bytes of rows that input and output of each step share, where nothing needs the input afterwards."""
    found = []
    for step, node in enumerate(facts.graph.nodes):
        rows = None
        x, y = (*node.inputs[:1], None)[0], (*node.outputs[:1], "")[0]
        if x is not None and x in home_of and home_of.get(y) == y and step not in facts.runs:
            home = homes[home_of[x]]
            whole = home.dies == step and home.nbytes == facts.sizes[x][1]
            rows = rows_of(facts.graph, node) if whole else None
        found.append(0 if rows is None else rows.shared)
    return found
