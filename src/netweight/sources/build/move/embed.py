"""Rows of tables that are looked up."""

from __future__ import annotations

from netweight.functions.move import embed as functions
from netweight.ir import Init
from netweight.sources.build.core import Symbol


def embedding(
    indices: Symbol, num_embeddings: int, embedding_dim: int, *, padding_idx: int | None = None,
    weight: Symbol | None = None, name: str = "embedding",
) -> Symbol:  # fmt: skip
    """A learned row for every index.

    >>> from netweight import TensorSpec, build
    >>> build.graph(lambda x: build.embedding(x, 1000, 64), TensorSpec((1, 16), "int64"), name="one")
    <Graph 'one': 1 operator, x int64[1, 16] -> embedding float32[1, 16, 64]>

    Args:
        indices: (...), integers from 0 to num_embeddings - 1.
        num_embeddings: Rows of the table.
        embedding_dim: Size of a row.
        padding_idx: Row that is looked up like any other and never learned.
        weight: A symbol (num_embeddings, embedding_dim) to share instead of a new parameter.
        name: Last part of the module path.

    Raises:
        ShapeError: If the indices are no integers, or a shared table has another shape.
    """
    builder = indices.builder
    with builder.recording(name):
        if weight is None:
            weight = builder.own("weight", (num_embeddings, embedding_dim), Init(kind="normal"))
        return functions.embedding(builder, indices, weight, padding_idx)
