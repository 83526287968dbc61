import hypothesis.strategies as st
from hypothesis.strategies import DrawFn

from cases.draws import Case, normal, shapes
from netweight.ops.move.diagonals import StridedViewAttrs
from netweight.ops.move.triangle import DiagonalAttrs


def _diagonal(draw: DrawFn, rank: int, offset: int) -> DiagonalAttrs:
    first, second = draw(st.permutations(range(rank)))[:2]
    return DiagonalAttrs(offset=offset, dim1=first, dim2=second)


@st.composite
def diag_embed_cases(draw: DrawFn) -> Case:
    shape = draw(shapes(1, 3))
    return _diagonal(draw, len(shape) + 1, draw(st.integers(-2, 2))), (normal(draw, *shape),)


@st.composite
def diagonal_scatter_cases(draw: DrawFn) -> Case:
    x = normal(draw, *draw(shapes(2, 4)))
    attrs = _diagonal(draw, x.ndim, 0)
    rows, columns = x.shape[attrs.dim1], x.shape[attrs.dim2]
    offset = draw(st.integers(1 - rows, columns - 1))
    attrs = DiagonalAttrs(offset=offset, dim1=attrs.dim1, dim2=attrs.dim2)
    return attrs, (x, normal(draw, *x.diagonal(offset, attrs.dim1, attrs.dim2).shape))


@st.composite
def strided_view_cases(draw: DrawFn) -> Case:
    size = draw(shapes(0, 3, 3))
    stride = tuple(draw(st.integers(0, 4)) for _ in size)
    offset = draw(st.integers(0, 3))
    needed = offset + sum((length - 1) * step for length, step in zip(size, stride, strict=True)) + 1
    rows = draw(st.integers(1, 3))
    attrs = StridedViewAttrs(size=size, stride=stride, offset=offset)
    return attrs, (normal(draw, rows, -(-needed // rows) + draw(st.integers(0, 2))),)


CASES = {
    "diag_embed": diag_embed_cases(),
    "diagonal_scatter": diagonal_scatter_cases(),
    "strided_view": strided_view_cases(),
}
LINEAR = ["diag_embed", "strided_view"]
