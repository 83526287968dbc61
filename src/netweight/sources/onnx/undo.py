"""Reading on trial: what is recorded can be taken back, and put there again without reading it twice."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from netweight.ops.table import FREE, REGISTRY, Cost
from netweight.sources.onnx.recording import OnnxRecording, Recorded
from netweight.sources.onnx.tensor import Tensor

if TYPE_CHECKING:
    from netweight.sources.onnx.naming import Place


@dataclass(frozen=True, slots=True, kw_only=True)
class Taken:
    """What was recorded on trial.

    Attributes:
        lists: What each growing list got.
        dicts: What each growing dict got.
        notes: All notes at the end of the trial.
        left_out: All that was left out until then.
        exact: Whether no guess was made until then.
        named: Tensors that became values, and the name of each.
    """

    lists: tuple[list[Any], ...]
    dicts: tuple[dict[Any, Any], ...]
    notes: dict[str, int]
    left_out: dict[str, int]
    exact: bool
    named: tuple[tuple[Tensor, str], ...]


class Trial:
    """From here on what is recorded can be taken back.

    Attributes:
        trail: Tensors that became values.
    """

    def __init__(self, recording: OnnxRecording, places: list[Place], left_out: dict[str, int]) -> None:
        self.trail: list[Tensor] = []
        self._recording = recording
        self._lists: tuple[list[Any], ...] = (recording.nodes, places)
        self._dicts: tuple[dict[Any, Any], ...] = (recording.values, recording.weights, recording.labels)
        self._long = [len(part) for part in (*self._lists, *self._dicts)]
        self._left_out, self._reasons = left_out, dict(left_out)
        self._notes, self._exact = dict(recording.notes), recording.exact

    @property
    def nodes(self) -> Sequence[Recorded]:
        """What was recorded."""
        return self._recording.nodes[self._long[0] :]

    @property
    def calls(self) -> int:
        """How many calls of the file were read."""
        return len(self._lists[1]) - self._long[1]

    def undo(self) -> Taken:
        """Take back what was recorded."""
        recording = self._recording
        lists, dicts = [], []
        for part, length in zip(self._lists, self._long[:2], strict=True):
            lists.append(part[length:])
            del part[length:]
        for growing, length in zip(self._dicts, self._long[2:], strict=True):
            new = list(growing)[length:]
            dicts.append({key: growing.pop(key) for key in new})
        taken = Taken(
            lists=tuple(lists),
            dicts=tuple(dicts),
            notes=recording.notes,
            left_out=dict(self._left_out),
            exact=recording.exact,
            named=tuple((tensor, tensor.name) for tensor in self.trail),
        )
        for tensor in self.trail:
            tensor.name = ""
        self.trail.clear()
        recording.notes, recording.exact = dict(self._notes), self._exact
        self._leave_out(self._reasons)
        return taken

    def redo(self, taken: Taken) -> None:
        """Record again what was taken back, at the same place."""
        for part, new in zip(self._lists, taken.lists, strict=True):
            part.extend(new)
        for growing, more in zip(self._dicts, taken.dicts, strict=True):
            growing.update(more)
        self._recording.notes, self._recording.exact = dict(taken.notes), taken.exact
        self._leave_out(taken.left_out)
        for tensor, name in taken.named:
            tensor.name = name
            self.trail.append(tensor)

    def _leave_out(self, reasons: dict[str, int]) -> None:
        self._left_out.clear()
        self._left_out.update(reasons)

    def cost(self) -> Cost:
        """Work of what was recorded; that of unknown operators is unknown.

        Raises:
            ShapeError: If an operator cannot accept its inputs.
        """
        values = self._recording.values
        work = FREE
        for node in self.nodes:
            definition = REGISTRY.find(node.op)
            if definition is not None:
                specs = [None if name is None else values[name].spec for name in node.inputs]
                work += definition.cost(node.attrs, *specs)
        return work

    def params(self) -> int:
        """Parameters that nothing read before."""
        added = list(self._recording.values)[self._long[2] :]
        return sum(
            self._recording.values[name].spec.numel
            for name in added
            if self._recording.values[name].kind == "parameter"
        )


@contextmanager
def trial(recording: OnnxRecording, places: list[Place], left_out: dict[str, int]) -> Iterator[Trial]:
    """Reading on trial, until the block ends; what is recorded then stays."""
    around = recording.trail
    attempt = Trial(recording, places, left_out)
    recording.trail = attempt.trail
    try:
        yield attempt
    finally:
        recording.trail = around
        if around is not None:
            around.extend(attempt.trail)
