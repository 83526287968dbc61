"""netweight as an ONNX backend: ``onnx.backend.test.BackendTest(netweight.onnx_backend, __name__)``.

The reference runtime runs the graph that the model was read to; where shapes follow from numbers, the model is read
once more with the numbers at hand.

Source: onnx.backend.base.Backend.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np  # noqa: TID253  (a backend is imported to run models)
from onnx import TypeProto, helper  # noqa: TID253
from onnx.backend.base import Backend, BackendRep  # noqa: TID253

from netweight.errors import ShapeError, UsageError, unknown_name
from netweight.ir import TensorSpec
from netweight.ops.arrays.dtypes import held_type, wrapped
from netweight.runtime import run
from netweight.runtime.kernels import KERNELS
from netweight.sources.onnx import Read, check_model, read_graph
from netweight.sources.onnx.numbers import NUMBERS, dtype_of
from netweight.sources.onnx.support import unknown_operators
from netweight.sources.onnx.tensor import Tensor

if TYPE_CHECKING:
    from onnx import ModelProto

    from netweight.lazy import Array


class Prepared(BackendRep):
    """A model that can be run, again and again.

    Args:
        model: The model.
        file: Its name, for messages.
        other_sizes: Whether inputs may have other sizes than those that the model fixes.
        kernels: Forward rules to use instead of the reference, by operator.
    """

    def __init__(
        self,
        model: ModelProto,
        file: str = "",
        *,
        other_sizes: bool = False,
        kernels: Mapping[str, Callable[..., Any]] = KERNELS["im2col"],
    ) -> None:
        check_model(model, file or "the model")
        stored = {entry.name for entry in model.graph.initializer}
        self._model = model
        self._file = file
        self._kernels = kernels
        self._other_sizes = other_sizes
        self._inputs = [entry for entry in model.graph.input if entry.name not in stored]

    def run(self, inputs: Any, **_: Any) -> tuple[Any, ...]:
        """Outputs for these inputs, given in the order of the model or by name.

        Raises:
            UsageError: If there are more or fewer inputs than the model has, one has a name that none of its inputs
                has, or numbers of another kind than declared.
            ShapeError: If one does not have the sizes that the model fixes.
            NetweightError: If the model contradicts itself, or has an operator without a definition.
        """
        given = self._named(inputs)
        read = self._read(given)
        if read is None:
            read = read_graph(self._model, arrays=given, kernels=self._kernels, place=self._file)
            return tuple(_outside(value) for value in read.outputs.values())
        arrays = {name: given[name].array() for name in read.graph.inputs}
        results = run(read.graph, arrays, read.weights(), kernels=self._kernels).outputs
        return tuple(_with_numbers(value, results[read.names[name]]) for name, value in read.outputs.items())

    def _named(self, inputs: Any) -> dict[str, Any]:
        if isinstance(inputs, Mapping):
            given = dict(inputs)
        else:
            values = list(inputs) if isinstance(inputs, list | tuple) else [inputs]
            if len(values) > len(self._inputs):
                raise UsageError(f"run: expected at most {len(self._inputs)} inputs, got {len(values)}")
            given = dict(zip([entry.name for entry in self._inputs], values, strict=False))
        names = [entry.name for entry in self._inputs]
        for name in given:
            if name not in names:
                raise unknown_name("input of the model", name, names, fix=f"its inputs: {', '.join(names)}")
        found = {entry.name: _inside(given.get(entry.name), entry.type, entry.name) for entry in self._inputs}
        for entry in self._inputs:
            if isinstance(found[entry.name], Tensor) and not self._other_sizes:
                _check_sizes(found[entry.name].shape, entry.type, entry.name)
        return found

    def _read(self, given: Mapping[str, Any]) -> Read | None:
        """The graph, None if it cannot be known without the numbers."""
        if not all(isinstance(value, Tensor) for value in given.values()):
            return None
        read = read_graph(self._model, {name: value.spec for name, value in given.items()}, place=self._file)
        plain = all(isinstance(value, Tensor) for value in read.outputs.values())
        return read if plain and read.exact and not read.steered and not read.left_out else None


class NetweightBackend(Backend):
    """Runs models on the reference runtime."""

    @classmethod
    def prepare(cls, model: ModelProto, device: str = "CPU", **_: Any) -> Prepared:
        """A model that can be run.

        Raises:
            UsageError: If the device is no CPU.
            FormatError: If it is not an ONNX model.
        """
        if not cls.supports_device(device):
            raise UsageError(f"device: expected CPU, got {device!r}")
        return Prepared(model)

    @classmethod
    def run_model(cls, model: ModelProto, inputs: Any, device: str = "CPU", **kwargs: Any) -> tuple[Any, ...]:
        """Outputs of a model."""
        return cls.prepare(model, device, **kwargs).run(inputs)

    @classmethod
    def run_node(
        cls,
        node: Any,
        inputs: Any,
        device: str = "CPU",
        outputs_info: Any = None,  # noqa: ARG003  (its name is ONNX's)
        **kwargs: Any,
    ) -> tuple[Any, ...]:
        """Outputs of a single operator, of the newest opset unless ``opset_version`` says another."""
        values = list(inputs.values()) if isinstance(inputs, Mapping) else list(inputs)
        names = [name for name in node.input if name]
        if len(values) != len(names):
            raise UsageError(f"run: expected {len(names)} inputs for {node.op_type}, got {len(values)}")
        entries = [
            helper.make_tensor_value_info(name, helper.np_dtype_to_tensor_dtype(np.asarray(value).dtype), value.shape)
            for name, value in zip(names, values, strict=True)
        ]
        outputs = [helper.make_empty_tensor_value_info(name) for name in node.output if name]
        version = kwargs.pop("opset_version", None)
        opsets = {} if version is None else {"opset_imports": [helper.make_opsetid(node.domain, version)]}
        model = helper.make_model(helper.make_graph([node], "one", entries, outputs), **opsets)
        return cls.run_model(model, values, device, **kwargs)

    @classmethod
    def supports_device(cls, device: str) -> bool:
        """Whether models can run there."""
        return device.partition(":")[0] == "CPU"

    @classmethod
    def is_compatible(cls, model: ModelProto, device: str = "CPU", **_: Any) -> bool:
        """Whether every operator of the model has a definition; attributes and shapes are not looked at."""
        return cls.supports_device(device) and model.HasField("graph") and not unknown_operators(model)


def _inside(value: Any, kind: TypeProto, name: str) -> Any:
    """What the reader calls a value: a tensor, a list of them, or None for an optional that is empty.

    Raises:
        UsageError: If it is missing, or its numbers are of another kind.
    """
    if kind.HasField("optional_type"):
        return None if value is None else _inside(value, kind.optional_type.elem_type, name)
    if value is None:
        raise UsageError(f"run: expected numbers for input {name!r}, got none")
    if kind.HasField("sequence_type"):
        return [_inside(item, kind.sequence_type.elem_type, name) for item in value]
    dtype = dtype_of(kind.tensor_type.elem_type, name)
    held = _of_type(np.asarray(value), dtype, name)
    return Tensor(name, TensorSpec(tuple(held.shape), dtype), lambda: held)


def _of_type(array: Array, dtype: str, name: str) -> Array:
    """The numbers as those of the type that the model declares.

    Raises:
        UsageError: If they are of another kind, or whole numbers that it cannot hold.
    """
    if dtype == "string":
        if array.dtype.kind not in "OSUT":
            raise UsageError(f"run: expected {name!r} of type string, got {array.dtype}")
        return array
    wanted = held_type(dtype)
    whole = array.dtype.kind in "iu" and wanted.kind in "iu"
    if not whole and not np.can_cast(array.dtype, wanted, "same_kind"):
        raise UsageError(f"run: expected {name!r} of type {dtype}, got {array.dtype}")
    held = array.astype(wanted, copy=False)
    if whole and (wrapped(held, dtype) != array).any():
        numbers = f"{array.dtype} from {array.min()} to {array.max()}"
        raise UsageError(f"run: expected {name!r} of type {dtype}, got {numbers}")
    return held


def _check_sizes(shape: tuple[int, ...], kind: TypeProto, name: str) -> None:
    """Refuse an array that does not have the sizes that the model fixes.

    Raises:
        ShapeError: If a size differs.
    """
    declared = (kind.optional_type.elem_type if kind.HasField("optional_type") else kind).tensor_type
    if not declared.HasField("shape"):
        return
    sizes = [dim.dim_value if dim.HasField("dim_value") and dim.dim_value >= 0 else None for dim in declared.shape.dim]
    fits = len(sizes) == len(shape) and all(
        want is None or want == size for want, size in zip(sizes, shape, strict=False)
    )
    if not fits:
        wanted = "x".join("?" if size is None else str(size) for size in sizes) or "no dimensions"
        raise ShapeError(f"run: expected {name!r} of shape {wanted}, got {'x'.join(map(str, shape)) or 'a scalar'}")


def _outside(value: Any) -> Any:
    """What the caller calls it: an array, a list of them, or None."""
    if isinstance(value, Sequence):
        return [_outside(item) for item in value]
    return None if value is None else _with_numbers(value, value.array())


def _with_numbers(value: Tensor, array: Array) -> Array:
    wanted = helper.tensor_dtype_to_np_dtype(NUMBERS[value.dtype])
    return np.asarray(array).astype(wanted, copy=False)


prepare = NetweightBackend.prepare
run_model = NetweightBackend.run_model
run_node = NetweightBackend.run_node
supports_device = NetweightBackend.supports_device
is_compatible = NetweightBackend.is_compatible
