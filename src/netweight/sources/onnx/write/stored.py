"""Weights as initializers: in the model, or in a file beside it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import IO, TYPE_CHECKING, Any

from netweight.ir import Value, is_floating
from netweight.lazy import Array, np
from netweight.sources.onnx.numbers import KIND
from netweight.sources.onnx.write.step import held_array, proto_type

if TYPE_CHECKING:
    from onnx import TensorProto


SMALLEST_OUTSIDE = 1024
"""Bytes from which on numbers lie in the file beside the model."""
_SMALLEST_EVEN = 512
"""Bytes from which on equal numbers are written as one of them, and a shape."""
_ALIGNED = 4096


@dataclass(slots=True)
class Outside:
    """The file beside the model.

    Attributes:
        file: It, opened for writing.
        location: What the model calls it.
    """

    file: IO[bytes]
    location: str

    def write(self, stored: TensorProto, data: bytes) -> None:
        """Write numbers to the file, at a page so that they can be mapped, and their place into the model."""
        place = self.file.tell()
        gap = -place % _ALIGNED
        self.file.write(b"\0" * gap)
        self.file.write(data)
        stored.data_location = 1
        for key, value in (("location", self.location), ("offset", place + gap), ("length", len(data))):
            stored.external_data.add(key=key, value=str(value))


def initializer(value: Value, name: str, array: Array, outside: Outside | None) -> TensorProto:
    """A weight, and what it is in the graph."""
    import onnx

    packed = held_array(array, value.spec.dtype)
    if outside is None or packed.nbytes < SMALLEST_OUTSIDE:
        stored = onnx.numpy_helper.from_array(packed, name)
    else:
        whole = onnx.numpy_helper.from_array(packed, name)
        stored = onnx.TensorProto(name=name, data_type=whole.data_type, dims=whole.dims)
        outside.write(stored, whole.raw_data)
    _mark(stored, value)
    return stored


def is_even(value: Value, array: Array) -> bool:
    """Whether a constant has the same number everywhere, and so many that one of them takes less room in the file."""
    if value.kind != "constant" or array.nbytes < _SMALLEST_EVEN or array.dtype.kind not in "fiub":
        return False
    return array.tobytes() == array.reshape(-1)[:1].tobytes() * array.size


def filled(value: Value, shape: str, number: Array | None = None) -> Any:
    """A node that makes a tensor of equal numbers, which take no room in the file; zeros unless one is given."""
    import onnx

    kind = proto_type(value.spec.dtype)
    one = np.zeros(1, onnx.helper.tensor_dtype_to_np_dtype(kind)) if number is None else number.reshape(1)
    of_one = onnx.helper.make_tensor("value", kind, [1], one)
    name = f"{value.name}.{'zeros' if number is None else 'filled'}"
    node = onnx.helper.make_node("ConstantOfShape", [shape], [value.name], name=name, value=of_one)
    node.metadata_props.add(key=KIND, value=value.kind)
    return node


def _mark(stored: Any, value: Value) -> None:
    """Say what a reader could not know: that numbers are not learned, or that a single one is."""
    if value.kind != "parameter" or value.spec.shape == () or not is_floating(value.spec.dtype):
        stored.metadata_props.add(key=KIND, value=value.kind)
