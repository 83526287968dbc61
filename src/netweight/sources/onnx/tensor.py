"""A tensor of an ONNX program while it is read: its shape, and its numbers where they are known."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from netweight.errors import CaptureError, ShapeError
from netweight.ir import Quantization, TensorSpec, ValueKind, is_floating
from netweight.lazy import Array
from netweight.ops.effort import check_rank

_MOST = 1 << 30
_MOST_SETTINGS = 1 << 20


class DependsOnDataError(CaptureError):
    """A shape follows from numbers that only a run has.

    Attributes:
        tensor: Name of the tensor whose numbers are wanted.
    """

    def __init__(self, tensor: str) -> None:
        super().__init__(f"the shape follows from the numbers of {tensor!r}, which only a run has")
        self.tensor = tensor


class UnknownShapeError(DependsOnDataError):
    """An operator without a rule makes something of which the file does not say the shape."""

    def __init__(self, op: str) -> None:
        CaptureError.__init__(self, f"there is no rule for {op}, and the file does not say the shapes of its outputs")
        self.tensor = op


class LeftOut:
    """In the place of a value whose shape only a run can tell: what reads it is left out too."""

    __slots__ = ("reason",)

    def __init__(self, reason: str) -> None:
        self.reason = reason


@dataclass(slots=True, eq=False)
class Pending:
    """A call of an operator on what is fixed, or of one that is recorded when somebody reads what it makes.

    Attributes:
        op: Operator of the table.
        attrs: Its attributes.
        inputs: What it reads.
        outputs: What it makes.
        call: Number of the call in the file that it belongs to, if not that of the reader.
    """

    op: str
    attrs: Any
    inputs: tuple[Tensor | None, ...]
    outputs: list[Tensor]
    call: int | None = None


@dataclass(slots=True, eq=False)
class Tensor:
    """A value of the program.

    Attributes:
        label: What the file calls it.
        spec: Shape and element type.
        numbers: Makes the elements, where they are known.
        fixed: Whether it is the same whatever the input: stored in the file, or computed from what is.
        stored: Whether the file itself has the elements: a weight, if they are floating.
        alone: Whether it is a single number of no dimensions that may be learned, as its name says.
        filled: Whether all its elements are equal, and the file has one of them.
        learned: Whether weights are among what it was computed from.
        parts: Words of bits that were taken out of it, by what they are.
        packed: Stored whole numbers that it is made of, once they are known to be a weight.
        role: What it is in the graph if a rule knows better: running statistics are buffers.
        quantization: What is stored beside its elements.
        base: What it is another shape of, where that is known.
        pending: The call that makes a fixed tensor, as long as the graph does not have it.
        name: Name of its value in the graph, empty as long as the graph does not have it.
    """

    label: str
    spec: TensorSpec
    numbers: Callable[[], Array] | None = None
    fixed: bool = False
    stored: bool = False
    alone: bool = False
    filled: bool = False
    learned: bool = False
    parts: dict[int, int] = field(default_factory=dict, repr=False)
    packed: Tensor | None = field(default=None, repr=False)
    role: ValueKind | None = None
    quantization: Quantization | None = None
    base: Tensor | None = field(default=None, repr=False)
    pending: Pending | None = None
    name: str = ""
    _array: Array | None = field(default=None, repr=False)

    @property
    def shape(self) -> tuple[int, ...]:
        """Size of each dimension."""
        return self.spec.shape

    @property
    def dtype(self) -> str:
        """Element type."""
        return self.spec.dtype

    @property
    def rank(self) -> int:
        """Number of dimensions."""
        return len(self.spec.shape)

    @property
    def floating(self) -> bool:
        """Whether the elements are floating numbers."""
        return is_floating(self.spec.dtype)

    @property
    def known(self) -> bool:
        """Whether the numbers are at hand."""
        return self.numbers is not None

    def array(self) -> Array:
        """The elements.

        Raises:
            DependsOnDataError: If only a run has them.
            ShapeError: If there are more than 2^30.
            LimitError: If it has more dimensions than an array can have.
        """
        if self._array is None:
            if self.numbers is None:
                raise DependsOnDataError(self.label)
            if self.spec.numel > _MOST:
                raise ShapeError(f"{self.label}: expected at most {_MOST:,} elements to compute with, got {self.spec}")
            check_rank(self.label, self.spec.shape)
            self._array = self.numbers()
        return self._array

    def ints(self) -> tuple[int, ...]:
        """The elements as whole numbers.

        Raises:
            DependsOnDataError: If only a run has them.
        """
        return tuple(int(n) for n in self._settings().reshape(-1))

    def floats(self) -> tuple[float, ...]:
        """The elements as floating numbers.

        Raises:
            DependsOnDataError: If only a run has them.
        """
        return tuple(float(n) for n in self._settings().reshape(-1))

    def _settings(self) -> Array:
        """The elements, if they can be the settings of an operator: sizes, axes, places.

        Raises:
            ShapeError: If they are too many.
        """
        if self.known and self.spec.numel > _MOST_SETTINGS:
            raise ShapeError(f"{self.label}: expected at most {_MOST_SETTINGS:,} numbers to go by, got {self.spec}")
        return self.array()

    def item(self) -> Any:
        """The only element.

        Raises:
            DependsOnDataError: If only a run has it.
        """
        return self._settings().reshape(-1)[0].item()


def is_weight(tensor: Tensor) -> bool:
    """Whether it is stored and floating, and no mere scalar: the settings of an operator are scalars."""
    hollow = tensor.filled and tensor.role != "parameter"
    return tensor.stored and tensor.floating and (tensor.rank > 0 or tensor.alone) and not hollow


def is_integer(dtype: str) -> bool:
    """Whether the elements are whole numbers, ``bool`` not among them."""
    return "int" in dtype


def all_fixed(tensors: Sequence[Tensor | None]) -> bool:
    """Whether nothing among them depends on the input; of no tensors at all, nothing does."""
    return all(tensor is None or tensor.fixed for tensor in tensors)
