"""A TFLite model to a graph: every operator lowered to operators of the table, in order."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from typing import Any

from netweight.errors import FormatError, NetweightError
from netweight.ir import NoShape, TensorSpec
from netweight.own_rules.table import in_force
from netweight.sources.onnx.checks import NONSENSE
from netweight.sources.onnx.naming import Place
from netweight.sources.onnx.own_operators import counted
from netweight.sources.onnx.recording import OnnxRecording
from netweight.sources.onnx.tensor import DependsOnDataError, LeftOut, Tensor
from netweight.sources.onnx.undo import Attempt, attempt
from netweight.sources.tflite.call import TfliteCall
from netweight.sources.tflite.lower import RULES
from netweight.sources.tflite.model import OperatorInfo, Subgraph, TensorInfo, TfliteModel
from netweight.sources.tflite.naming import layer_of
from netweight.sources.tflite.tensors import stored_tensor, variable, weigh
from netweight.sources.tflite.unknown import WHY

_DEEPEST = 32
"""Levels of subgraphs that call each other: more is an attack, not a network."""
_MOST = 300_000
"""Calls of operators that are read, those of loops at every turn, and those taken back."""
_CALLING = frozenset({"IF", "WHILE", "CALL", "CALL_ONCE", "STABLEHLO_WHILE", "STABLEHLO_COMPOSITE"})
"""Operators whose work is that of a subgraph."""


class SubgraphReader:
    """Reads the subgraphs of a model operator by operator.

    Attributes:
        recording: Where operators are recorded.
        places: Where each call of the file belongs.
        left_out: Why operators were left out, and how many.
        variables: What variables hold, by name.
        tensors: What each tensor of the network is, by its number in the file.
        preparing: Whether a subgraph is read that runs once, before the first run.
    """

    def __init__(self, model: TfliteModel, recording: OnnxRecording, file: str) -> None:
        self.recording = recording
        self.places: list[Place] = []
        self.left_out: dict[str, int] = {}
        self.variables: dict[str, Any] = {}
        self.tensors: dict[int, Any] = {}
        self.preparing = False
        self._model = model
        self._file = file
        self._stored: dict[tuple[int, int], Tensor] = {}
        self._inside = ""
        self._own_rules = in_force()
        self._depth = 0
        self._begun = 0

    def network(self, inputs: Sequence[Any]) -> tuple[Any, ...]:
        """Record the network, and give what its outputs are."""
        return self._graph(0, inputs)

    def subgraph(self, call: TfliteCall, number: int, inputs: Sequence[Any]) -> tuple[Any, ...]:
        """Record a subgraph that an operator calls, and give what its outputs are.

        Raises:
            FormatError: If there is no such subgraph, or it is called within itself.
        """
        if not 0 < number < len(self._model.subgraphs):
            raise FormatError(
                f"{call.kind}: expected a subgraph from 1 to {len(self._model.subgraphs) - 1}, got {number}"
            )
        with self._within():
            return self._graph(number, inputs)

    def prepare(self, call: TfliteCall, number: int) -> None:
        """Read a subgraph that runs once, before the first run: it is no work of a run."""
        with self.attempt() as tried:
            around, self.preparing = self.preparing, True
            try:
                self.subgraph(call, number, ())
            finally:
                self.preparing = around
            tried.undo()

    def attempt(self) -> AbstractContextManager[Attempt]:
        """What is read inside can be taken back."""
        return attempt(self.recording, self.places, self.left_out)

    @contextmanager
    def _within(self) -> Iterator[None]:
        if self._depth == _DEEPEST:
            raise FormatError(f"tflite: expected at most {_DEEPEST} levels of subgraphs, got more")
        inside, current = self._inside, self.recording.call
        place = self.places[current]
        self._inside = ".".join(filter(None, (place.module, place.name or place.kind)))
        self._depth += 1
        try:
            yield
        finally:
            self._depth -= 1
            self._inside, self.recording.call = inside, current

    def _graph(self, number: int, inputs: Sequence[Any]) -> tuple[Any, ...]:
        graph = self._model.subgraphs[number]
        if len(inputs) != len(graph.inputs):
            raise FormatError(f"tflite: expected {len(graph.inputs)} inputs of subgraph {number}, got {len(inputs)}")
        values: dict[int, Any] = {} if number else self.tensors
        values.update(zip(graph.inputs, inputs, strict=True))
        for operator in graph.operators:
            self._operator(number, graph, operator, values)
        return tuple([self._value(number, graph, at, values) for at in graph.outputs])

    def _value(self, number: int, graph: Subgraph, at: int, values: dict[int, Any]) -> Any:
        """What a tensor of a subgraph is by now.

        Raises:
            FormatError: If nothing has written it.
        """
        if at in values:
            return values[at]
        key = (number, at)
        if key not in self._stored:
            info = graph.tensors[at]
            if info.data is None and not info.variable and 0 not in info.shape:
                raise FormatError(f"tflite: expected {info.name!r} to be written before it is read, got no writer")
            self._stored[key] = variable(info) if info.variable else stored_tensor(info)
        return self._stored[key]

    def _operator(self, number: int, graph: Subgraph, operator: OperatorInfo, values: dict[int, Any]) -> None:
        info: list[TensorInfo | None] = [None if at < 0 else graph.tensors[at] for at in operator.inputs]
        outs = tuple([graph.tensors[at] for at in operator.outputs])
        call = TfliteCall(self.recording, operator, tuple(info), outs, self)
        self._begin(number, operator, outs)
        try:
            inputs = [None if at < 0 else self._value(number, graph, at, values) for at in operator.inputs]
            results = self._results(call, inputs)
        except NetweightError as error:
            self._locate(error, operator, outs)
            raise
        except NONSENSE as error:  # what Python says of settings and inputs that no converter writes
            nonsense = FormatError(
                f"{operator.kind}: expected inputs that it takes, got {type(error).__name__}: {error}"
            )
            self._locate(nonsense, operator, outs)
            raise nonsense from error
        if len(results) < len(outs):
            raise FormatError(f"{operator.kind}: expected at most {len(results)} outputs, got {len(outs)}")
        values.update(zip(operator.outputs, results, strict=False))

    def _begin(self, number: int, operator: OperatorInfo, outs: Sequence[TensorInfo]) -> None:
        """Begin a call: what is recorded from here on belongs to it.

        Raises:
            FormatError: If there are more calls than in any network.
        """
        self.recording.call = len(self.places)
        self._begun += 1
        if self._begun > _MOST:
            raise FormatError(f"tflite: expected at most {_MOST:,} calls of operators, got more")
        name = layer_of(operator.kind, outs[0].name) if outs else ""
        again = (number, operator.index) if number else None
        self.places.append(Place(self._inside, name, operator.kind.lower(), again=again))

    def _locate(self, error: NetweightError, operator: OperatorInfo, outs: Sequence[TensorInfo]) -> None:
        """Add the operator to the error; of operators inside each other the innermost."""
        if not getattr(error, "__notes__", ()):
            what = f"operator {operator.index} ({operator.kind})"
            made = f", which makes {outs[0].name.partition(';')[0]!r}" if outs else ""
            error.add_note(f"{self._file}: {what}{made}" if self._file else f"in {what}{made}")

    def _results(self, call: TfliteCall, inputs: Sequence[Any]) -> Sequence[Any]:
        left_out = next((value for value in inputs if isinstance(value, LeftOut)), None) or _texts(call)
        if left_out is not None:
            return self._leave_out(call, left_out.reason, inputs)
        try:
            return self._lowered(call, inputs)
        except DependsOnDataError as error:
            return self._leave_out(call, f"{call.kind} {call.info.index}: {error.message}", inputs)

    def _leave_out(self, call: TfliteCall, reason: str, inputs: Sequence[Any]) -> Sequence[Any]:
        """List an operator as unknown, with the weights that it reads."""
        self.left_out[reason] = self.left_out.get(reason, 0) + 1
        read = [value for value in inputs if isinstance(value, Tensor) and value.fixed and value.floating]
        self.recording.unknown(_called(call), read, (), NoShape() if call.kind in RULES else None)
        return [LeftOut(reason)] * len(call.outs)

    def _lowered(self, call: TfliteCall, inputs: Sequence[Any]) -> Sequence[Any]:
        own = self._own_rules.get(f"tflite::{call.kind}") if self._own_rules else None
        if own is not None:
            return counted(
                self.recording, own, inputs, call.settings, [TensorSpec(o.shape, o.dtype) for o in call.outs]
            )
        rule = None if call.info.custom else RULES.find(call.kind)
        before = len(self.recording.nodes)
        found = NotImplemented if rule is None else rule(call, *inputs)
        if found is NotImplemented:
            return self._unknown(call, inputs)
        if call.kind not in _CALLING:
            self._fuse(before)
        return found if isinstance(found, tuple) else (found,)

    def _fuse(self, before: int) -> None:
        """Mark what a rule recorded as the work of one kernel: values inside of it are not activations."""
        for step in self.recording.nodes[before:]:
            step.fused = step.site == self.recording.call

    def _unknown(self, call: TfliteCall, inputs: Sequence[Any]) -> Sequence[Any]:
        """No rule: the file says the shapes, and the operator is listed as unknown."""
        if not call.info.custom and call.kind in WHY:
            self.recording.note(f"{call.kind}: {WHY[call.kind]}")
        tensors = [value for value in inputs if isinstance(value, Tensor)]
        for tensor, info in zip(inputs, call.ins, strict=False):
            if info is not None and info.scales is not None:
                weigh(tensor, info)
        return self.recording.unknown(_called(call), tensors, [TensorSpec(out.shape, out.dtype) for out in call.outs])


def _called(call: TfliteCall) -> str:
    """What an operator without a rule is called."""
    return f"tflite.{call.kind}"


def _texts(call: TfliteCall) -> LeftOut | None:
    """Texts have no size that could be weighed."""
    if any(info is not None and info.dtype == "string" for info in (*call.ins, *call.outs)):
        return LeftOut(f"{call.kind} {call.info.index}: works on text")
    return None
