"""Reading that can be undone: both branches are read, and the dearer one is put back without reading it again."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from netweight.ops.own import definition_of
from netweight.ops.table import FREE, Cost
from netweight.sources.onnx.naming import Place
from netweight.sources.onnx.recording import OnnxRecording
from netweight.sources.onnx.tensor import Tensor
from netweight.sources.recording import Step


@dataclass(frozen=True, slots=True, kw_only=True)
class TakenBack:
    """What was recorded and taken back.

    Attributes:
        lists: What each growing list got.
        dicts: What each growing dict got.
        replaced: Notes, guesses and reasons at the end of the attempt.
        named: Tensors that became values, and the name of each.
    """

    lists: tuple[list[Any], ...]
    dicts: tuple[dict[Any, Any], ...]
    replaced: tuple[dict[str, Any], ...]
    named: tuple[tuple[Tensor, str], ...]


class Attempt:
    """From here on what is recorded can be taken back.

    Attributes:
        named: Tensors that became values.
    """

    def __init__(self, recording: OnnxRecording, places: list[Place], left_out: dict[str, int]) -> None:
        self.named: list[Tensor] = []
        self._recording = recording
        self._lists: tuple[list[Any], ...] = (recording.nodes, places)
        self._dicts: tuple[dict[Any, Any], ...] = (
            recording.specs,
            recording.storages,
            recording.kinds,
            recording.quantizations,
            recording.tensors,
            recording.labels,
        )
        self._long = [len(part) for part in (*self._lists, *self._dicts)]
        self._counted: tuple[dict[str, Any], ...] = (recording.notes, recording.guesses, left_out)
        self._before = [dict(part) for part in self._counted]

    @property
    def nodes(self) -> Sequence[Step[int]]:
        """What was recorded."""
        return self._recording.nodes[self._long[0] :]

    @property
    def calls(self) -> int:
        """How many calls of the file were read."""
        return len(self._lists[1]) - self._long[1]

    def undo(self) -> TakenBack:
        """Take back what was recorded."""
        lists, dicts = [], []
        for part, length in zip(self._lists, self._long[:2], strict=True):
            lists.append(part[length:])
            del part[length:]
        for growing, length in zip(self._dicts, self._long[2:], strict=True):
            new = list(growing)[length:]
            dicts.append({key: growing.pop(key) for key in new})
        taken = TakenBack(
            lists=tuple(lists),
            dicts=tuple(dicts),
            replaced=tuple([dict(part) for part in self._counted]),
            named=tuple((tensor, tensor.name) for tensor in self.named),
        )
        for tensor in self.named:
            tensor.name = ""
        self.named.clear()
        self._replace(self._before)
        return taken

    def redo(self, taken: TakenBack) -> None:
        """Record again what was taken back, at the same place."""
        for part, new in zip(self._lists, taken.lists, strict=True):
            part.extend(new)
        for growing, more in zip(self._dicts, taken.dicts, strict=True):
            growing.update(more)
        self._replace(taken.replaced)
        for tensor, name in taken.named:
            tensor.name = name
            self.named.append(tensor)

    def _replace(self, others: Sequence[dict[str, Any]]) -> None:
        for part, other in zip(self._counted, others, strict=True):
            part.clear()
            part.update(other)

    def cost(self) -> Cost:
        """Work of what was recorded; that of unknown operators is unknown.

        Raises:
            ShapeError: If an operator cannot accept its inputs.
        """
        work = FREE
        for node in self.nodes:
            definition = definition_of(node)
            if definition is not None:
                work += definition.cost(node.attrs, *self._recording.specs_of(node.inputs))
        return work

    def params(self) -> int:
        """Parameters that nothing read before."""
        recording = self._recording
        added = list(recording.specs)[self._long[2] :]
        return sum(recording.specs[name].numel for name in added if recording.kinds.get(name) == "parameter")


@contextmanager
def attempt(recording: OnnxRecording, places: list[Place], left_out: dict[str, int]) -> Iterator[Attempt]:
    """Reading that can be taken back, until the block ends; what is recorded then stays."""
    around = recording.named
    tried = Attempt(recording, places, left_out)
    recording.named = tried.named
    try:
        yield tried
    finally:
        recording.named = around
        if around is not None:
            around.extend(tried.named)
