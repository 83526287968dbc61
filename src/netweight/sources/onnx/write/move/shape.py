"""Views, and putting tensors together and apart."""

from __future__ import annotations

from netweight.sources.onnx.write import writes
from netweight.sources.onnx.write.step import Step


@writes("reshape")
def reshape(step: Step) -> None:
    """Reshape to the sizes that the output has."""
    shape = step.y.shape
    step.result("Reshape", step.names[0], step.ints(*shape), allowzero=1 if 0 in shape else None)


@writes("permute")
def permute(step: Step) -> None:
    """Transpose."""
    if step.attrs.order:
        step.result("Transpose", *step.names, perm=step.attrs.order)
    else:
        step.result("Identity", *step.names)


@writes("expand")
def expand(step: Step) -> None:
    """Expand to the sizes that the output has."""
    step.result("Expand", *step.names, step.ints(*step.y.shape))


@writes("concat")
def concat(step: Step) -> None:
    """Concat, all in one element type."""
    parts = [step.typed(at, step.y.dtype) for at in range(len(step.reads))]
    step.result("Concat", *parts, axis=step.attrs.dim)


@writes("slice")
def slice_(step: Step) -> None:
    """Slice along one dimension."""
    attrs = step.attrs
    x, ends = step.names[0], (attrs.start, attrs.stop, attrs.dim, attrs.step)
    step.result("Slice", x, *(step.ints(number) for number in ends))


@writes("split")
def split(step: Step) -> None:
    """Split into the sizes given."""
    step.result("Split", *step.names, step.ints(*step.attrs.sizes), axis=step.attrs.dim)


@writes("diagonal")
def diagonal(step: Step) -> None:
    """Elements picked from the flattened matrices."""
    attrs = step.attrs
    rank = len(step.x.shape)
    first, second = attrs.dim1 % rank, attrs.dim2 % rank
    rest = [dim for dim in range(rank) if dim not in (first, second)]
    turned = step.transposed(step.names[0], [*rest, first, second])
    rows, columns = step.x.shape[first], step.x.shape[second]
    flat = step.reshaped(turned, (*(step.x.shape[dim] for dim in rest), rows * columns))
    start = attrs.offset if attrs.offset >= 0 else -attrs.offset * columns
    places = [start + at * (columns + 1) for at in range(step.y.shape[-1])]
    step.result("Gather", flat, step.ints(*places), axis=len(rest))


@writes("strided_view")
def strided_view(step: Step) -> None:
    """Elements picked from the flattened tensor, number offset + i . stride."""
    places = [step.attrs.offset]
    for size, stride in zip(step.attrs.size, step.attrs.stride, strict=True):
        places = [place + at * stride for place in places for at in range(size)]
    flat = step.reshaped(step.names[0], (step.x.numel,))
    picked = step.value("Gather", flat, step.ints(*places), axis=0)
    step.result("Reshape", picked, step.ints(*step.attrs.size))
