"""Rows of a table, looked up and reduced bag by bag.

Shapes
    indices  (bags, length), or (lookups,) with offsets; integers
    weight   (num_embeddings, embedding_dim)
    offsets  (bags,), where each bag starts in a flat list of indices, or None;
             (bags + 1,) with include_last_offset
    scale    of the shape of the indices, a factor per lookup, or None; with mode "sum" only
    y        (bags, embedding_dim); zero for an empty bag

Source: torch.nn.functional.embedding_bag, whose per_sample_weights are the scale.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from netweight.count import product
from netweight.errors import ShapeError
from netweight.ir import TensorSpec
from netweight.lazy import Array, np
from netweight.ops.extent import Extent, Mixes
from netweight.ops.move.places import check_positions
from netweight.ops.table import FREE, Cost, Wanted, define

BagMode = Literal["sum", "mean", "max"]


@dataclass(frozen=True, slots=True, kw_only=True)
class EmbeddingBagAttrs:
    """Attributes of an embedding bag.

    Attributes:
        mode: What becomes of the rows of a bag.
        padding_idx: Row that is left out of every bag, and never learned; None for none.
        include_last_offset: The offsets end with the number of indices.
    """

    mode: BagMode = "mean"
    padding_idx: int | None = None
    include_last_offset: bool = False


def embedding_bag_shape(
    attrs: EmbeddingBagAttrs, indices: TensorSpec, weight: TensorSpec, offsets: TensorSpec | None,
    scale: TensorSpec | None,
) -> tuple[TensorSpec, TensorSpec]:  # fmt: skip
    """One row per bag; and, for the largest, which lookup each of its elements is from."""
    check_positions("embedding_bag", indices)
    if attrs.mode not in ("sum", "mean", "max"):
        raise ShapeError(f"embedding_bag: expected mode 'sum', 'mean' or 'max', got {attrs.mode!r}")
    if len(weight.shape) != 2:
        raise ShapeError(f"embedding_bag: expected weight (num_embeddings, embedding_dim), got {weight.shape}")
    if attrs.padding_idx is not None and not 0 <= attrs.padding_idx < weight.shape[0]:
        raise ShapeError(f"embedding_bag: expected 0 <= padding_idx < {weight.shape[0]}, got {attrs.padding_idx}")
    if scale is not None and (scale.shape != indices.shape or attrs.mode != "sum"):
        raise ShapeError(
            f"embedding_bag: expected a scale per index and mode 'sum', got {scale.shape} for {indices.shape} "
            f"and mode {attrs.mode!r}"
        )
    y = TensorSpec((_bags(attrs, indices, offsets), weight.shape[1]), weight.dtype)
    return y, TensorSpec(y.shape if attrs.mode == "max" else (0,), "int64")


def embedding_bag_cost(
    attrs: EmbeddingBagAttrs, indices: TensorSpec, weight: TensorSpec, offsets: TensorSpec | None,
    scale: TensorSpec | None,
) -> Cost:  # fmt: skip
    """An addition (or comparison) per looked-up element but the first of each bag; a factor is a multiplication.

    The mean divides once per element of ``y``. Counted as if no bag were empty and no row left out: that depends on
    the values.
    """
    bags, width = embedding_bag_shape(attrs, indices, weight, offsets, scale)[0].shape
    joined = product({"lookups - bags": max(indices.numel - bags, 0), "embedding_dim": width})
    return Cost(
        adds=0 if attrs.mode == "max" else joined,
        compares=joined if attrs.mode == "max" else 0,
        divs=product(bags=bags, embedding_dim=width) if attrs.mode == "mean" else 0,
        muls=0 if scale is None else product(lookups=indices.numel, embedding_dim=width),
    )


def embedding_bag_forward(
    attrs: EmbeddingBagAttrs, indices: Array, weight: Array, offsets: Array | None, scale: Array | None
) -> tuple[Array, Array]:
    """Sum, mean or largest of the rows of each bag, one after the other."""
    lookups, bag_of, count = _lookups(attrs, indices, offsets)
    y = np.zeros((count, weight.shape[1]), weight.dtype)
    if attrs.mode == "max":
        chosen = np.full(y.shape, -1, np.int64)
        for at in np.flatnonzero(bag_of >= 0):
            row, bag = weight[lookups[at]], bag_of[at]
            better = (chosen[bag] < 0) | (row > y[bag])
            y[bag], chosen[bag] = np.where(better, row, y[bag]), np.where(better, at, chosen[bag])
        return y, chosen
    kept = bag_of >= 0
    np.add.at(y, bag_of[kept], (weight[lookups] * _factors(attrs, weight, bag_of, count, scale)[:, None])[kept])
    return y, np.zeros(0, np.int64)


def embedding_bag_backward(
    attrs: EmbeddingBagAttrs, grad_y: Array, indices: Array, weight: Array, offsets: Array | None,
    scale: Array | None, *, chosen: Array,
) -> tuple[Array | None, ...]:  # fmt: skip
    """Each row collects the gradients of its lookups; a factor's is the product of its row and its bag's gradient."""
    lookups, bag_of, count = _lookups(attrs, indices, offsets)
    grad_weight = np.zeros(weight.shape, grad_y.dtype)
    if attrs.mode == "max":
        bags, columns = np.nonzero(chosen >= 0)
        np.add.at(grad_weight, (lookups[chosen[bags, columns]], columns), grad_y[bags, columns])
        return None, grad_weight, None, None
    kept = bag_of >= 0
    grad_rows = grad_y[bag_of] * kept[:, None]
    np.add.at(grad_weight, lookups, grad_rows * _factors(attrs, grad_y, bag_of, count, scale)[:, None])
    if scale is None:
        return None, grad_weight, None, None
    return None, grad_weight, None, (grad_rows * weight[lookups]).sum(axis=1).reshape(scale.shape)


def embedding_bag_backward_cost(
    attrs: EmbeddingBagAttrs, wanted: Wanted, indices: TensorSpec, weight: TensorSpec, offsets: TensorSpec | None,
    scale: TensorSpec | None,
) -> Cost:  # fmt: skip
    """An addition per element that goes to the table, and its factor; a factor's own gradient is a dot product."""
    bags, width = embedding_bag_shape(attrs, indices, weight, offsets, scale)[0].shape
    lookups = product(lookups=bags if attrs.mode == "max" else indices.numel, embedding_dim=width)
    cost = FREE
    if wanted[1]:
        cost += Cost(adds=lookups, muls=0 if scale is None else lookups)
        cost += Cost(divs=product(bags=bags, embedding_dim=width) if attrs.mode == "mean" else 0)
    return cost + Cost(adds=lookups, muls=lookups) if wanted[3] else cost


def embedding_bag_extent(
    _attrs: EmbeddingBagAttrs, indices: TensorSpec, _weight: TensorSpec, *_others: TensorSpec | None
) -> Extent:
    """Everything in a bag, and a bag is anywhere where offsets say so."""
    return Mixes(tuple(range(len(indices.shape)))[-1:])


def _bags(attrs: EmbeddingBagAttrs, indices: TensorSpec, offsets: TensorSpec | None) -> int:
    if len(indices.shape) == 2 and offsets is None:
        return indices.shape[0]
    if len(indices.shape) == 1 and offsets is not None and len(offsets.shape) == 1:
        check_positions("embedding_bag", offsets)
        bags = offsets.shape[0] - attrs.include_last_offset
        if bags >= 0:
            return bags
    raise ShapeError(
        f"embedding_bag: expected indices (bags, length), or (lookups,) and offsets (bags,), "
        f"got {indices.shape} and {None if offsets is None else offsets.shape}"
    )


def _lookups(attrs: EmbeddingBagAttrs, indices: Array, offsets: Array | None) -> tuple[Array, Array, int]:
    """All indices in one list, the bag of each (-1 for those left out), and the number of bags."""
    lookups = indices.reshape(-1)
    if offsets is None:
        count = indices.shape[0]
        bag_of = np.repeat(np.arange(count), indices.shape[1])
    else:
        count = len(offsets) - attrs.include_last_offset
        starts = offsets[:count]
        bag_of = np.searchsorted(starts, np.arange(len(lookups)), side="right") - 1
    return lookups, np.where(lookups == attrs.padding_idx, -1, bag_of), count


def _factors(attrs: EmbeddingBagAttrs, like: Array, bag_of: Array, count: int, scale: Array | None) -> Array:
    """What each looked-up row is multiplied with."""
    if scale is not None:
        return scale.reshape(-1)
    if attrs.mode == "sum":
        return np.ones(len(bag_of), like.dtype)
    sizes = np.bincount(bag_of[bag_of >= 0], minlength=count)
    return (1 / np.maximum(sizes, 1)).astype(like.dtype)[bag_of]


EMBEDDING_BAG = define(
    name="embedding_bag",
    kind="embedding",
    attrs=EmbeddingBagAttrs,
    inputs=("indices", "weight", "offsets", "scale"),
    shape=embedding_bag_shape,
    cost=embedding_bag_cost,
    forward=embedding_bag_forward,
    backward=embedding_bag_backward,
    backward_cost=embedding_bag_backward_cost,
    saves={
        "indices": ("weight", "scale"),
        "offsets": ("weight", "scale"),
        "scale": ("weight",),
        "weight": ("scale",),
        "chosen": ("weight",),
    },
    extras=("chosen",),
    extent=embedding_bag_extent,
    dims={"weight": "num_embeddings embedding_dim", "y": "bags embedding_dim"},
)
