"""What a user says of the inputs of an ONNX model: shapes in order or by name, sizes of dimensions, the batch."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from netweight.errors import UsageError
from netweight.ir import Filled, TensorSpec
from netweight.sources.inputs import parts_by_name
from netweight.sources.onnx.files import check_model, read_model
from netweight.sources.onnx.model import Read, inputs_of, read_graph
from netweight.sources.onnx.shapes import input_specs

if TYPE_CHECKING:
    from onnx import ModelProto, ValueInfoProto

_BATCH = ("batch", "batch_size")
_SHORT = ("n", "b", "bs")
_OTHER = ("seq", "len", "time", "step", "frame", "token", "point", "width", "height", "channel")
"""What a first dimension is called that is not a batch."""


def read_given(model: Any, inputs: Any, dims: Mapping[str, int] | None, batch: int) -> Read:
    """Graph of a model as a user gives it.

    Args:
        model: The model, or the path of its file.
        inputs: Shape or spec of the only input, a sequence of them in the order of the model, or by name.
        dims: Sizes of symbolic dimensions.
        batch: Size of the dimension that the batch has in the model, if it is not 1.

    Raises:
        FormatError: If the file cannot be read or contradicts itself.
        UsageError: If the inputs are not those of the model, or a dimension is left open.
    """
    proto, name, place = opened_model(model)
    wanted = inputs_of(proto)
    sizes = _sizes(wanted, dims or {}, batch)
    return read_graph(proto, named_inputs(wanted, inputs), sizes, name=name, place=place)


def closed_inputs(model: ModelProto, inputs: Any, dims: Mapping[str, int], batch: int) -> dict[str, TensorSpec]:
    """Spec of each input of a model, as ``read_given`` has them.

    Raises:
        UsageError: As ``read_given``; and if an input is not a tensor.
    """
    wanted = inputs_of(model)
    specs = input_specs(wanted, named_inputs(wanted, inputs), _sizes(wanted, dims, batch))
    for name, spec in specs.items():
        if spec is None:
            raise UsageError(f"input: expected tensors, got {name!r}, which is a sequence, a map or an optional")
    return {name: spec for name, spec in specs.items() if spec is not None}


def _sizes(wanted: Sequence[ValueInfoProto], dims: Mapping[str, int], batch: int) -> dict[str, int]:
    sizes = {name: checked_size(name, size) for name, size in dims.items()}
    return sizes if batch == 1 else {_batch_symbol(wanted, sizes, batch): batch, **sizes}


def opened_model(model: Any) -> tuple[ModelProto, str, str]:
    """The model, what to call the network, and the name of the file if it is one.

    Raises:
        FormatError: If there is no model.
    """
    if isinstance(model, Path):
        return read_model(model), model.stem, model.name
    check_model(model, "the model")
    return model, "", ""


def named_inputs(wanted: Sequence[ValueInfoProto], inputs: Any) -> dict[str, Any]:
    """What is given, by the name of the model's input.

    Raises:
        UsageError: If there are more than the model has, or one is neither a shape nor a spec.
    """
    names = [entry.name for entry in wanted]
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


def _batch_symbol(wanted: Sequence[ValueInfoProto], dims: Mapping[str, int], batch: int) -> str:
    """The symbolic dimension that is the batch: the one that is called so, else the first of every input.

    Raises:
        UsageError: If it cannot be told which one that is, or it has a size already.
    """
    shapes = [entry.type.tensor_type.shape.dim for entry in wanted]
    first = dict.fromkeys(shape[0].dim_param for shape in shapes if shape)
    symbols = dict.fromkeys(dim.dim_param for shape in shapes for dim in shape if dim.dim_param)
    calls = (
        [name for name in symbols if name.lower() in _BATCH],
        [name for name in symbols if "batch" in name.lower()],
        [name for name in symbols if name.lower() in _SHORT],
        list(first) if len(first) == 1 and not any(part in next(iter(first)).lower() for part in _OTHER) else [],
    )
    candidates = next((names for names in calls if names), [""])
    if len(candidates) != 1 or not candidates[0] or candidates[0] in dims:
        names = ", ".join(symbols) or "none"
        raise UsageError(
            f"batch: expected a model that leaves its batch open under a name, got the symbolic dimensions {names}",
            fix=f"--dim {next(iter(symbols))}={batch}" if symbols else f"--input {_with_batch(wanted, batch)}",
        )
    return candidates[0]


def _with_batch(wanted: Sequence[ValueInfoProto], batch: int) -> str:
    shapes = [(entry.name, entry.type.tensor_type.shape.dim) for entry in wanted]
    return " --input ".join(
        f"{name}:{'x'.join(str(batch if at == 0 else max(dim.dim_value, 1)) for at, dim in enumerate(dims))}"
        for name, dims in shapes
    )
