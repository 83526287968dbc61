"""A model that can be read up to a node which refuses what it is given: which node, why, and what would fit."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from math import prod
from typing import TYPE_CHECKING, Any

from netweight.errors import NetweightError, ShapeError
from netweight.ir import TensorSpec
from netweight.results.fault import Fault, Line, MetTensor
from netweight.similar import similar
from netweight.sources.onnx.checks import NONSENSE
from netweight.sources.onnx.tensor import Tensor
from netweight.sources.size_origins import sizes

if TYPE_CHECKING:
    from onnx import GraphProto, NodeProto

_MOST = 3
"""Changes that are shown."""
_TRIED = 64


@dataclass(frozen=True, slots=True)
class Refusal:
    """A node that refused.

    Attributes:
        error: What was raised.
        node: The node.
        inputs: What it was given.
        accepts: Whether it takes these inputs; nothing of that is recorded.
    """

    error: ShapeError
    node: NodeProto
    inputs: Sequence[Any]
    accepts: Callable[[Sequence[Any]], bool]


def fault_of(refusal: Refusal, layer: str) -> Fault:
    """Where and why a model cannot be read to its end.

    Args:
        refusal: The node that refused.
        layer: What the node is called in the report.
    """
    error, node = refusal.error, refusal.node
    place = str(getattr(error, "__notes__", [""])[0])
    file, _, where = place.partition(": ")
    tensors = [value for value in refusal.inputs if isinstance(value, Tensor)]
    return Fault(
        error=type(error).__name__,
        message=error.message,
        layer=layer,
        kind=node.op_type,
        op=node.op_type,
        lines=(Line(file=file, line=0, code=where),) if where else (),
        tensors=tuple(_met(at, tensor) for at, tensor in enumerate(tensors)),
        why=tuple(error.why.splitlines()),
        fixes=tuple(error.fix.splitlines()) or tuple(_fixes(refusal)),
    )


def _met(at: int, tensor: Tensor) -> MetTensor:
    return MetTensor(role=f"input {at}", shape=tensor.shape, dtype=tensor.dtype, origin=tensor.label)


def _fixes(refusal: Refusal) -> Iterator[str]:
    """Stored tensors of another size with which the node accepts what it is given."""
    found = 0
    for tried, (at, changed) in enumerate(_changed(refusal.inputs)):
        if found == _MOST or tried == _TRIED:
            return
        given = [*refusal.inputs[:at], changed, *refusal.inputs[at + 1 :]]
        if refusal.accepts(given):
            found += 1
            yield f"{changed.label} of {sizes(changed.shape)} fits"


def _changed(inputs: Sequence[Any]) -> Iterator[tuple[int, Tensor]]:
    """Each stored tensor with one of its sizes as large as some size that it meets."""
    for at, tensor in enumerate(inputs):
        if not isinstance(tensor, Tensor) or not tensor.fixed or "float" not in tensor.dtype:
            continue
        for dim, size in enumerate(tensor.shape):
            for other in _sizes_of(inputs, at):
                if other != size:
                    shape = (*tensor.shape[:dim], other, *tensor.shape[dim + 1 :])
                    yield at, Tensor(tensor.label, TensorSpec(shape, tensor.dtype), fixed=True, stored=True)


def _sizes_of(inputs: Sequence[Any], at: int) -> list[int]:
    """Sizes of all tensors but one, and how many features they have in a flat row."""
    others = [one.shape for place, one in enumerate(inputs) if place != at and isinstance(one, Tensor)]
    return list(dict.fromkeys(size for shape in others for size in (*reversed(shape), prod(shape[1:]))))


def accepting(lowered: Callable[[Sequence[Any]], Any], attempt: Callable[[], Any]) -> Callable[[Sequence[Any]], bool]:
    """Whether a node takes inputs, by reading it and taking that back.

    Args:
        lowered: Reads the node with these inputs.
        attempt: What is read inside can be taken back.
    """

    def accepts(inputs: Sequence[Any]) -> bool:
        with attempt() as tried:
            try:
                lowered(inputs)
            except (NetweightError, *NONSENSE):
                return False
            finally:
                tried.undo()
        return True

    return accepts


def meant(graph: GraphProto, missing: Sequence[str]) -> str:
    """Names of a file that may be meant by the first of those that nothing writes, as a question; empty if none.

    Args:
        graph: The graph of the model.
        missing: Names that nothing writes.
    """
    written = [name for node in graph.node for name in node.output if name not in missing]
    known = [*written, *(entry.name for entry in (*graph.input, *graph.initializer))]
    texts = [name for name in known if isinstance(name, str)]  # protobuf gives what is no text as bytes
    near = similar(missing[0], texts) if missing and isinstance(missing[0], str) else []
    return f"did you mean {' or '.join(map(repr, near))}?" if near else ""
