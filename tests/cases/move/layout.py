import hypothesis.strategies as st
from hypothesis.strategies import DrawFn

from cases.draws import Case, generator, normal, shapes
from netweight.ops.move.layout import ExpandAttrs, PermuteAttrs, ReshapeAttrs
from netweight.ops.move.places import GatherAttrs
from netweight.ops.move.rearrange import FlipAttrs, PadAttrs, RepeatAttrs, RollAttrs
from netweight.ops.move.slicing import ConcatAttrs, SliceAttrs, SplitAttrs


@st.composite
def reshape_cases(draw: DrawFn) -> Case:
    shape = draw(shapes())
    new = [*draw(st.permutations(shape))]
    if draw(st.booleans()):
        new[draw(st.integers(0, len(new) - 1))] = -1
    return ReshapeAttrs(shape=tuple(new)), (normal(draw, *shape),)


@st.composite
def permute_cases(draw: DrawFn) -> Case:
    shape = draw(shapes(0, 4))
    return PermuteAttrs(order=tuple(draw(st.permutations(range(len(shape)))))), (normal(draw, *shape),)


@st.composite
def expand_cases(draw: DrawFn) -> Case:
    shape = draw(shapes(0, 3))
    stretched = tuple(draw(st.integers(1, 3)) if size == 1 else size for size in shape)
    return ExpandAttrs(shape=draw(shapes(0, 2, 3)) + stretched), (normal(draw, *shape),)


@st.composite
def slice_cases(draw: DrawFn) -> Case:
    shape = draw(shapes(max_side=6))
    dim = draw(st.integers(0, len(shape) - 1))
    start = draw(st.integers(0, shape[dim] - 1))
    stop = draw(st.integers(start + 1, shape[dim]))
    return SliceAttrs(dim=dim, start=start, stop=stop, step=draw(st.integers(1, 3))), (normal(draw, *shape),)


@st.composite
def split_cases(draw: DrawFn) -> Case:
    sizes = draw(shapes(1, 3))
    shape = [*draw(shapes())]
    dim = draw(st.integers(0, len(shape) - 1))
    shape[dim] = sum(sizes)
    return SplitAttrs(sizes=sizes, dim=dim), (normal(draw, *shape),)


@st.composite
def concat_cases(draw: DrawFn) -> Case:
    shape = draw(shapes())
    dim = draw(st.integers(0, len(shape) - 1))
    sizes = draw(shapes(1, 3))
    return ConcatAttrs(dim=dim), tuple(normal(draw, *shape[:dim], size, *shape[dim + 1 :]) for size in sizes)


@st.composite
def pad_cases(draw: DrawFn) -> Case:
    """Every mode; with zeros a side may be cropped as long as something is left."""
    shape = draw(shapes(max_side=5))
    mode = draw(st.sampled_from(["zeros", "reflect", "replicate", "circular"]))
    value = draw(st.sampled_from([0.0, -1.5]))
    padding = []
    for size in shape:
        low = -((size - 1) // 2) if mode == "zeros" else 0
        high = min(3, size + {"reflect": -1, "circular": 0}.get(mode, 3))
        padding.append((draw(st.integers(low, high)), draw(st.integers(low, high))))
    return PadAttrs(padding=tuple(padding), mode=mode, value=value), (normal(draw, *shape),)


@st.composite
def roll_cases(draw: DrawFn) -> Case:
    shape = draw(shapes())
    dims = tuple(draw(st.permutations(range(len(shape)))))[: draw(st.integers(1, len(shape)))]
    return RollAttrs(shifts=tuple(draw(st.integers(-5, 5)) for _ in dims), dims=dims), (normal(draw, *shape),)


@st.composite
def flip_cases(draw: DrawFn) -> Case:
    attrs, inputs = draw(roll_cases())
    return FlipAttrs(dims=attrs.dims), inputs


@st.composite
def repeat_cases(draw: DrawFn) -> Case:
    shape = draw(shapes(0, 3, 3))
    repeats = (*draw(shapes(0, 2, 3)), *(draw(st.integers(1, 3)) for _ in shape))
    return RepeatAttrs(repeats=repeats), (normal(draw, *shape),)


@st.composite
def gather_cases(draw: DrawFn) -> Case:
    """The index is smaller than x in places, and longer or shorter along its dimension."""
    shape = draw(shapes())
    dim = draw(st.integers(0, len(shape) - 1))
    sizes = tuple(draw(st.integers(1, 5 if d == dim else size)) for d, size in enumerate(shape))
    index = generator(draw).integers(0, shape[dim], sizes)
    return GatherAttrs(dim=dim), (normal(draw, *shape), index)


@st.composite
def index_select_cases(draw: DrawFn) -> Case:
    shape = draw(shapes())
    dim = draw(st.integers(0, len(shape) - 1))
    index = generator(draw).integers(0, shape[dim], draw(st.integers(1, 5)))
    return GatherAttrs(dim=dim), (normal(draw, *shape), index)


CASES = {
    "reshape": reshape_cases(),
    "permute": permute_cases(),
    "expand": expand_cases(),
    "slice": slice_cases(),
    "split": split_cases(),
    "concat": concat_cases(),
    "pad": pad_cases(),
    "roll": roll_cases(),
    "flip": flip_cases(),
    "repeat": repeat_cases(),
    "gather": gather_cases(),
    "index_select": index_select_cases(),
}
LINEAR = ["reshape", "permute", "expand", "slice", "split", "roll", "flip", "repeat", "gather", "index_select"]
