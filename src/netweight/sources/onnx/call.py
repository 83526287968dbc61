"""One call of an ONNX operator: its attributes, and where its rule records."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

from netweight.errors import FormatError
from netweight.lazy import Array
from netweight.sources.onnx.calling import Calling
from netweight.sources.onnx.iterations import Iterations
from netweight.sources.onnx.numbers import KIND, array_of, is_external, spec_of
from netweight.sources.onnx.scope import Scope
from netweight.sources.onnx.sparse import dense, sparse_spec
from netweight.sources.onnx.tensor import Tensor
from netweight.sources.onnx.undo import Attempt

if TYPE_CHECKING:
    from onnx import GraphProto, NodeProto, SparseTensorProto, TensorProto


_FIELDS = {
    1: "f", 2: "i", 3: "s", 4: "t", 5: "g", 6: "floats", 7: "ints", 8: "strings", 9: "tensors", 10: "graphs",
    11: "sparse_tensor", 12: "sparse_tensors", 13: "tp", 14: "type_protos",
}  # fmt: skip


class Reader(Protocol):
    """What operators with graphs inside (branches, loops, functions of elements) need of the reader of the file.

    Attributes:
        iterations: Tells iterations of loops apart.
    """

    iterations: Iterations

    @property
    def block(self) -> int:
        """Channels in a block."""

    def subgraph(self, call: Call, graph: GraphProto, inputs: Mapping[str, Any]) -> list[Any]:
        """Record a graph inside an operator, and give what its outputs are; it sees the names around it."""

    def part(self, call: Call, kind: str) -> AbstractContextManager[None]:
        """What a rule itself does in each iteration of a loop: a layer inside of the call's."""

    def attempt(self) -> AbstractContextManager[Attempt]:
        """A block; what is read in it can be taken back."""


@dataclass(slots=True)
class Call(Calling):
    """A node of the file.

    Attributes:
        node: The node.
        opset: Version of the operator's domain that the model means.
        attributes: Values of the attributes by name; text as ``str``.
        reader: Reads graphs inside of this node.
        scope: Names that such a graph can see.
    """

    node: NodeProto
    opset: int
    attributes: dict[str, Any]
    reader: Reader
    scope: Scope

    @property
    def kind(self) -> str:
        """The operator."""
        return self.node.op_type

    def attr(self, name: str, default: Any = None) -> Any:
        """An attribute, ``default`` if the node does not have it; lists as tuples.

        Raises:
            FormatError: If it is of another kind than ``default``.
        """
        found = self.attributes.get(name, default)
        if found is not default and default is not None and not _is_like(found, default):
            raise FormatError(f"{self.node.op_type}: expected {name!r} to be like {default!r}, got {found!r}")
        return found

    def need(self, name: str) -> Any:
        """An attribute that must be there.

        Raises:
            FormatError: If it is not.
        """
        if name not in self.attributes:
            raise FormatError(f"{self.node.op_type}: expected the attribute {name!r}, got none")
        return self.attributes[name]

    def wants(self, output: int) -> bool:
        """Whether anybody gets that output."""
        return output < len(self.node.output) and bool(self.node.output[output])


def _is_like(found: Any, default: Any) -> bool:
    """Whether an attribute is of the kind of its default; a whole number may stand for a floating one."""
    if isinstance(default, float):
        return isinstance(found, int | float)
    return isinstance(found, type(default)) if isinstance(default, int | str) else True


def stored_tensor(stored: TensorProto, label: str) -> Tensor:
    """A tensor whose elements are in the file, or in one beside it, which stays closed."""
    numbers = None if is_external(stored) else lambda: held(stored)
    return marked(Tensor(label, spec_of(stored), numbers, fixed=True, stored=True), stored)


def marked(tensor: Tensor, written: Any) -> Tensor:
    """The tensor in the role (parameter, buffer, constant) that the metadata of what stores or makes it names."""
    kind = next((entry.value for entry in written.metadata_props if entry.key == KIND), "")
    if kind == "parameter":
        tensor.role = "parameter"
    elif kind == "buffer":
        tensor.role = "buffer"
    elif kind == "constant":
        tensor.stored, tensor.role = False, "constant"
    return tensor


def dense_tensor(sparse: SparseTensorProto) -> Tensor:
    """A tensor of which the file has the elements that are not zero."""
    return Tensor(sparse.values.name, sparse_spec(sparse), lambda: dense(sparse), fixed=True, stored=True)


def held(stored: TensorProto) -> Array:
    """The elements as our operators hold them: integers of four bits in bytes."""
    from netweight.ops.arrays.dtypes import container_of

    array = array_of(stored)
    spec = spec_of(stored)
    if spec.dtype in ("int4", "uint4", "int2", "uint2"):
        return array.astype(container_of(spec.dtype))
    return array


def attributes_of(node: NodeProto) -> dict[str, Any]:
    """Attributes by name.

    Raises:
        FormatError: If one is of no kind that ONNX has.
    """
    found = {}
    for attribute in node.attribute:
        field = _FIELDS.get(attribute.type) or _only_field(attribute)
        if field is None:
            raise FormatError(f"{node.op_type}: expected attribute {attribute.name!r} of a known kind, got none")
        found[attribute.name] = _plain(getattr(attribute, field))
    return found


def _only_field(attribute: Any) -> str | None:
    """Old files leave out which kind an attribute is."""
    return next((name for name in _FIELDS.values() if _is_set(attribute, name)), None)


def _is_set(attribute: Any, name: str) -> bool:
    try:
        return bool(attribute.HasField(name))
    except ValueError:  # a list has none
        return len(getattr(attribute, name)) > 0


def _plain(value: Any) -> Any:
    if isinstance(value, bytes):
        return value.decode("utf-8", "replace")
    if isinstance(value, int | float) or hasattr(value, "DESCRIPTOR"):
        return value
    return tuple(_plain(item) for item in value)
