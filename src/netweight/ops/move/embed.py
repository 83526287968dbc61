"""Embedding: rows of a table, looked up.

Shapes
    indices  (...)  integers
    weight   (num_embeddings, embedding_dim)
    y        (..., embedding_dim)

A lookup multiplies nothing: 0 MACs. Only the rows that are read, and only their bytes, move.

Source: torch.nn.functional.embedding.
"""

from __future__ import annotations

from dataclasses import dataclass

from netweight.count import product
from netweight.errors import ShapeError
from netweight.ir import TensorSpec
from netweight.lazy import Array, np
from netweight.ops.extent import Extent, Permutes
from netweight.ops.move.places import check_positions
from netweight.ops.table import FREE, Cost, Wanted, define, free


@dataclass(frozen=True, slots=True, kw_only=True)
class EmbeddingAttrs:
    """Attributes of an embedding.

    Attributes:
        padding_idx: Row that is looked up like any other and never learned, None for none.
    """

    padding_idx: int | None = None


def embedding_shape(attrs: EmbeddingAttrs, indices: TensorSpec, weight: TensorSpec) -> TensorSpec:
    """One row per index."""
    check_positions("embedding", indices)
    if len(weight.shape) != 2:
        raise ShapeError(f"embedding: expected weight (num_embeddings, embedding_dim), got {weight.shape}")
    num_embeddings, embedding_dim = weight.shape
    if attrs.padding_idx is not None and not 0 <= attrs.padding_idx < num_embeddings:
        raise ShapeError(f"embedding: expected 0 <= padding_idx < {num_embeddings}, got {attrs.padding_idx}")
    return TensorSpec((*indices.shape, embedding_dim), weight.dtype)


def embedding_forward(_attrs: EmbeddingAttrs, indices: Array, weight: Array) -> Array:
    """weight[indices]."""
    return weight[indices]


def embedding_backward(attrs: EmbeddingAttrs, grad_y: Array, indices: Array, weight: Array) -> tuple[None, Array]:
    """Each row collects the gradients of its lookups."""
    grad_weight = np.zeros(weight.shape, grad_y.dtype)
    np.add.at(grad_weight, indices, grad_y)
    if attrs.padding_idx is not None:
        grad_weight[attrs.padding_idx] = 0
    return None, grad_weight


def embedding_backward_cost(_attrs: EmbeddingAttrs, wanted: Wanted, indices: TensorSpec, weight: TensorSpec) -> Cost:
    """One add per element looked up."""
    return Cost(adds=product(rows=indices.numel, embedding_dim=weight.shape[1])) if wanted[1] else FREE


def embedding_extent(_attrs: EmbeddingAttrs, indices: TensorSpec, _weight: TensorSpec) -> Extent:
    """The same position, and a new last dimension."""
    return Permutes((*range(len(indices.shape)), None))


EMBEDDING = define(
    name="embedding",
    kind="embedding",
    attrs=EmbeddingAttrs,
    inputs=("indices", "weight"),
    shape=embedding_shape,
    cost=free,
    forward=embedding_forward,
    backward=embedding_backward,
    backward_cost=embedding_backward_cost,
    saves=("indices",),
    extent=embedding_extent,
    dims={"indices": "*rows", "weight": "num_embeddings embedding_dim", "y": "*rows embedding_dim"},
)
