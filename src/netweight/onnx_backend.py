"""netweight as an ONNX backend: ``onnx.backend.test.BackendTest(netweight.onnx_backend, __name__)``.

The reference runtime runs the graph that the model was read to; where shapes follow from numbers, the model is read
once more with the numbers at hand.

Source: onnx.backend.base.Backend.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np  # noqa: TID253  (whoever imports a backend wants to run)
from onnx import TypeProto, helper  # noqa: TID253
from onnx.backend.base import Backend, BackendRep  # noqa: TID253

from netweight.errors import UsageError
from netweight.ir import TensorSpec
from netweight.ops.holding import container_of
from netweight.runtime import run
from netweight.runtime.kernels import KERNELS
from netweight.sources.onnx import Read, check_model, read_graph
from netweight.sources.onnx.numbers import NUMBERS, dtype_of
from netweight.sources.onnx.tensor import Tensor

if TYPE_CHECKING:
    from onnx import ModelProto

    from netweight.ops.base import Array

_NARROW = ("int4", "uint4", "int2", "uint2")
_KERNELS = KERNELS["im2col"]


class Prepared(BackendRep):
    """A model that can be run, again and again."""

    def __init__(self, model: ModelProto, file: str = "") -> None:
        check_model(model, file or "the model")
        stored = {entry.name for entry in model.graph.initializer}
        self._model = model
        self._file = file
        self._inputs = [entry for entry in model.graph.input if entry.name not in stored]

    def run(self, inputs: Any, **_: Any) -> tuple[Any, ...]:
        """Outputs for these inputs, given in the order of the model or by name.

        Raises:
            UsageError: If there are more inputs than the model has.
            NetweightError: If the model contradicts itself, or has an operator without a definition.
        """
        given = self._named(inputs)
        read = self._read(given)
        if read is None:
            read = read_graph(self._model, arrays=given, kernels=_KERNELS, place=self._file)
            return tuple(_outside(value) for value in read.outputs.values())
        arrays = {name: given[name].array() for name in read.graph.inputs}
        results = run(read.graph, arrays, read.weights(), kernels=_KERNELS).outputs
        return tuple(_with_numbers(value, results[read.names[name]]) for name, value in read.outputs.items())

    def _named(self, inputs: Any) -> dict[str, Any]:
        if isinstance(inputs, Mapping):
            pairs = [(entry, inputs[entry.name]) for entry in self._inputs if entry.name in inputs]
        else:
            values = list(inputs) if isinstance(inputs, list | tuple) else [inputs]
            if len(values) > len(self._inputs):
                raise UsageError(f"run: expected at most {len(self._inputs)} inputs, got {len(values)}")
            pairs = list(zip(self._inputs, values, strict=False))
        return {entry.name: _inside(value, entry.type, entry.name) for entry, value in pairs}

    def _read(self, given: Mapping[str, Any]) -> Read | None:
        """The graph, None if it cannot be known without the numbers."""
        if not all(isinstance(value, Tensor) for value in given.values()):
            return None
        read = read_graph(self._model, {name: value.spec for name, value in given.items()}, place=self._file)
        plain = all(isinstance(value, Tensor) for value in read.outputs.values())
        return read if plain and read.exact and not read.left_out else None


class NetweightBackend(Backend):
    """Runs models on the reference runtime."""

    @classmethod
    def prepare(cls, model: ModelProto, device: str = "CPU", **_: Any) -> Prepared:
        """A model that can be run.

        Raises:
            UsageError: If the device is no CPU.
            FormatError: If the model is none.
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
        """Whether every operator of the model has a definition; what shapes allow is not looked at."""
        return cls.supports_device(device) and model.HasField("graph")


def _inside(value: Any, kind: TypeProto, name: str) -> Any:
    """What the reader calls a value: a tensor, a list of them, or None."""
    if value is None:
        return None
    if kind.HasField("optional_type"):
        return _inside(value, kind.optional_type.elem_type, name)
    if kind.HasField("sequence_type"):
        return [_inside(item, kind.sequence_type.elem_type, name) for item in value]
    dtype = dtype_of(kind.tensor_type.elem_type, name)
    array = np.asarray(value)
    held = array.astype(container_of(dtype)) if dtype in _NARROW else array
    return Tensor(name, TensorSpec(tuple(array.shape), dtype), lambda: held)


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
