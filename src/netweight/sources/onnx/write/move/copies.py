"""Copies: padded, turned round, moved on, repeated, with parts replaced."""

from __future__ import annotations

from netweight.lazy import np
from netweight.sources.onnx.write import writes
from netweight.sources.onnx.write.contract.conv import PAD_MODES, onnx_pads
from netweight.sources.onnx.write.step import Step


@writes("copy", "detach")
def copy(step: Step) -> None:
    """Identity."""
    step.result("Identity", *step.names)


@writes("pad")
def pad(step: Step) -> None:
    """Pad; what is negative is cut off."""
    attrs = step.attrs
    x, pads = step.names[0], step.ints(*onnx_pads(attrs.padding))
    if attrs.mode == "zeros":
        step.result("Pad", x, pads, step.scalar(attrs.value))
    else:
        step.result("Pad", x, pads, mode=PAD_MODES[attrs.mode])


@writes("flip")
def flip(step: Step) -> None:
    """Slice with steps of -1."""
    dims = [dim % len(step.x.shape) for dim in step.attrs.dims]
    last, before, back = ([number] * len(dims) for number in (-1, -(1 << 62), -1))
    step.result("Slice", step.names[0], step.ints(*last), step.ints(*before), step.ints(*dims), step.ints(*back))


@writes("roll")
def roll(step: Step) -> None:
    """The end before the start, dimension by dimension; of the flattened tensor without dimensions."""
    x, shape = step.names[0], step.x.shape
    turns = zip(step.attrs.shifts, step.attrs.dims, strict=True)
    for shift, dim in turns:
        size = shape[dim]
        if size and shift % size:
            cut = size - shift % size
            parts = step.sliced(x, dim, cut, size), step.sliced(x, dim, 0, cut)
            x = step.value("Concat", *parts, axis=dim)
    step.as_result(x)


@writes("repeat")
def repeat(step: Step) -> None:
    """Tile; new dimensions come first."""
    x, repeats = step.names[0], step.attrs.repeats
    missing = len(repeats) - len(step.x.shape)
    if missing > 0:
        x = step.reshaped(x, (*(1,) * missing, *step.x.shape))
    step.result("Tile", x, step.ints(*repeats))


@writes("repeat_interleave")
def repeat_interleave(step: Step) -> None:
    """Gather with every position several times."""
    dim = step.attrs.dim % len(step.x.shape)
    places = [at for at in range(step.x.shape[dim]) for _ in range(step.attrs.repeats)]
    step.result("Gather", step.names[0], step.ints(*places), axis=dim)


@writes("slice_scatter")
def slice_scatter(step: Step) -> None:
    """What comes before, the new part, what comes after; with larger steps, all slices written by position."""
    attrs, size = step.attrs, step.x.shape[step.attrs.dim]
    x, src = step.names[0], step.typed(1, step.x.dtype)
    start, stop, stride = slice(attrs.start, attrs.stop, attrs.step).indices(size)
    places = range(start, stop, stride)
    if stride == 1:
        parts = [src] if places else []
        if start > 0:
            parts.insert(0, step.sliced(x, attrs.dim, 0, start))
        if max(stop, start) < size:
            parts.append(step.sliced(x, attrs.dim, max(stop, start), size))
        step.result("Concat", *parts, axis=attrs.dim)
        return
    where = np.array(places, np.int64).reshape(-1, *(1,) * (len(step.x.shape) - attrs.dim - 1))
    at = step.value("Expand", step.constant(where), step.ints(*step.spec(1).shape))
    step.result("ScatterElements", x, at, src, axis=attrs.dim)


@writes("pixel_shuffle")
def pixel_shuffle(step: Step) -> None:
    """DepthToSpace; other ranks in a flattened batch."""
    *batch, channels, height, width = step.x.shape
    settings = {"blocksize": step.attrs.upscale_factor, "mode": "DCR" if step.attrs.blocks_first else "CRD"}
    if len(batch) == 1:
        step.result("DepthToSpace", *step.names, **settings)
        return
    flat = step.reshaped(step.names[0], (_count(batch), channels, height, width))
    moved = step.value("DepthToSpace", flat, **settings)
    step.result("Reshape", moved, step.ints(*step.y.shape))


@writes("pixel_unshuffle")
def pixel_unshuffle(step: Step) -> None:
    """Reshape, Transpose, Reshape: SpaceToDepth has no mode that puts the channels first."""
    *batch, channels, height, width = step.x.shape
    r = step.attrs.downscale_factor
    apart = step.reshaped(step.names[0], (_count(batch), channels, height // r, r, width // r, r))
    order = (0, 3, 5, 1, 2, 4) if step.attrs.blocks_first else (0, 1, 3, 5, 2, 4)
    step.result("Reshape", step.transposed(apart, order), step.ints(*step.y.shape))


@writes("channel_shuffle")
def channel_shuffle(step: Step) -> None:
    """Reshape, Transpose, Reshape."""
    n, channels, *sizes = step.x.shape
    groups = step.attrs.groups
    apart = step.reshaped(step.names[0], (n, groups, channels // groups, _count(sizes)))
    step.result("Reshape", step.transposed(apart, (0, 2, 1, 3)), step.ints(*step.y.shape))


@writes("diag_embed")
def diag_embed(step: Step) -> None:
    """One column padded with zeros, then moved on by one more in every row."""
    attrs, rank = step.attrs, len(step.y.shape)
    first, second = attrs.dim1 % rank, attrs.dim2 % rank
    rest = [size for at, size in enumerate(step.y.shape) if at not in (first, second)]
    size, count = step.y.shape[first], step.x.shape[-1]
    mask = np.eye(size, size, attrs.offset, dtype=bool)
    row, column = max(-attrs.offset, 0), max(attrs.offset, 0)
    pads = [0] * len(rest) + [row if size > count else 0] + [0] * len(rest) + [size - count - row]
    long = step.value("Pad", step.names[0], step.ints(*pads), step.scalar(0))
    rows = step.reshaped(long, (*rest, size, 1))
    made = step.value("Where", step.constant(mask), rows, step.scalar(0))
    assert row == 0 or column == 0
    places = iter(range(len(rest)))
    order = [len(rest) if at == first else len(rest) + 1 if at == second else next(places) for at in range(rank)]
    step.result("Transpose", made, perm=order)


@writes("diagonal_scatter")
def diagonal_scatter(step: Step) -> None:
    """Elements written into the flattened matrices by position."""
    attrs, rank = step.attrs, len(step.x.shape)
    first, second = attrs.dim1 % rank, attrs.dim2 % rank
    rest = [dim for dim in range(rank) if dim not in (first, second)]
    order = [*rest, first, second]
    rows, columns = step.x.shape[first], step.x.shape[second]
    batch = tuple(step.x.shape[dim] for dim in rest)
    flat = step.reshaped(step.transposed(step.names[0], order), (*batch, rows * columns))
    count = step.spec(1).shape[-1]
    start = attrs.offset if attrs.offset >= 0 else -attrs.offset * columns
    places = np.array([start + at * (columns + 1) for at in range(count)], np.int64)
    at = step.value("Expand", step.constant(places), step.ints(*batch, count))
    written = step.value("ScatterElements", flat, at, step.typed(1, step.x.dtype), axis=len(rest))
    back = step.reshaped(written, (*batch, rows, columns))
    step.result("Transpose", back, perm=[order.index(at) for at in range(rank)])


def _count(sizes: list[int]) -> int:
    count = 1
    for size in sizes:
        count *= size
    return count


@writes("tril", "triu")
def triangle(step: Step) -> None:
    """Trilu."""
    diagonal = step.scalar(step.attrs.diagonal, "int64")
    step.result("Trilu", step.names[0], diagonal, upper=int(step.node.op == "triu"))
