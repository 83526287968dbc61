"""Parts of tensors: one interval of positions per dimension, exact."""

from __future__ import annotations

import itertools
from collections.abc import Iterable
from typing import NamedTuple, TypeAlias

from netweight.ir import TensorSpec


class Interval(NamedTuple):
    """Positions from ``start`` to before ``stop``."""

    start: int
    stop: int

    @property
    def size(self) -> int:
        """How many there are."""
        return self.stop - self.start

    def clipped(self, size: int) -> Interval:
        """Those that a dimension of that size has."""
        return Interval(max(self.start, 0), min(self.stop, size))

    def __str__(self) -> str:
        return f"{self.start}:{self.stop}"


Box: TypeAlias = tuple[Interval, ...]
"""An interval for each dimension of a tensor."""


def whole(shape: Iterable[int]) -> Box:
    """All of a tensor of that shape."""
    return tuple([Interval(0, size) for size in shape])


def hull(first: Box | None, second: Box) -> Box:
    """The smallest box around both.

    >>> hull((Interval(0, 3),), (Interval(5, 6),))
    (Interval(start=0, stop=6),)
    """
    if first is None or first == second:
        return second
    return tuple([Interval(min(a, c), max(b, d)) for (a, b), (c, d) in zip(first, second, strict=True)])


def sizes(box: Box) -> tuple[int, ...]:
    """Shape of the part."""
    return tuple([stop - start for start, stop in box])


def part_of(box: Box, spec: TensorSpec) -> TensorSpec:
    """What is known about the part of a tensor."""
    return TensorSpec(sizes(box), spec.dtype)


def partition(size: int, count: int) -> list[Interval]:
    """``count`` intervals side by side; where they cannot be equal, they differ by one position.

    >>> [str(interval) for interval in partition(14, 4)]
    ['0:3', '3:7', '7:10', '10:14']
    """
    edges = [index * size // count for index in range(count + 1)]
    return [Interval(start, stop) for start, stop in itertools.pairwise(edges)]
