"""A whole TFLite model as a graph: inputs get their shapes, every operator is read, outputs get their names."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from netweight.gc_pause import paused_collector
from netweight.ir import Graph, TensorSpec
from netweight.lazy import Array, np
from netweight.ops.arrays.dtypes import held_type
from netweight.sources.onnx.finish import finished_graph
from netweight.sources.onnx.recording import OnnxRecording
from netweight.sources.onnx.tensor import LeftOut, Tensor
from netweight.sources.recording import free_name, is_view
from netweight.sources.tflite.lower.control.variables import Variable
from netweight.sources.tflite.lower.layout import NOTE, under
from netweight.sources.tflite.model import TfliteModel
from netweight.sources.tflite.naming import unique
from netweight.sources.tflite.reader import SubgraphReader
from netweight.sources.tflite.tensors import NO_NUMBERS, label_of


@dataclass(frozen=True, slots=True, kw_only=True)
class Read:
    """What a file holds.

    Attributes:
        graph: The network.
        notes: Guesses, and what was left out.
        exact: Whether no guess was made and nothing was left out.
        doubts: Those of the notes after which figures may not be exact.
        tensors: The tensor behind each parameter, buffer and constant.
        specs: Shape and element type of each tensor of the network that is computed, by its number in the file.
        values: The value of the graph that it is, in memory at least, where the graph has it.
    """

    graph: Graph
    notes: tuple[str, ...]
    exact: bool
    doubts: tuple[str, ...]
    tensors: Mapping[str, Tensor]
    specs: Mapping[int, TensorSpec]
    values: Mapping[int, str]

    def weights(self) -> dict[str, Array]:
        """Arrays for ``netweight.run``; variables begin as zeros."""
        return {name: _array(tensor) for name, tensor in self.tensors.items()}


def _array(tensor: Tensor) -> Array:
    return tensor.array() if tensor.known else np.zeros(tensor.shape, held_type(tensor.dtype))


def read_network(
    model: TfliteModel, inputs: Sequence[TensorSpec] | None = None, *, name: str = "", place: str = ""
) -> Read:
    """Graph of a model.

    Args:
        model: The model.
        inputs: Specs of its inputs, in order; as the file has them where nobody says.
        name: What to call the network.
        place: Name of the file, for messages.

    Raises:
        FormatError: If the file contradicts itself.
        ShapeError: If an operator does not take the shapes that it gets.
    """
    recording = OnnxRecording()
    with paused_collector():
        reader = SubgraphReader(model, recording, place)
        names, tensors = _inputs(model, recording, inputs)
        return _finished(reader, name or "tflite", names, reader.network(tensors), _output_names(model))


def input_names(model: TfliteModel) -> tuple[str, ...]:
    """Names of the inputs: as a signature says, else as the tensors are called; each once."""
    graph = model.subgraphs[0]
    return _once([model.names.get(at) or label_of(graph.tensors[at].name) for at in graph.inputs])


def input_specs(model: TfliteModel) -> tuple[TensorSpec, ...]:
    """Shapes and element types of the inputs, as the file stands."""
    graph = model.subgraphs[0]
    return tuple([TensorSpec(graph.tensors[at].shape, graph.tensors[at].dtype) for at in graph.inputs])


def _output_names(model: TfliteModel) -> tuple[str, ...]:
    graph = model.subgraphs[0]
    return _once([model.names.get(at) or label_of(graph.tensors[at].name) for at in graph.outputs])


def _once(names: Sequence[str]) -> tuple[str, ...]:
    taken: set[str] = set()
    last: dict[str, int] = {}
    found = []
    for name in names:
        found.append(free_name(name, taken, last, mark="_"))
        taken.add(found[-1])
    return tuple(found)


def _inputs(
    model: TfliteModel, recording: OnnxRecording, given: Sequence[TensorSpec] | None
) -> tuple[tuple[str, ...], list[Any]]:
    """Names of the inputs of the graph, and what each input of the file is."""
    names: list[str] = []
    tensors: list[Any] = []
    for name, spec in zip(input_names(model), given or input_specs(model), strict=True):
        if spec.dtype in NO_NUMBERS:
            tensors.append(LeftOut(f"input {name!r} is not a tensor of numbers"))
            continue
        names.append(name)
        tensors.append(recording.add_input(name, spec, None))
    return tuple(names), tensors


def _finished(
    reader: SubgraphReader, name: str, inputs: tuple[str, ...], outputs: Sequence[Any], called: Sequence[str]
) -> Read:
    recording = reader.recording
    guesses = tuple(recording.guesses)
    _keep(recording, reader.variables.values())
    reached = {}
    for output, value in zip(called, outputs, strict=True):
        if isinstance(value, Tensor):
            reached[recording.name_of(value, "output")] = output
    for reason, count in reader.left_out.items():
        later = f"; {count - 1:,} later operators depend on it and are unknown" if count > 1 else ""
        recording.note(f"left out: {reason}{later}", guess=True)
    if any(step.op == "permute" for step in recording.nodes):
        recording.note(NOTE)
    places = unique(reader.places)
    _label(recording, [place.name for place in places], reached)
    graph, final = finished_graph(recording, places, name, inputs, list(reached))
    return Read(
        graph=graph,
        notes=recording.told(),
        exact=not recording.guesses,
        doubts=guesses,
        tensors=recording.tensors,
        specs={at: value.spec for at, value in reader.tensors.items() if isinstance(value, Tensor)},
        values=_values(reader.tensors, final),
    )


def _values(tensors: Mapping[int, Any], names: Mapping[str, str]) -> dict[int, str]:
    """The value of the graph that each tensor of the file is, or that a view of it is of."""
    found = {}
    for at, tensor in tensors.items():
        base = under(tensor) if isinstance(tensor, Tensor) else None
        if base is not None and base.name in names:
            found[at] = names[base.name]
    return found


def _keep(recording: OnnxRecording, variables: Iterable[Variable]) -> None:
    """Note what variables hold at the end of a run, and what they hold before the first."""
    for variable in variables:
        if variable.start is None or not variable.start.name:
            continue
        if isinstance(variable.now, Tensor) and variable.now is not variable.start:
            recording.updates[variable.start.name] = recording.name_of(variable.now, "assign")
        if variable.first is not None and variable.first.known:
            variable.start.numbers = variable.first.numbers


def _label(recording: OnnxRecording, layers: Sequence[str], outputs: Mapping[str, str]) -> None:
    """Name values: the result of a layer like the layer, what is inside of it like the operator that makes it."""
    last = {step.site: step for step in recording.nodes if not is_view(step.op)}
    for step in recording.nodes:
        inner = not is_view(step.op) and last.get(step.site) is not step
        for value in step.outputs:
            if value in outputs:
                recording.labels[value] = outputs[value]
            elif inner or is_view(step.op):
                recording.labels[value] = f"{layers[step.site]}.{step.op}"
