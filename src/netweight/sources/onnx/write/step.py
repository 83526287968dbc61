"""What a rule has to write one node of the graph as nodes of ONNX."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from netweight.errors import UnsupportedOpError
from netweight.ir import Node, TensorSpec, is_floating
from netweight.lazy import Array, np
from netweight.sources.onnx.numbers import KIND, NUMBERS
from netweight.sources.onnx.write.labels import Labels
from netweight.sources.recording import free_name

if TYPE_CHECKING:
    from onnx import NodeProto, TensorProto


_LATER = ("int2", "uint2", "int4", "uint4", "float4_e2m1fn", "float8_e8m0fnu")


def proto_type(dtype: str) -> int:
    """``TensorProto.DataType`` of an element type that our operator set has.

    Raises:
        UnsupportedOpError: If ONNX has no such type.
    """
    if dtype not in NUMBERS or dtype in _LATER:
        raise UnsupportedOpError(f"numbers of type {dtype}")
    return NUMBERS[dtype]


def held_array(array: Array, dtype: str) -> Array:
    """An array in the type that ONNX packs."""
    import onnx

    wanted = onnx.helper.tensor_dtype_to_np_dtype(proto_type(dtype))
    return np.asarray(np.asarray(array), wanted, order="C")


@dataclass(slots=True)
class Body:
    """What has been written so far.

    Attributes:
        labels: What layers and modules are called in the file.
        nodes: ONNX nodes in order.
        constants: Numbers that rules need, by name.
        rewritten: Values to be stored that are made of stored ones: the names of those, and how.
        values: Names of values that are taken.
        calls: Names of nodes that are taken.
        shared: Names of values that several rules need, by what they are.
    """

    labels: Labels
    nodes: list[NodeProto] = field(default_factory=list)
    constants: dict[str, TensorProto] = field(default_factory=dict)
    rewritten: dict[str, tuple[tuple[str, ...], Callable[..., Array]]] = field(default_factory=dict)
    values: set[str] = field(default_factory=set)
    calls: set[str] = field(default_factory=set)
    shared: dict[Any, str] = field(default_factory=dict)
    _last_values: dict[str, int] = field(default_factory=dict)
    _last_calls: dict[str, int] = field(default_factory=dict)

    def new_value(self, stem: str) -> str:
        """A name that no value has, taken from now on."""
        name = free_name(stem, self.values, self._last_values, "_")
        self.values.add(name)
        return name

    def new_call(self, stem: str) -> str:
        """A name that no ONNX node has, taken from now on."""
        name = free_name(stem, self.calls, self._last_calls, "_")
        self.calls.add(name)
        return name


@dataclass(slots=True)
class Step:
    """A node, and where to write it.

    Attributes:
        body: Where ONNX nodes go.
        node: The node.
        reads: Specs of its inputs, None for one left out.
        makes: Specs of its outputs.
        stored: Elements of what is stored, where they are at hand, by name.
    """

    body: Body
    node: Node
    reads: tuple[TensorSpec | None, ...]
    makes: tuple[TensorSpec, ...]
    stored: Mapping[str, Array]

    @property
    def attrs(self) -> Any:
        """Attributes of the node."""
        return self.node.attrs

    @property
    def names(self) -> list[str]:
        """Names of the inputs, empty for one left out."""
        return [name or "" for name in self.node.inputs]

    @property
    def x(self) -> TensorSpec:
        """Spec of the first input."""
        return self.spec(0)

    @property
    def y(self) -> TensorSpec:
        """Spec of the first output."""
        return self.makes[0]

    def spec(self, at: int) -> TensorSpec:
        """Spec of an input that must be there."""
        found = self.reads[at]
        assert found is not None, f"{self.node.op} has no input {at}"
        return found

    def unsupported(self, what: str) -> UnsupportedOpError:
        """The error for a setting that ONNX does not have."""
        return UnsupportedOpError(f"{self.node.op} {what}")

    def emit(self, op_type: str, inputs: Sequence[str], outputs: Sequence[str], /, **attributes: Any) -> None:
        """Write an ONNX node; attributes that are None are left out."""
        import onnx

        kept = list(inputs)
        while kept and not kept[-1]:
            kept.pop()
        given = {name: value for name, value in sorted(attributes.items()) if value is not None}
        layer = self.node.layer or self.node.op
        main = any(name in self.node.outputs for name in outputs)
        name = self.body.new_call(layer if main else f"{layer}.{op_type.lower()}")
        made = onnx.helper.make_node(op_type, kept, list(outputs), name=name, **given)
        self.body.labels.write(made, layer)
        self.body.nodes.append(made)

    def result(self, op_type: str, *inputs: str, **attributes: Any) -> None:
        """Write the ONNX node that makes the node's outputs."""
        self.emit(op_type, inputs, self.node.outputs, **attributes)

    def output(self, at: int, op_type: str, *inputs: str, **attributes: Any) -> None:
        """Write the ONNX node that makes one of the node's outputs."""
        self.emit(op_type, inputs, [self.node.outputs[at]], **attributes)

    def value(self, op_type: str, *inputs: str, **attributes: Any) -> str:
        """Write an ONNX node in the middle of a rule; returns the name of its only output."""
        return self.several(op_type, 1, *inputs, **attributes)[0]

    def several(self, op_type: str, count: int, *inputs: str, **attributes: Any) -> list[str]:
        """Write an ONNX node in the middle of a rule; returns the names of its outputs."""
        names = [self.new_name(op_type.lower()) for _ in range(count)]
        self.emit(op_type, inputs, names, **attributes)
        return names

    def constant(self, array: Array, dtype: str | None = None) -> str:
        """Name of a small constant that the rule needs; equal ones are stored once."""
        import onnx

        packed = held_array(array, dtype or str(array.dtype))
        key = dtype or str(array.dtype), packed.shape, packed.tobytes()
        if key not in self.body.shared:
            name = self.body.new_value("constant")
            stored = self.body.constants[name] = onnx.numpy_helper.from_array(packed, name)
            if packed.shape and is_floating(key[0]):  # a reader would take it for a weight
                stored.metadata_props.add(key=KIND, value="constant")
            self.body.shared[key] = name
        return self.body.shared[key]

    def new_name(self, stem: str) -> str:
        """Name of a value in the middle of a rule."""
        return self.body.new_value(f"{self.node.layer or self.node.op}:{stem}")

    def scales(self, numbers: Sequence[float]) -> str:
        """Name of a constant list of numbers of single precision."""
        return self.constant(np.array(numbers, np.float32))

    def rewritten(self, names: Sequence[str], rule: Callable[..., Array]) -> str:
        """Name of what a rule makes of stored values, stored in their place; empty if they are not at hand."""
        if not all(name in self.stored for name in names):
            return ""
        key = "rewritten", tuple(names), self.node.op
        if key not in self.body.shared:
            new = self.body.new_value(names[0])
            self.body.rewritten[new] = tuple(names), rule
            self.body.shared[key] = new
        return self.body.shared[key]

    def ints(self, *numbers: int) -> str:
        """Name of a constant list of whole numbers: axes, sizes."""
        return self.constant(np.array(numbers, np.int64))

    def scalar(self, number: float, dtype: str = "") -> str:
        """Name of a constant scalar, of the first input's type by default."""
        dtype = dtype or self.x.dtype
        if not is_floating(dtype) and math.isfinite(number):
            number = int(number)
        return self.constant(np.array(number), dtype)

    def filled(self, number: float, shape: Sequence[int], dtype: str = "") -> str:
        """Name of a tensor with the same number everywhere: no weight, so it is stretched and not stored."""
        key = "filled", number, tuple(shape), dtype or self.x.dtype
        if key not in self.body.shared:
            self.body.shared[key] = self.value("Expand", self.scalar(number, dtype), self.ints(*shape))
        return self.body.shared[key]

    def cast(self, name: str, old: str, new: str) -> str:
        """The value in another element type; itself if it has that."""
        return name if old == new or not name else self.value("Cast", name, to=proto_type(new))

    def typed(self, at: int, dtype: str) -> str:
        """An input in an element type."""
        return self.cast(self.names[at], self.spec(at).dtype, dtype) if self.reads[at] is not None else ""

    def reshaped(self, name: str, shape: Sequence[int]) -> str:
        """The elements under another shape."""
        return self.value("Reshape", name, self.ints(*shape), allowzero=1 if 0 in shape else None)

    def transposed(self, name: str, order: Sequence[int]) -> str:
        """Dimensions in another order; itself if it is theirs."""
        return name if list(order) == sorted(order) else self.value("Transpose", name, perm=list(order))

    def sliced(self, name: str, dim: int, start: int, stop: int, step: int = 1) -> str:
        """Positions along one dimension."""
        return self.value("Slice", name, self.ints(start), self.ints(stop), self.ints(dim), self.ints(step))

    def as_result(self, name: str, at: int = 0) -> None:
        """Make the node's output of a value that is written already."""
        self.output(at, "Identity", name)

    def finish(self, dtype: str, op_type: str, /, *inputs: str, **attributes: Any) -> None:
        """Write the ONNX node that makes the node's output, in the element type that this one should have.

        Args:
            dtype: Type that ``op_type`` gives.
            op_type: ONNX operator.
            inputs: What it reads.
            attributes: Its attributes.
        """
        if dtype == self.y.dtype:
            self.output(0, op_type, *inputs, **attributes)
        else:
            self.output(0, "Cast", self.value(op_type, *inputs, **attributes), to=proto_type(self.y.dtype))
