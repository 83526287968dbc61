"""What a rule of the user's gives back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import KW_ONLY, dataclass, field
from typing import TypeAlias

from netweight.ir import TensorSpec
from netweight.ops.table import FREE, Cost

Outputs: TypeAlias = TensorSpec | tuple[TensorSpec, ...] | list[TensorSpec] | None


@dataclass(frozen=True, slots=True)
class Counted:
    """What one call of an operator of your own gives and costs.

    >>> x = TensorSpec((8, 64))
    >>> Counted(x, Cost(muls=8 * 64), saves=("x",)).cost.muls
    512

    Attributes:
        outputs: Shape and element type of the result, or a tuple of several; None where the operator's own meta kernel
            says them.
        cost: Work of the forward.
        saves: What is kept for backward: names of arguments, ``"y"`` for the result (``"y1"`` for the second), or a
            ``TensorSpec`` for a tensor that nobody else sees, such as a mask.
        backward: Work of all gradients together, or by the name of the argument whose gradient it is; None if it is
            not known: a step of training then says so.
    """

    outputs: Outputs
    cost: Cost = FREE
    _: KW_ONLY
    saves: tuple[str | TensorSpec, ...] = ()
    backward: Cost | Mapping[str, Cost] | None = field(default=None)
