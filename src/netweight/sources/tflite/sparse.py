"""Sparse tensors of TFLite: a traversal of dimensions, each dense or compressed, down to the stored elements.

The dimensions are those of the tensor, then those inside of blocks, in the traversal order. A dense one has a size. A
compressed one has segments, where the positions of each parent begin and end, and the position of each child. A block
divides a dimension of the tensor: position = outer * block size + inner.

Source: the TFLite schema, ``SparsityParameters``; Chou et al. 2018, "Format abstraction for sparse tensor algebra".
"""

from __future__ import annotations

import math
from typing import Any

from netweight.errors import FormatError
from netweight.lazy import Array, np

_COMPRESSED = 1


def densified(sparsity: Any, stored: Array, shape: tuple[int, ...], name: str) -> Array:
    """All elements of a tensor of which only some are stored.

    Raises:
        FormatError: If the indices do not fit the shape, or the elements are fewer than them.
    """
    order = sparsity.traversal_order.values() if sparsity.traversal_order is not None else ()
    blocks = sparsity.block_map.values() if sparsity.block_map is not None else ()
    levels = sparsity.dim_metadata or ()
    rank = len(shape)
    fits = sorted(order) == list(range(rank + len(blocks))) and len(levels) == len(order)
    if not fits or not all(0 <= dim < rank for dim in blocks) or len(set(blocks)) < len(blocks):
        raise FormatError(f"tflite: expected a traversal of all {rank} dimensions and blocks, got {order} for {name!r}")
    inner = dict(zip(blocks, range(rank, rank + len(blocks)), strict=True))
    sizes = {dim: levels[order.index(level)].dense_size for dim, level in inner.items()}
    places, count = _walked(order, levels, math.prod(shape), name)
    position = np.zeros(count, np.int64)
    for dim in range(rank):
        at = places[dim]
        if dim in inner:
            at = at * sizes[dim] + places[inner[dim]]
        if count and (at.min() < 0 or at.max() >= shape[dim]):
            raise FormatError(
                f"tflite: expected positions below {shape[dim]} in dimension {dim} of {name!r}, got others"
            )
        position = position * shape[dim] + at
    if len(stored) < count:
        raise FormatError(f"tflite: expected {count:,} stored elements, got {len(stored):,} for {name!r}")
    whole = np.zeros(math.prod(shape), stored.dtype)
    whole[position] = stored[:count]
    return whole.reshape(shape)


def _walked(order: tuple[int, ...], levels: Any, most: int, name: str) -> tuple[dict[int, Array], int]:
    """Position in each dimension of every stored element, and how many there are."""
    places: dict[int, Array] = {}
    count = 1
    for dim, level in zip(order, levels, strict=True):
        if level.format == _COMPRESSED:
            segments, indices = _numbers(level.array_segments), _numbers(level.array_indices)
            lengths = np.diff(segments)
            if len(segments) != count + 1 or segments[0] or (lengths < 0).any() or segments[-1] != len(indices):
                raise FormatError(f"tflite: expected segments of {count:,} parents, got others for {name!r}")
            parents, own = np.repeat(np.arange(count), lengths), indices
        else:
            if not level.dense_size > 0 or count * level.dense_size > most:
                raise FormatError(f"tflite: expected at most {most:,} elements, got more for {name!r}")
            parents = np.repeat(np.arange(count), level.dense_size)
            own = np.tile(np.arange(level.dense_size), count)
        places = {at: found[parents] for at, found in places.items()}
        places[dim], count = own, len(own)
        if count > most:
            raise FormatError(f"tflite: expected at most {most:,} elements, got more for {name!r}")
    return places, count


def _numbers(vector: Any) -> Array:
    if vector is None or vector.values is None:
        raise FormatError("tflite: expected segments and indices of a compressed dimension, got none")
    return np.array(vector.values.values(), np.int64)
