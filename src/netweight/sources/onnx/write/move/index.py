"""Reading by position."""

from __future__ import annotations

from collections.abc import Sequence

from netweight.ir import TensorSpec
from netweight.ops.arrays.broadcast import broadcast_shape
from netweight.sources.onnx.write import writes
from netweight.sources.onnx.write.step import Step


def positions(step: Step, at: int) -> str:
    """An input of positions, in the type that all of ONNX takes."""
    return step.typed(at, "int64")


def stacked(step: Step, first: int, specs: Sequence[TensorSpec | None]) -> tuple[str, tuple[int, ...]]:
    """Tensors of positions, inputs from ``first`` on, side by side as (*broadcast, tensors); and what they become."""
    shape: tuple[int, ...] = broadcast_shape(step.node.op, *(spec.shape for spec in specs if spec is not None))
    columns = []
    for at, spec in enumerate(specs, first):
        column = positions(step, at)
        if spec is not None and spec.shape != shape:
            column = step.value("Expand", column, step.ints(*shape))
        columns.append(step.value("Unsqueeze", column, step.ints(-1)))
    return columns[0] if len(columns) == 1 else step.value("Concat", *columns, axis=-1), shape


@writes("gather")
def gather(step: Step) -> None:
    """GatherElements, of the part of x that the positions lie beside."""
    dim, index = step.attrs.dim, step.spec(1).shape
    x = step.names[0]
    for at, (size, wanted) in enumerate(zip(step.x.shape, index, strict=True)):
        if at != dim and wanted < size:
            x = step.sliced(x, at, 0, wanted)
    step.result("GatherElements", x, positions(step, 1), axis=dim)


@writes("index_select")
def index_select(step: Step) -> None:
    """Gather."""
    step.result("Gather", step.names[0], positions(step, 1), axis=step.attrs.dim)


@writes("gather_nd")
def gather_nd(step: Step) -> None:
    """GatherND."""
    step.result("GatherND", step.names[0], positions(step, 1), batch_dims=step.attrs.batch_dims)


@writes("index")
def index(step: Step) -> None:
    """Gather for one dimension; for several GatherND, with their dimensions turned to the front."""
    dims = step.attrs.dims
    if len(dims) == 1:
        step.result("Gather", step.names[0], positions(step, 1), axis=dims[0])
        return
    rest = [dim for dim in range(len(step.x.shape)) if dim not in dims]
    turned = step.transposed(step.names[0], [*dims, *rest])
    at, picked = stacked(step, 1, step.reads[1:])
    if dims[-1] - dims[0] >= len(dims) or dims[0] == 0:
        step.result("GatherND", turned, at)
        return
    found = step.value("GatherND", turned, at)
    before = range(len(picked), len(picked) + dims[0])
    after = range(len(picked) + dims[0], len(picked) + len(rest))
    step.result("Transpose", found, perm=[*before, *range(len(picked)), *after])


@writes("masked_scatter")
def masked_scatter(step: Step) -> None:
    """The number of places so far says which element comes next."""
    x, _, source = step.names
    shape = step.y.shape
    wide = step.typed(1, "bool")
    if step.spec(1).shape != shape:
        wide = step.value("Expand", wide, step.ints(*shape))
    flat = step.reshaped(step.cast(wide, "bool", "int64"), (step.y.numel,))
    count = step.value("Sub", step.value("CumSum", flat, step.scalar(0, "int64")), step.scalar(1, "int64"))
    last = step.scalar(step.spec(2).numel - 1, "int64")
    inside = step.value("Clip", count, step.scalar(0, "int64"), last)
    taken = step.value("Gather", step.reshaped(source, (step.spec(2).numel,)), inside, axis=0)
    step.result("Where", wide, step.reshaped(taken, shape), x)
