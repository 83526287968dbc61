"""A whole ONNX model as a graph: inputs get their shapes or numbers, every node is read, outputs get their names."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from netweight.errors import ShapeError
from netweight.gc_pause import paused_collector
from netweight.ir import Graph, TensorSpec
from netweight.lazy import Array
from netweight.sources.cut_short import cut_short
from netweight.sources.onnx.checks import check_text
from netweight.sources.onnx.finish import finished_graph
from netweight.sources.onnx.node_order import ordered_nodes
from netweight.sources.onnx.numbers import PRODUCER
from netweight.sources.onnx.reader import GraphReader
from netweight.sources.onnx.recording import OnnxRecording
from netweight.sources.onnx.scope import Scope, bind_arrays, bind_specs
from netweight.sources.onnx.shapes import input_specs, output_names
from netweight.sources.onnx.stopped import fault_of
from netweight.sources.onnx.tensor import Tensor

if TYPE_CHECKING:
    from onnx import ModelProto, ValueInfoProto

    from netweight.results.fault import Fault


@dataclass(frozen=True, slots=True, kw_only=True)
class Read:
    """What a file holds.

    Attributes:
        graph: The network.
        notes: Guesses, and what was left out.
        exact: Whether no guess was made and nothing was left out.
        doubts: Those of the notes after which figures may not be exact.
        tensors: The tensor behind each parameter, buffer and constant.
        outputs: What each output of the file is.
        names: What each of them is called in the graph.
        steered: Whether a branch was taken because the other cannot take the shapes.
        left_out: Nodes whose shapes follow from numbers, with the reason.
        fault: Where and why a node refused what it was given; the graph ends before it.
        error: What was raised there.
    """

    graph: Graph
    notes: tuple[str, ...]
    exact: bool
    doubts: tuple[str, ...]
    tensors: Mapping[str, Tensor]
    outputs: Mapping[str, Any]
    names: Mapping[str, str]
    steered: bool
    left_out: tuple[str, ...]
    fault: Fault | None = None
    error: ShapeError | None = None

    def weights(self) -> dict[str, Array]:
        """Arrays for ``netweight.run``.

        Raises:
            DependsOnDataError: If some lie in another file.
        """
        return {name: tensor.array() for name, tensor in self.tensors.items()}

    def array(self, name: str) -> Array:
        """Array of one parameter, buffer or constant.

        Raises:
            DependsOnDataError: If it lies in another file.
        """
        return self.tensors[name].array()


def read_graph(
    model: ModelProto,
    inputs: Mapping[str, TensorSpec] | None = None,
    dims: Mapping[str, int] | None = None,
    *,
    arrays: Mapping[str, Any] | None = None,
    kernels: Mapping[str, Any] | None = None,
    name: str = "",
    place: str = "",
    in_part: bool = False,
) -> Read:
    """Graph of a model.

    Args:
        model: The model.
        inputs: Specs of inputs whose shape the file leaves open, or that are to have another.
        dims: Sizes of symbolic dimensions.
        arrays: What the inputs are: everything is computed while it is read, and every shape is known.
        kernels: Forward rules to compute with instead of the reference, by operator.
        name: What to call the network.
        place: Name of the file, for messages.
        in_part: Read up to a node that refuses what it is given, if one does.

    Raises:
        FormatError: If the file contradicts itself.
        UsageError: If a dimension is left open.
        DependsOnDataError: If ``arrays`` are given and a shape still cannot be known.
    """
    recording = OnnxRecording(computing=arrays is not None, kernels=kernels or {})
    check_text(model.graph.name)
    with paused_collector():
        reader = GraphReader(model, recording, dims or {}, place)
        scope = Scope()
        names = _bound_inputs(model, recording, scope, inputs or {}, dims or {}, arrays or {})
        try:
            results = reader.graph(model.graph, scope, ordered_nodes(model.graph, recording.note))
        except ShapeError:
            stopped = _stopped(reader, name or model.graph.name or "onnx", names) if in_part else None
            if stopped is None:
                raise
            return stopped
        outputs = dict(zip(output_names(model.graph), results, strict=True))
        return _finished(reader, name or model.graph.name or "onnx", names, outputs)


def _bound_inputs(
    model: ModelProto,
    recording: OnnxRecording,
    scope: Scope,
    given: Mapping[str, TensorSpec],
    dims: Mapping[str, int],
    arrays: Mapping[str, Any],
) -> tuple[str, ...]:
    """Names of the inputs, which the scope has from now on."""
    wanted = inputs_of(model)
    if recording.computing:
        return bind_arrays(recording, wanted, arrays, scope)
    return bind_specs(recording, input_specs(wanted, given, dims), scope, given)


def _later(count: int) -> str:
    """How many operators cannot be weighed because of one that is left out."""
    if not count:
        return ""
    return f"; {count:,} later operator{'s depend on it and are' if count > 1 else ' depends on it and is'} unknown"


def _stopped(reader: GraphReader, name: str, names: tuple[str, ...]) -> Read | None:
    """What was read before a node refused; None if nothing was."""
    refusal, recording = reader.refusal, reader.recording
    call = recording.call
    known = next((at for at, step in enumerate(recording.nodes) if step.site >= call), len(recording.nodes))
    if refusal is None or not known:
        return None
    fault = fault_of(refusal, refusal.node.name or refusal.node.op_type)
    last = recording.nodes[known - 1].outputs
    graph, _ = finished_graph(recording, reader.places, name, names, last, ours=reader.producer == PRODUCER)
    return Read(
        graph=cut_short(graph, known) if len(graph.nodes) > known else graph,
        notes=recording.told(),
        exact=False,
        doubts=tuple(recording.guesses),
        tensors=recording.tensors,
        outputs={},
        names={},
        steered=recording.steered,
        left_out=tuple(reader.left_out),
        fault=fault,
        error=refusal.error,
    )


def _finished(reader: GraphReader, name: str, inputs: tuple[str, ...], outputs: Mapping[str, Any]) -> Read:
    recording = reader.recording
    guesses = tuple(recording.guesses)  # what is left out is unknown, and said as that
    reached = {key: recording.name_of(value, "output") for key, value in outputs.items() if isinstance(value, Tensor)}
    for reason, count in reader.left_out.items():
        recording.note(f"left out: {reason}{_later(count - 1)}", guess=True)
    ours = reader.producer == PRODUCER
    graph, called = finished_graph(recording, reader.places, name, inputs, reached.values(), ours=ours)
    return Read(
        graph=graph,
        notes=recording.told(),
        exact=not recording.guesses,
        doubts=guesses,
        tensors=recording.tensors,
        outputs=outputs,
        names={key: called[value] for key, value in reached.items()},
        steered=recording.steered,
        left_out=tuple(reader.left_out),
    )


def inputs_of(model: ModelProto) -> list[ValueInfoProto]:
    """Inputs of a model that are not stored in it."""
    stored = {entry.name for entry in model.graph.initializer}
    stored.update(entry.values.name for entry in model.graph.sparse_initializer)
    return [entry for entry in model.graph.input if entry.name not in stored]
