"""How far an output position reaches over the input, as data: what receptive fields are computed from.

The extent counts, not the place: a flip, a shift or padding that reflects moves what is read, and reads no more of it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias

if TYPE_CHECKING:
    from fractions import Fraction


@dataclass(frozen=True, slots=True)
class Mixes:
    """Every output position depends on all positions along these input dimensions (negative: from the end).

    Nothing mixed is an elementwise operator: the same position, dimensions aligned from the right as in broadcasting.
    """

    dims: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Slides:
    """A window slides over the last dimensions, one entry per spatial dimension; all other dimensions mix freely."""

    kernel_size: tuple[int, ...]
    stride: tuple[int, ...]
    dilation: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Spreads:
    """Upsampling over the last dimensions: ``taps`` neighbours are read, ``scale`` outputs per input."""

    taps: tuple[int, ...]
    scale: tuple[Fraction, ...]


@dataclass(frozen=True, slots=True)
class Permutes:
    """Output dimension ``i`` is input dimension ``order[i]``; None for a new dimension."""

    order: tuple[int | None, ...]


@dataclass(frozen=True, slots=True)
class Reshapes:
    """Same elements in the same order under another shape."""


Extent: TypeAlias = Mixes | Slides | Spreads | Permutes | Reshapes

_SAME_POSITION = Mixes()


def same_position(_attrs: Any, *_inputs: Any) -> Extent:
    """Extent of an elementwise operator."""
    return _SAME_POSITION


def reshapes(_attrs: Any, *_inputs: Any) -> Extent:
    """Extent of a reshape."""
    return Reshapes()


def mixes_last(_attrs: Any, *_inputs: Any) -> Extent:
    """Extent of an operator that contracts the last dimension."""
    return Mixes((-1,))
