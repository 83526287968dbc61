"""How far a run may go: a file says how many steps a loop has and how wide a window is, and may say anything.

Limits, all raised by ``netweight.limits``: ``steps`` calls of operators, ``work`` of one of them
(operations, those outside of products ten times), ``memory``: bytes of arrays that are alive at once, windows and
padded inputs included, weights and inputs not.
"""

from __future__ import annotations

import math
import weakref
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

from netweight import limits
from netweight.errors import LimitError
from netweight.ir import bits_of
from netweight.units import exact, scaled

if TYPE_CHECKING:
    from netweight.ir import TensorSpec
    from netweight.lazy import Array
    from netweight.ops.table import OpDef

_DIMENSIONS = 64
"""As many as an array of NumPy, or a tensor of PyTorch, has at most."""
_SLOWER = 10
"""Operations of a product of matrices in the time of another operation."""
_NOTED = 1 << 12
"""Bytes from which on it is noted when an array is let go of."""


class Effort:
    """What a run has done up to now.

    Attributes:
        steps: Calls of operators.
        held: Bytes of the arrays that they made and that are alive.
    """

    def __init__(self) -> None:
        self.steps = 0
        self.held = 0
        self._most = {name: limits.of(name) for name in ("steps", "work", "memory")}
        self._passed: set[Any] = set()

    def step(self, ahead: int = 1) -> None:
        """Count a call of an operator.

        Args:
            ahead: How many calls are certain to come, this one included.

        Raises:
            LimitError: If there are too many.
        """
        self.steps += 1
        if self.steps + ahead - 1 > self._most["steps"]:
            raise LimitError(
                f"run: expected at most {exact(self._most['steps'])} calls of operators, got more",
                fix=limits.fix("steps", needed=str(10 * (self.steps + ahead))),
            )

    def before(self, op: OpDef, attrs: Any, inputs: Sequence[TensorSpec | None], outputs: Sequence[TensorSpec]) -> None:
        """Refuse a call that goes too far.

        Raises:
            LimitError: If it does.
        """
        made = sum([spec.nbytes for spec in outputs])
        if not op.view or made > self._most["memory"]:  # a view of what is repeated has no end either
            self._check_memory(op.name, made)
        key = (op.name, attrs, *inputs)
        if key in self._passed:
            return
        for spec in outputs:
            check_rank(op.name, spec.shape)
        self._check_memory(op.name, _windows(attrs, inputs, outputs))
        cost = op.cost(attrs, *inputs)
        work = 2 * int(cost.macs) + _SLOWER * (cost.ops_total - 2 * int(cost.macs))
        if work > self._most["work"]:
            raise LimitError(
                f"{op.name}: expected work of at most {scaled(self._most['work'])} in one call, got {scaled(work)}",
                fix=limits.fix("work", needed=str(work)),
            )
        self._passed.add(key)

    def _check_memory(self, name: str, made: int) -> None:
        if self.held + made > self._most["memory"]:
            raise LimitError(
                f"{name}: expected arrays of at most {scaled(self._most['memory'], 'B')} at once, got "
                f"{scaled(self.held + made, 'B')}",
                fix=limits.fix("memory", needed=str(self.held + made)),
            )

    def after(self, arrays: Iterable[Array]) -> None:
        """Note arrays that a call made, until nobody has them any more; views take no room."""
        for array in arrays:
            if array.base is None and array.nbytes >= _NOTED:
                self.held += array.nbytes
                weakref.finalize(array, self._let_go, array.nbytes).atexit = False

    def _let_go(self, size: int) -> None:
        self.held -= size


def _windows(attrs: Any, inputs: Sequence[TensorSpec | None], outputs: Sequence[TensorSpec]) -> int:
    """Bytes of what a convolution or a pool makes on its way: the padded input, and all of its windows."""
    padding, x = getattr(attrs, "padding", None), inputs[0] if inputs else None
    if not isinstance(padding, tuple) or x is None or len(padding) != len(x.shape) - 2:
        return 0
    weight = inputs[1] if len(inputs) > 1 and inputs[1] is not None else x
    kernel = getattr(attrs, "kernel_size", weight.shape[2:])
    padded = math.prod(size + sum(pads) for size, pads in zip(x.shape[2:], padding, strict=True))
    windows = math.prod(outputs[0].shape[2:]) * math.prod(kernel)
    return math.prod(x.shape[:2]) * max(padded, windows) * bits_of(x.dtype) // 8


def check_rank(name: str, shape: Sequence[int]) -> None:
    """Refuse more dimensions than an array has.

    Raises:
        LimitError: If there are more.
    """
    if len(shape) > _DIMENSIONS:
        raise LimitError(f"{name}: expected at most {_DIMENSIONS} dimensions to compute with, got {len(shape)}")


def check_room(name: str, spec: TensorSpec) -> None:
    """Refuse an array that is to be made up, such as a random input, and takes more than a run may.

    Raises:
        LimitError: If it is too large, or has too many dimensions.
    """
    check_rank(name, spec.shape)
    if spec.nbytes > limits.of("memory"):
        raise LimitError(
            f"{name}: expected an array of at most {limits.text('memory')}, got {scaled(spec.nbytes, 'B')}",
            fix=limits.fix("memory", needed=str(spec.nbytes)),
        )
