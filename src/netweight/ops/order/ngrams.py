"""How often each of a list of n-grams, sequences of n numbers, is in a sequence.

Shapes
    x  (C,) or (N, C) of integers
    y  (size,) or (N, size), of float32

The numbers of an n-gram may lie further apart: with every distance up to ``max_skips + 1`` between neighbours. A single
number has no neighbours and is counted once.

Source: ONNX TfIdfVectorizer; Guthrie et al. 2006 (skip-grams).
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from netweight.count import product
from netweight.errors import ShapeError
from netweight.ir import TensorSpec, is_floating
from netweight.lazy import Array, np
from netweight.ops.extent import mixes_last
from netweight.ops.table import FREE, Cost, define, free, not_differentiable

_MOST_RANK = 2
_MOST_SKIPS = 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class NgramCountsAttrs:
    """Attributes of counting n-grams.

    Attributes:
        ngrams: The sequences to look for.
        places: Where each of them is counted in ``y``.
        size: Elements of ``y`` per sequence.
        max_skips: Numbers that may be left out between neighbours.
        presence: 1 for an n-gram that is there at all, in the place of how often it is.
        weights: Factor of each place of ``y``; empty for none.
    """

    ngrams: tuple[tuple[int, ...], ...]
    places: tuple[int, ...]
    size: int
    max_skips: int = 0
    presence: bool = False
    weights: tuple[float, ...] = ()


def ngram_counts_shape(attrs: NgramCountsAttrs, x: TensorSpec) -> TensorSpec:
    """``size`` elements per sequence."""
    if not 1 <= len(x.shape) <= _MOST_RANK or is_floating(x.dtype):
        raise ShapeError(f"ngram_counts: expected integers (C,) or (N, C), got {x.dtype} of shape {x.shape}")
    if len(attrs.ngrams) != len(attrs.places) or not all(attrs.ngrams):
        raise ShapeError(
            f"ngram_counts: expected one place per n-gram and no n-gram empty, got {len(attrs.ngrams)} n-grams and "
            f"{len(attrs.places)} places"
        )
    if not all(0 <= place < attrs.size for place in attrs.places) or attrs.size < 1:
        raise ShapeError(f"ngram_counts: expected places from 0 to size - 1, got size {attrs.size} and {attrs.places}")
    if not 0 <= attrs.max_skips <= _MOST_SKIPS or len(attrs.weights) not in (0, attrs.size):
        raise ShapeError(
            f"ngram_counts: expected max_skips from 0 to {_MOST_SKIPS} and no weights or {attrs.size}, "
            f"got {attrs.max_skips} and {len(attrs.weights)} weights"
        )
    return TensorSpec((*x.shape[:-1], attrs.size), "float32")


def ngram_counts_cost(attrs: NgramCountsAttrs, x: TensorSpec) -> Cost:
    """Per window of each size and distance its numbers looked up, one comparison each, and one add to a count.

    Presence is one comparison per element of ``y``, a weight one multiplication.
    """
    y = ngram_counts_shape(attrs, x)
    rows, length = y.numel // attrs.size, x.shape[-1]
    cost = FREE
    for size, distance in _windows(attrs):
        count = max(length - distance * (size - 1), 0)
        cost += Cost(compares=product(rows=rows, windows=count, size=size), adds=product(rows=rows, windows=count))
    return cost + Cost(
        compares=product(outputs=y.numel) if attrs.presence else 0,
        muls=product(outputs=y.numel) if attrs.weights else 0,
    )


def ngram_counts_forward(attrs: NgramCountsAttrs, x: Array) -> Array:
    """Every window of every sequence looked up."""
    place = dict(zip(attrs.ngrams, attrs.places, strict=True))
    rows = x.reshape(math.prod(x.shape[:-1]), x.shape[-1])
    y = np.zeros((len(rows), attrs.size), "float32")
    for row, counts in zip(rows.tolist(), y, strict=True):
        for size, distance in _windows(attrs):
            span = distance * (size - 1) + 1
            for start in range(len(row) - span + 1):
                found = place.get(tuple(row[start : start + span : distance]))
                if found is not None:
                    counts[found] += 1
    if attrs.presence:
        y = (y > 0).astype(y.dtype)
    if attrs.weights:
        y = y * np.asarray(attrs.weights, y.dtype)
    return y.reshape(*x.shape[:-1], attrs.size)


def _windows(attrs: NgramCountsAttrs) -> list[tuple[int, int]]:
    """Size of the n-grams and distance of neighbours, each pair that is looked for."""
    sizes = sorted({len(ngram) for ngram in attrs.ngrams})
    distances = range(1, attrs.max_skips + 2)
    return [(size, distance) for size in sizes for distance in (distances if size > 1 else (1,))]


NGRAM_COUNTS = define(
    name="ngram_counts",
    kind="reduce",
    attrs=NgramCountsAttrs,
    shape=ngram_counts_shape,
    cost=ngram_counts_cost,
    forward=ngram_counts_forward,
    backward=not_differentiable,
    backward_cost=free,
    extent=mixes_last,
)
