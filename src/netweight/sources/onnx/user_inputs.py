"""What a user says of the inputs of an ONNX model: shapes in order or by name, sizes of dimensions, the batch."""

from __future__ import annotations

import shlex
from collections.abc import Mapping, Sequence
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from netweight import progress
from netweight.errors import NetweightError, ShapeError, UnknownNameError, UsageError
from netweight.ir import Filled, TensorSpec
from netweight.sources.inputs import parts_by_name
from netweight.sources.onnx.batch import batched
from netweight.sources.onnx.closing import OpenDimsError, closed, how_to_close
from netweight.sources.onnx.files import check_model, read_model
from netweight.sources.onnx.model import Read, inputs_of, read_graph
from netweight.sources.onnx.shapes import input_specs

if TYPE_CHECKING:
    from onnx import ModelProto, ValueInfoProto


def read_given(model: Any, inputs: Any, dims: Mapping[str, int] | None, batch: int | None) -> Read:
    """Graph of a model as a user gives it.

    Args:
        model: The model, or the path of its file.
        inputs: Shape or spec of the only input, a sequence of them in the order of the model, or by name.
        dims: Sizes of symbolic dimensions.
        batch: Size of the dimension that the batch has in the model, None if nobody says.

    Raises:
        FormatError: If the file cannot be read or contradicts itself.
        UsageError: If the inputs are not those of the model, or a dimension is left open.
    """
    proto, name, place = opened_model(model)
    wanted = inputs_of(proto)
    shapes, sizes = _asked(wanted, inputs, dims or {}, batch)
    try:
        return read_graph(proto, shapes, sizes, name=name, place=place)
    except OpenDimsError as error:
        error.fix = _how_to_close(error, proto, shapes, sizes)
        raise
    except UnknownNameError:  # of an input or a dimension: the error says which there are
        raise
    except (ShapeError, UsageError) as error:
        other = _other_sizes(proto, shapes)
        error.fix = other or error.fix
        if other or not isinstance(error, ShapeError):  # another input is what it takes
            raise
        return read_graph(proto, shapes, sizes, name=name, place=place, in_part=True)


def _other_sizes(proto: ModelProto, shapes: Mapping[str, Any]) -> str:
    """Flags with which the model can be read where it cannot with what was given; empty if none were found."""
    wanted = inputs_of(proto)
    for name, given in shapes.items():
        shape = given.shape if isinstance(given, TensorSpec) else () if isinstance(given, Filled) else given
        with suppress(NetweightError):
            another: dict[str, Any] = {**shapes, name: (1, *shape)}
            read_graph(proto, another)
            return f"--input {shlex.quote(f'{name}:1x{_by(shape)}')}: the batch comes first"
    try:
        input_specs(wanted, {}, {})
    except OpenDimsError as error:
        flags, _ = closed(error.sizes, partial(read_graph, proto), len(proto.graph.node))
        return flags
    with suppress(NetweightError):
        read_graph(proto)
        return f"its own input: --input {' --input '.join(_shown(entry) for entry in wanted)}" if shapes else ""
    return ""


def _by(shape: Sequence[int]) -> str:
    return "x".join(map(str, shape))


def _shown(entry: ValueInfoProto) -> str:
    sizes = [str(dim.dim_value) for dim in entry.type.tensor_type.shape.dim]
    return shlex.quote(f"{entry.name}:{'x'.join(sizes) or 'scalar'}")


def _how_to_close(error: OpenDimsError, proto: ModelProto, shapes: Mapping[str, Any], sizes: Mapping[str, int]) -> str:
    """Flags for what is open, beside what is given already."""

    def read(more: Mapping[str, Any], dims: Mapping[str, int]) -> Read:
        return read_graph(proto, {**shapes, **more}, {**sizes, **dims})

    return how_to_close(error, read, len(proto.graph.node))


def closed_inputs(model: ModelProto, inputs: Any, dims: Mapping[str, int], batch: int | None) -> dict[str, TensorSpec]:
    """Spec of each input of a model, as ``read_given`` has them.

    Raises:
        UsageError: As ``read_given``; and if an input is not a tensor.
    """
    wanted = inputs_of(model)
    shapes, sizes = _asked(wanted, inputs, dims, batch)
    try:
        specs = input_specs(wanted, shapes, sizes)
    except OpenDimsError as error:
        error.fix = _how_to_close(error, model, shapes, sizes)
        raise
    for name, spec in specs.items():
        if spec is None:
            raise UsageError(f"input: expected tensors, got {name!r}, which is a sequence, a map or an optional")
    return {name: spec for name, spec in specs.items() if spec is not None}


def _asked(
    wanted: Sequence[ValueInfoProto], inputs: Any, dims: Mapping[str, int], batch: int | None
) -> tuple[dict[str, Any], dict[str, int]]:
    """Shapes or specs of inputs, and sizes of dimensions, by name."""
    sizes, shapes = batched(wanted, {name: checked_size(name, size) for name, size in dims.items()}, batch)
    return {**shapes, **named_inputs([entry.name for entry in wanted], inputs)}, sizes


def opened_model(model: Any) -> tuple[ModelProto, str, str]:
    """The model, what to call the network, and the name of the file if it is one.

    Raises:
        FormatError: If there is no model.
    """
    if isinstance(model, Path):
        with progress.stage(f"reading {model.name}"):
            return read_model(model), model.stem, model.name
    check_model(model, "the model")
    return model, "", ""


def named_inputs(names: Sequence[str], inputs: Any) -> dict[str, Any]:
    """What is given, by the name of the model's input.

    Raises:
        UsageError: If there are more than the model has, or one is neither a shape nor a spec.
    """
    if inputs is None:
        return {}
    if isinstance(inputs, Mapping):
        given = dict(parts_by_name(inputs, names))
    else:
        alone = isinstance(inputs, TensorSpec | Filled) or _is_shape(inputs) or not isinstance(inputs, Sequence)
        values = [inputs] if alone else list(inputs)
        if len(values) > len(names):
            known = ", ".join(names) or "none"
            raise UsageError(
                f"input: expected at most {len(names)} inputs, got {len(values)}", fix=f"its inputs: {known}"
            )
        given = dict(zip(names, values, strict=False))
    return {name: _checked(name, value) for name, value in given.items()}


def _is_shape(value: Any) -> bool:
    return isinstance(value, Sequence) and all(isinstance(size, int) for size in value)


def _checked(name: str, value: Any) -> Any:
    """A shape as a tuple, a spec as it is; of a tensor its shape alone is looked at."""
    if isinstance(value, TensorSpec | Filled):
        return value
    sizes = tuple(getattr(value, "shape", value) if not isinstance(value, int | str) else ())
    if isinstance(value, int | str) or not all(isinstance(size, int) and size >= 0 for size in sizes):
        raise UsageError(f"input: expected a shape or a spec for {name!r}, got {value!r}")
    return sizes


def checked_size(name: str, size: Any) -> int:
    """The size of a dimension.

    Raises:
        UsageError: If it is not a whole number from 0 on.
    """
    if not isinstance(size, int) or isinstance(size, bool) or size < 0:
        raise UsageError(f"dim: expected a whole number from 0 on for {name!r}, got {size!r}")
    return size
