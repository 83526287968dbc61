"""Shapes that a model leaves open, and shapes that only ONNX itself can tell."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from netweight.errors import FormatError, UsageError, unknown_name
from netweight.ir import Filled, TensorSpec
from netweight.sources.onnx.checks import check_text
from netweight.sources.onnx.closing import OpenDimsError
from netweight.sources.onnx.function_bodies import is_sound
from netweight.sources.onnx.numbers import NUMBERS, checked_shape, dtype_of
from netweight.sources.onnx.tensor import DependsOnDataError

if TYPE_CHECKING:
    from onnx import GraphProto, NodeProto, ValueInfoProto


def input_specs(
    wanted: Sequence[ValueInfoProto], given: Mapping[str, Any], dims: Mapping[str, int]
) -> dict[str, TensorSpec | None]:
    """Spec of each input of the model; None for one that is not a tensor.

    Args:
        wanted: Inputs of the model.
        given: Shapes or specs by name, which take the place of the model's own.
        dims: Sizes of symbolic dimensions.

    Raises:
        UsageError: If the size of a dimension is known from nowhere, or the model does not have an input of that name.
    """
    names = [entry.name for entry in wanted]
    if len(set(names)) < len(names):
        raise FormatError(f"onnx: expected inputs of different names, got {names}")
    check_text(*names, *(dim.dim_param for entry in wanted for dim in entry.type.tensor_type.shape.dim))
    for name in given:
        if name not in names:
            raise unknown_name("input of the model", name, names, fix=f"its inputs: {', '.join(names)}")
    symbols = {symbol for entry in wanted for symbol in _symbols(entry)}
    for name in dims:
        if name not in symbols:
            known = ", ".join(sorted(symbols)) or "none"
            raise unknown_name("symbolic dimension", name, sorted(symbols), fix=f"symbolic dimensions: {known}")
    specs = {entry.name: declared_spec(entry, given.get(entry.name), dims) for entry in wanted}
    _check_closed(specs)
    return {name: None if spec is None else TensorSpec(tuple(spec[0]), spec[1]) for name, spec in specs.items()}


def _symbols(entry: ValueInfoProto) -> list[str]:
    return [dim.dim_param for dim in entry.type.tensor_type.shape.dim if dim.dim_param]


def declared_spec(entry: ValueInfoProto, given: Any, dims: Mapping[str, int]) -> tuple[list[Any], str] | None:
    """Sizes, with names or None where they are open, and element type."""
    kind = entry.type.WhichOneof("value")
    if kind != "tensor_type":
        return None
    declared = entry.type.tensor_type
    dtype = dtype_of(declared.elem_type, entry.name)
    if given is not None:
        given = given.spec if isinstance(given, Filled) else given
        shape = given.shape if isinstance(given, TensorSpec) else tuple(given)
        _check_rank(entry, shape)
        return list(shape), given.dtype if isinstance(given, TensorSpec) else dtype
    if not declared.HasField("shape"):
        return [None], dtype
    sizes: list[Any] = []
    for dim in declared.shape.dim:
        if dim.dim_param:
            sizes.append(dims.get(dim.dim_param, dim.dim_param))
        else:
            sizes.append(dim.dim_value if dim.HasField("dim_value") and dim.dim_value >= 0 else None)
    checked_shape([size for size in sizes if isinstance(size, int)], entry.name)
    return sizes, dtype


def _check_rank(entry: ValueInfoProto, shape: Sequence[int]) -> None:
    declared = entry.type.tensor_type
    if declared.HasField("shape") and len(declared.shape.dim) != len(shape):
        shown = "x".join(map(str, shape)) or "scalar"
        raise UsageError(f"input: {entry.name}: expected {len(declared.shape.dim)} dimensions, got {shown}")


def _check_closed(specs: Mapping[str, tuple[list[Any], str] | None]) -> None:
    open_ones = {
        name: spec[0]
        for name, spec in specs.items()
        if spec is not None and any(not isinstance(size, int) for size in spec[0])
    }
    if open_ones:
        raise OpenDimsError(open_ones)


def output_names(graph: GraphProto) -> list[str]:
    """Names of the outputs of a model.

    Raises:
        FormatError: If one is there twice: asking for it by name would be ambiguous.
    """
    names = [output.name for output in graph.output]
    if len(set(names)) < len(names):
        raise FormatError(f"onnx: expected outputs of different names, got {names}")
    return names


def inferred_outputs(node: NodeProto, inputs: Sequence[Any], domain: str, opset: int) -> list[TensorSpec]:
    """What ONNX's own inference says of the outputs of an operator that we have no rule for.

    Raises:
        DependsOnDataError: If it does not know them.
    """
    import onnx

    node = _without_absent(node, inputs)
    if not is_sound(node, inputs, domain, opset):
        raise DependsOnDataError(node.op_type)
    outputs = [name for name in node.output if name]
    graph = onnx.helper.make_graph(
        [node],
        "one",
        [
            onnx.helper.make_tensor_value_info(name, NUMBERS.get(tensor.dtype, 1), tensor.shape)
            for name, tensor in dict(zip(node.input, inputs, strict=True)).items()
            if name
        ],
        [onnx.ValueInfoProto(name=name) for name in outputs],
    )
    model = onnx.helper.make_model(graph, opset_imports=[onnx.helper.make_opsetid(domain, opset)])
    try:
        inferred = onnx.shape_inference.infer_shapes(model, data_prop=True)
    except (onnx.shape_inference.InferenceError, RuntimeError) as error:
        raise DependsOnDataError(node.op_type) from error
    found = {entry.name: entry.type for entry in (*inferred.graph.output, *inferred.graph.value_info)}
    return [_whole(found[name], node.op_type) for name in outputs]


def _without_absent(node: NodeProto, inputs: Sequence[Any]) -> NodeProto:
    """The node without the names of inputs that are not there: parameters of a function that its caller left out."""
    made = type(node)()
    made.CopyFrom(node)
    made.input[:] = [name if value is not None else "" for name, value in zip(node.input, inputs, strict=True)]
    return made


def _whole(kind: Any, where: str) -> TensorSpec:
    declared = kind.tensor_type
    sizes = [dim.dim_value for dim in declared.shape.dim if dim.HasField("dim_value")]
    if not declared.HasField("shape") or len(sizes) < len(declared.shape.dim):
        raise DependsOnDataError(where)
    return TensorSpec(tuple(sizes), dtype_of(declared.elem_type, where))
