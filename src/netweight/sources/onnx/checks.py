"""What a node must be like before its rule reads it: text that is text, attributes of the kind that ONNX says."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from netweight.errors import FormatError, ShapeError
from netweight.ir import TensorSpec
from netweight.ops.table import OpDef
from netweight.sources.onnx.numbers import LARGEST

if TYPE_CHECKING:
    from onnx import NodeProto


NONSENSE = (
    TypeError, ValueError, IndexError, KeyError, AttributeError, ArithmeticError, AssertionError, MemoryError,
    RecursionError,
)  # fmt: skip
"""What Python says of attributes and inputs that no exporter writes."""

_VARIADIC = 64
"""Inputs of an operator with any number of them whose types are compared."""
_KINDS = {
    1: "a number", 2: "a whole number", 3: "text", 4: "a tensor", 5: "a graph", 6: "numbers", 7: "whole numbers",
    8: "texts", 9: "tensors", 10: "graphs", 11: "a sparse tensor", 12: "sparse tensors", 13: "a type", 14: "types",
}  # fmt: skip


def check_text(*texts: Any) -> None:
    """Refuse names that are not text: protobuf hands them over as bytes.

    Raises:
        FormatError: If one is not text.
    """
    for text in texts:
        if type(text) is not str:
            raise FormatError(f"onnx: expected names in UTF-8, got {text!r}")


def check_attributes(node: NodeProto, domain: str, opset: int) -> None:
    """Refuse attributes that are of another kind than ONNX says; what it does not know, and what is unsaid, passes.

    Raises:
        FormatError: If one is of another kind.
    """
    kinds = _kinds(node.op_type, domain, opset)
    for attribute in node.attribute:
        found, wanted = attribute.type, kinds.get(attribute.name)
        if found and wanted and found != wanted:
            got = _KINDS.get(found, "an unknown kind")
            raise FormatError(f"{node.op_type}: expected {attribute.name!r} to be {_KINDS[wanted]}, got {got}")


@lru_cache(maxsize=4096)
def _kinds(op_type: str, domain: str, opset: int) -> Mapping[str, int]:
    """Kind of each attribute, numbered as in ``AttributeProto.AttributeType``."""
    import onnx

    try:
        schema = onnx.defs.get_schema(op_type, opset, domain)
    except (onnx.defs.SchemaError, TypeError):  # an opset that is not a number for ONNX
        return {}
    return {name: int(attribute.type.value) for name, attribute in schema.attributes.items()}


def check_types(node: NodeProto, inputs: Sequence[Any], domain: str, opset: int) -> None:
    """Refuse floating tensors of several types where ONNX says that they have one, as every runtime does.

    Raises:
        ShapeError: If two differ.
    """
    types = [dtype if "float" in (dtype := getattr(value, "dtype", "")) else "" for value in inputs]
    if len(set(filter(None, types))) < 2:
        return
    first: dict[str, int] = {}
    for at, (variable, dtype) in enumerate(zip(_variables(node.op_type, domain, opset), types, strict=False)):
        if not variable or not dtype:
            continue
        before = first.setdefault(variable, at)
        if types[before] != dtype:
            told = " and ".join(f"{node.input[one]} in {types[one]}" for one in (before, at))
            to, cast = (at, before) if getattr(inputs[at], "fixed", False) else (before, at)
            raise ShapeError(
                f"{node.op_type}: expected inputs of one type, got {told}",
                fix=f"a Cast of {node.input[cast]} to {types[to]} before it",
            )


@lru_cache(maxsize=4096)
def _variables(op_type: str, domain: str, opset: int) -> tuple[str, ...]:
    """The type variable of each input of an operator, empty where it has a type of its own."""
    import onnx

    try:
        schema = onnx.defs.get_schema(op_type, opset, domain)
    except (onnx.defs.SchemaError, TypeError):
        return ()
    found = [entry.type_str if entry.is_homogeneous else "" for entry in schema.inputs]
    last = schema.inputs[-1] if schema.inputs else None
    several = last is not None and last.option == onnx.defs.OpSchema.FormalParameterOption.Variadic
    return (*found, *(found[-1:] * _VARIADIC if several else ()))


def check_tensors(definition: OpDef, tensors: Sequence[Any]) -> None:
    """Refuse more tensors than an operator of the table takes.

    Raises:
        ShapeError: If there are more.
    """
    names = definition.inputs
    if len(tensors) > len(names) and not (names and names[-1].startswith("*")):
        raise ShapeError(f"{definition.name}: expected at most {len(names)} tensors, got {len(tensors)}")


def check_sizes(name: str, specs: Sequence[TensorSpec]) -> None:
    """Refuse results that no memory has addresses for.

    Raises:
        ShapeError: If a result has that many elements.
    """
    for spec in specs:
        if math.prod(spec.shape) >= LARGEST or min(spec.shape, default=0) < 0:
            raise ShapeError(f"{name}: expected a result of less than 2^62 elements, got {_shortened(spec.shape)}")


def _shortened(shape: Sequence[int]) -> str:
    """Sizes as text; Python refuses to write down the longest ones."""
    return f"({', '.join(str(size) if abs(size) < LARGEST**2 else 'over 2^124' for size in shape)})"
