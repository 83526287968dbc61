"""What functions need of the source that records them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Protocol, TypeGuard, TypeVar

from netweight.errors import ShapeError, UsageError
from netweight.ir import TensorSpec

T = TypeVar("T")
"""A tensor of the source: a symbol of the builder, a tensor of PyTorch, a tensor of an ONNX file."""


Size = int | tuple[int, ...]
"""One number for all spatial dimensions, or one for each."""

Function = TypeVar("Function", bound=Callable[..., Any])


class Recorder(Protocol):
    """Where functions are recorded."""

    def op(self, name: str, attrs: Any, *tensors: Any) -> Any:
        """Record an operator of the table: its one output, or a tuple of several."""

    def over(self, name: str, attrs: Any, *tensors: Any, at: int = 0) -> Any:
        """Record an operator of each element whose output takes the memory of one of its tensors."""

    def number(self, value: complex, like: Any) -> Any:
        """A constant of no dimensions in the element type of a tensor."""

    def spec(self, tensor: Any) -> TensorSpec:
        """Shape and element type of a tensor."""


def layer_named(name: str) -> Callable[[Function], Function]:
    """What the builder calls the layers of a function that are not called like the function itself."""

    def mark(function: Function) -> Function:
        function.layer = name  # type: ignore[attr-defined]
        return function

    return mark


_REAL = (int, float)
_NUMBERS = (*_REAL, complex)


def is_number(value: Any) -> TypeGuard[float]:
    """Whether an operand is a plain number, which becomes part of the operator, and no tensor."""
    return isinstance(value, _NUMBERS)


def is_real(value: Any) -> TypeGuard[float]:
    """Whether an operand is a number that is not complex."""
    return isinstance(value, _REAL)


def both(rec: Recorder, x: Any, other: Any) -> tuple[Any, Any]:
    """Both as tensors; a number as a constant in the type of the other one."""
    return rec.number(x, other) if is_number(x) else x, rec.number(other, x) if is_number(other) else other


def from_front(rec: Recorder, x: Any, dim: int | tuple[int, ...]) -> tuple[int, ...]:
    """Dimensions of ``x`` as attributes have them: a tuple, counted from the front.

    Raises:
        ShapeError: If ``x`` has no such dimension.
    """
    dims = (dim,) if isinstance(dim, int) else dim
    shape = rec.spec(x).shape
    rank = len(shape)
    for entry in dims:
        if not -rank <= entry < rank:
            raise ShapeError(f"dim: expected {-rank} <= dim < {rank}, got {entry} for shape {shape}")
    return tuple(entry + rank if entry < 0 else entry for entry in dims)


def new_dim(rec: Recorder, x: Any, dim: int) -> int:
    """Where a new dimension goes, counted from the front.

    Raises:
        ShapeError: If ``x`` cannot have a dimension there.
    """
    shape = rec.spec(x).shape
    rank = len(shape) + 1
    if not -rank <= dim < rank:
        raise ShapeError(f"dim: expected {-rank} <= dim < {rank} for a new one, got {dim} for shape {shape}")
    return dim + rank if dim < 0 else dim


def per_dim(value: int | Sequence[int], count: int) -> tuple[int, ...]:
    """One entry per spatial dimension; a single one stands for all.

    Raises:
        UsageError: If there is another number of entries.
    """
    entries = (value,) if isinstance(value, int) else tuple(value)
    if len(entries) == 1:
        return entries * count
    if len(entries) != count:
        raise UsageError(f"build: expected a number or {count} of them, one per spatial dimension, got {entries}")
    return entries
