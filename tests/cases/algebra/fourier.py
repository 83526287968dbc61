import hypothesis.strategies as st
from hypothesis.strategies import DrawFn

from cases.draws import Case, normal, shapes
from netweight.ops.algebra.fourier import FftAttrs, RfftAttrs
from netweight.ops.algebra.fourier_real import IrfftAttrs

NORMS = st.sampled_from(["backward", "forward", "ortho"])


@st.composite
def some_dims(draw: DrawFn, rank: int) -> tuple[int, ...]:
    return tuple(draw(st.permutations(range(rank)))[: draw(st.integers(1, min(rank, 3)))])


@st.composite
def fft_cases(draw: DrawFn) -> Case:
    """Of real and complex numbers."""
    shape = draw(shapes(1, 3, 6))
    attrs = FftAttrs(dims=draw(some_dims(len(shape))), norm=draw(NORMS), inverse=draw(st.booleans()))
    x = normal(draw, *shape)
    return attrs, (x + 1j * normal(draw, *shape) if draw(st.booleans()) else x,)


@st.composite
def rfft_cases(draw: DrawFn) -> Case:
    shape = draw(shapes(1, 3, 6))
    return RfftAttrs(dims=draw(some_dims(len(shape))), norm=draw(NORMS)), (normal(draw, *shape),)


@st.composite
def irfft_cases(draw: DrawFn) -> Case:
    shape = [*draw(shapes(1, 3, 6))]
    dims = draw(some_dims(len(shape)))
    size = draw(st.integers(1, 7))
    shape[dims[-1]] = size // 2 + 1
    attrs = IrfftAttrs(dims=dims, norm=draw(NORMS), size=size)
    return attrs, (normal(draw, *shape) + 1j * normal(draw, *shape),)


CASES = {"fft": fft_cases(), "rfft": rfft_cases(), "irfft": irfft_cases()}
LINEAR = ["fft", "rfft", "irfft"]
