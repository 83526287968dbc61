import hypothesis.strategies as st
from hypothesis import assume
from hypothesis.strategies import DrawFn

from cases.draws import Case, normal, shapes
from netweight.errors import ShapeError
from netweight.ir import TensorSpec
from netweight.ops.window.unfold import FoldAttrs, UnfoldAttrs, WindowViewAttrs, unfold_shape


@st.composite
def unfold_cases(draw: DrawFn) -> Case:
    """One to three spatial dimensions, asymmetric padding, everything crossed."""
    n = draw(st.integers(1, 3))
    kernel_size, stride, dilation = (tuple(draw(st.integers(1, 3)) for _ in range(n)) for _ in range(3))
    padding = tuple((draw(st.integers(0, 2)), draw(st.integers(0, 2))) for _ in range(n))
    attrs = UnfoldAttrs(kernel_size=kernel_size, stride=stride, padding=padding, dilation=dilation)
    shape = (draw(st.integers(1, 2)), draw(st.integers(1, 3)), *(draw(st.integers(1, 6)) for _ in range(n)))
    try:
        unfold_shape(attrs, TensorSpec(shape))
    except ShapeError:
        assume(condition=False)  # the window does not fit
    return attrs, (normal(draw, *shape),)


@st.composite
def fold_cases(draw: DrawFn) -> Case:
    attrs, (plane,) = draw(unfold_cases())
    windows = unfold_shape(attrs, TensorSpec(plane.shape)).shape
    settings = {name: getattr(attrs, name) for name in ("kernel_size", "stride", "padding", "dilation")}
    return FoldAttrs(output_size=plane.shape[2:], **settings), (normal(draw, *windows),)


@st.composite
def window_view_cases(draw: DrawFn) -> Case:
    shape = draw(shapes(max_side=6))
    dim = draw(st.integers(0, len(shape) - 1))
    size = draw(st.integers(1, shape[dim]))
    return WindowViewAttrs(dim=dim, size=size, step=draw(st.integers(1, 4))), (normal(draw, *shape),)


CASES = {"unfold": unfold_cases(), "fold": fold_cases(), "window_view": window_view_cases()}
BATCHED = {"unfold": ("x",), "fold": ("x",)}
LINEAR = ["unfold", "fold", "window_view"]
