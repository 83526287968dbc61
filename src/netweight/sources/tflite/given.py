"""What a user says of the inputs of a TFLite model: shapes in order or by name, the batch."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from netweight.errors import NetweightError, UsageError
from netweight.ir import Filled, TensorSpec
from netweight.sources.onnx.user_inputs import named_inputs
from netweight.sources.tflite.files import read_model
from netweight.sources.tflite.model import TensorInfo, TfliteModel
from netweight.sources.tflite.network import Read, input_names, input_specs, read_network


def read_given(path: Path, inputs: Any, batch: int | None) -> Read:
    """Graph of a model as a user gives it.

    Args:
        path: The file.
        inputs: Shape or spec of the only input, a sequence of them in the order of the model, or by name.
        batch: Size of the first dimension of the inputs, None if nobody says.

    Raises:
        FormatError: If the file cannot be read or contradicts itself.
        UsageError: If the inputs are not those of the model.
    """
    model = read_model(path)
    specs = closed_inputs(model, inputs, batch)
    try:
        return read_network(model, specs, name=path.stem, place=path.name)
    except NetweightError as error:
        own = input_specs(model)
        if specs != own:
            error.fix = error.fix or f"its own input: {', '.join(map(str, own))}; converters fix sizes in a file"
        raise


def closed_inputs(model: TfliteModel, inputs: Any, batch: int | None) -> tuple[TensorSpec, ...]:
    """Spec of each input: as it is given, else as the file has it, the batch put in.

    Raises:
        UsageError: If another rank or element type is given than the file has, or no input has a batch.
    """
    names, own = input_names(model), input_specs(model)
    given = named_inputs(names, inputs)
    graph = model.subgraphs[0]
    infos = [graph.tensors[at] for at in graph.inputs]
    sizes = _batched(infos, own, batch)
    return tuple([_spec(name, spec, given.get(name, size)) for name, spec, size in zip(names, own, sizes, strict=True)])


def _batched(infos: Sequence[TensorInfo], own: Sequence[TensorSpec], batch: int | None) -> list[tuple[int, ...]]:
    """Shapes of inputs with the batch in those that have one: the first size that is open, else a first size of 1."""
    if batch is None:
        return [spec.shape for spec in own]
    opened = [bool(info.signature) and info.signature[0] == -1 for info in infos]
    if not any(opened):
        opened = [len(spec.shape) > 1 and spec.shape[0] == 1 for spec in own]
    if not any(opened) and batch != 1:
        raise UsageError(
            f"batch: expected a model whose inputs have a batch, got {', '.join(map(str, own))}",
            fix="give the shape of the input: --input NAME:SHAPE",
        )
    return [(batch, *spec.shape[1:]) if has else spec.shape for spec, has in zip(own, opened, strict=True)]


def _spec(name: str, own: TensorSpec, given: Any) -> TensorSpec:
    if isinstance(given, Filled):
        given = given.spec
    shape = given.shape if isinstance(given, TensorSpec) else tuple(given)
    if len(shape) != len(own.shape):
        raise UsageError(f"input: expected {name!r} with {len(own.shape)} dimensions as in {own}, got {shape}")
    if isinstance(given, TensorSpec) and given.dtype not in (own.dtype, "float32"):
        raise UsageError(f"input: expected {name!r} of {own.dtype}, got {given.dtype}")
    return TensorSpec(shape, own.dtype)
