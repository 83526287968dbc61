"""Functions: bodies that a model brings along, and those that ONNX gives its own operators."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

from netweight.sources.onnx.numbers import NUMBERS
from netweight.sources.onnx.tensor import Tensor

if TYPE_CHECKING:
    from onnx import FunctionProto, ModelProto, NodeProto


class Functions:
    """Those of a model."""

    def __init__(self, model: ModelProto) -> None:
        self._found = {(f.domain, f.name, getattr(f, "overload", "")): f for f in model.functions}

    def find(self, node: NodeProto) -> FunctionProto | None:
        """The function that a node calls, None if it calls an operator."""
        return self._found.get((node.domain, node.op_type, getattr(node, "overload", ""))) if self._found else None

    @staticmethod
    def instantiated(function: FunctionProto, caller: NodeProto) -> list[NodeProto]:
        """The nodes of the body, attributes of the caller in the place of those that refer to them."""
        given = {attribute.name: attribute for attribute in function.attribute_proto}
        given.update({attribute.name: attribute for attribute in caller.attribute})
        return [_instantiated(node, given) for node in function.node]


def _instantiated(node: NodeProto, given: dict[str, Any]) -> NodeProto:
    if not any(entry.ref_attr_name or entry.type in (5, 10) for entry in node.attribute):
        return node
    made = type(node)()
    made.CopyFrom(node)
    del made.attribute[:]
    for attribute in node.attribute:
        if attribute.ref_attr_name:
            referred = given.get(attribute.ref_attr_name)
            if referred is not None:
                entry = made.attribute.add()
                entry.CopyFrom(referred)
                entry.name = attribute.name
            continue
        entry = made.attribute.add()
        entry.CopyFrom(attribute)
        for graph in _graphs(entry):
            nodes = [_instantiated(inner, given) for inner in graph.node]
            del graph.node[:]
            graph.node.extend(nodes)
    return made


def _graphs(attribute: Any) -> Iterable[Any]:
    return (attribute.g,) if attribute.type == 5 else attribute.graphs


def body_of_schema(node: NodeProto, inputs: Sequence[Any], domain: str, opset: int) -> FunctionProto | None:
    """What ONNX says that an operator is made of, None if it says nothing."""
    import onnx

    try:
        schema = onnx.defs.get_schema(node.op_type, opset, domain)
    except onnx.defs.SchemaError:
        return None
    if schema.has_function:
        body = schema.function_body
    elif schema.has_context_dependent_function and is_sound(node, inputs, domain, opset):
        kinds = [_type_of(value).SerializeToString() for value in inputs]
        versions = sorted(v for v in schema.context_dependent_function_opset_versions if v <= opset)
        if not versions:
            return None
        body = onnx.FunctionProto()
        text = schema.get_context_dependent_function_with_opset_version(versions[-1], node.SerializeToString(), kinds)
        body.ParseFromString(text)
    else:
        return None
    return _named_as(body, schema)


def is_sound(node: NodeProto, inputs: Sequence[Any], domain: str, opset: int) -> bool:
    """Whether ONNX may be asked for a body or for shapes: what finds them trusts the node that it gets."""
    import onnx

    context = onnx.checker.C.CheckerContext()
    context.ir_version = onnx.IR_VERSION
    context.opset_imports = {domain: opset}
    try:
        schema = onnx.defs.get_schema(node.op_type, opset, domain)
        onnx.checker.check_node(node, context)
    except (onnx.defs.SchemaError, onnx.checker.ValidationError):
        return False
    needed = [entry.option == onnx.defs.OpSchema.FormalParameterOption.Single for entry in schema.inputs]
    missing = any(need and not name for need, name in zip(needed, node.input, strict=False))
    return not missing and all(value is None or isinstance(value, Tensor) for value in inputs)


def _named_as(body: FunctionProto, schema: Any) -> FunctionProto:
    """The body, with the defaults of the operator's attributes."""
    made = type(body)()
    made.CopyFrom(body)
    known = {entry.name for entry in made.attribute_proto}
    for attribute in schema.attributes.values():
        if attribute.name not in known and attribute.default_value.name:
            made.attribute_proto.add().CopyFrom(attribute.default_value)
    return made


def _type_of(value: Any) -> Any:
    import onnx

    if isinstance(value, Tensor):
        return onnx.helper.make_tensor_type_proto(NUMBERS.get(value.dtype, 1), value.shape)
    return onnx.TypeProto()
