"""One call of a TFLite operator: its settings, what the file says of its tensors, and where its rule records."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any, Protocol

from netweight.errors import FormatError
from netweight.sources.onnx.calling import Calling
from netweight.sources.onnx.undo import Attempt
from netweight.sources.tflite.model import OperatorInfo, Scales, TensorInfo
from netweight.sources.tflite.schema import ENUMS


class Reader(Protocol):
    """What operators that call subgraphs, and those of variables, need of the reader of the file."""

    variables: dict[str, Any]
    preparing: bool

    def prepare(self, call: TfliteCall, number: int) -> None:
        """Read a subgraph that runs once, before the first run: it is no work of a run."""

    def subgraph(self, call: TfliteCall, number: int, inputs: Sequence[Any]) -> tuple[Any, ...]:
        """Record a subgraph that an operator calls, and give what its outputs are."""

    def attempt(self) -> AbstractContextManager[Attempt]:
        """A block; what is read in it can be taken back."""


@dataclass(slots=True)
class TfliteCall(Calling):
    """A call.

    Attributes:
        info: The call as the file has it.
        ins: What the file says of its inputs, None for one that is left out.
        outs: What the file says of its outputs.
        reader: Reads subgraphs that it calls.
    """

    info: OperatorInfo
    ins: tuple[TensorInfo | None, ...]
    outs: tuple[TensorInfo, ...]
    reader: Reader

    @property
    def kind(self) -> str:
        """The operator."""
        return self.info.kind

    def option(self, name: str, default: Any = 0) -> Any:
        """A setting, ``default`` if the call does not have it."""
        found = getattr(self.info.options, name, default)
        return default if found is None else found

    @property
    def settings(self) -> dict[str, Any]:
        """All settings by name, lists as tuples; those of a custom operator are bytes that only its author reads."""
        found = {} if self.info.options is None else vars(self.info.options)
        return {
            name: value.values() if hasattr(value, "values") else value
            for name, value in found.items()
            if name[0] != "_"
        }

    def word(self, name: str, enumeration: str) -> str:
        """A setting that is one of the names of an enumeration.

        Raises:
            FormatError: If it is none of them.
        """
        names, found = ENUMS[enumeration].split(), self.option(name)
        if not 0 <= found < len(names):
            raise FormatError(f"{self.kind}: expected {name} below {len(names)}, got {found}")
        return names[found]

    def numbers(self, name: str) -> tuple[Any, ...]:
        """A setting that is a list of numbers."""
        found = self.option(name, None)
        return () if found is None else tuple(found.values())

    def scales(self, at: int) -> Scales | None:
        """How the integers of an input stand for real numbers, None if they do not."""
        info = self.ins[at] if at < len(self.ins) else None
        return None if info is None else info.scales

    @property
    def out(self) -> TensorInfo:
        """What the file says of the first output.

        Raises:
            FormatError: If there is none.
        """
        if not self.outs:
            raise FormatError(f"{self.kind}: expected an output, got none")
        return self.outs[0]
