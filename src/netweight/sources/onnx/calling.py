"""A call of an operator in a file, as the rules see it that record what it does: files of ONNX and of TFLite alike."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from netweight.ir import TensorSpec
from netweight.lazy import Array, np
from netweight.sources.onnx.numbers import checked_shape
from netweight.sources.onnx.recording import OnnxRecording
from netweight.sources.onnx.tensor import Tensor


@dataclass(slots=True)
class Calling:
    """A call.

    Attributes:
        recording: Where rules record.
    """

    recording: OnnxRecording

    @property
    def kind(self) -> str:
        """The operator, as the file calls it."""
        raise NotImplementedError

    def note(self, text: str, *, guess: bool = False) -> None:
        """Something a reader must know; a guess means that the figures may not be exact."""
        self.recording.note(text, guess=guess)

    @property
    def computing(self) -> bool:
        """Whether everything is computed while it is read."""
        return self.recording.computing

    def spec(self, tensor: Tensor) -> TensorSpec:
        """Shape and element type."""
        return tensor.spec

    def op(self, name: str, attrs: Any, *tensors: Tensor | None) -> Any:
        """Record an operator of the table; see ``OnnxRecording.op``."""
        return self.recording.op(name, attrs, *tensors)

    def over(self, name: str, attrs: Any, *tensors: Tensor | None, at: int = 0) -> Any:  # noqa: ARG002
        """Record an operator of each element, in memory of its own: files do not say what is written over what."""
        return self.recording.op(name, attrs, *tensors)

    def number(self, value: complex, like: Tensor) -> Tensor:
        """A constant of no dimensions in the type of a tensor."""
        return self.like(value, like)

    def constant(self, array: Array, dtype: str | None = None) -> Tensor:
        """A tensor that a rule makes."""
        spec = TensorSpec(tuple(array.shape), dtype or str(array.dtype))
        return Tensor(self.kind.lower(), spec, lambda: array, fixed=True)

    def made(self, shape: Sequence[int], dtype: str, numbers: Callable[[], Array]) -> Tensor:
        """A tensor that a rule makes, its numbers when somebody asks for them: they may be many.

        Raises:
            FormatError: If no tensor has that shape.
        """
        return Tensor(self.kind.lower(), TensorSpec(checked_shape(shape, self.kind), dtype), numbers, fixed=True)

    def like(self, number: complex, tensor: Tensor) -> Tensor:
        """A scalar constant of the type of a tensor."""
        from netweight.ops.arrays.dtypes import held_type

        return self.constant(np.asarray(number, held_type(tensor.dtype)), tensor.dtype)
