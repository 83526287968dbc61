import hypothesis.strategies as st
from hypothesis.strategies import DrawFn

from cases.draws import Case, generator, normal, shapes
from netweight.ops.move.sequences import ReverseSequenceAttrs, WriteSequenceAttrs


@st.composite
def reverse_sequence_cases(draw: DrawFn) -> Case:
    """Any two dimensions in either order, lengths from 0 to all steps."""
    shape = draw(shapes(2, 4))
    dim, batch_dim = draw(st.permutations(range(len(shape))))[:2]
    lengths = generator(draw).integers(0, shape[dim] + 1, shape[batch_dim])
    return ReverseSequenceAttrs(dim=dim, batch_dim=batch_dim), (normal(draw, *shape), lengths)


@st.composite
def write_sequence_cases(draw: DrawFn) -> Case:
    """With and without a start, round the end or not."""
    shape = draw(shapes(2, 4))
    dim = draw(st.integers(1, len(shape) - 1))
    steps = draw(st.integers(1, shape[dim]))
    circular = draw(st.booleans())
    start = generator(draw).integers(0, shape[dim] if circular else shape[dim] - steps + 1, shape[0])
    src = normal(draw, *shape[:dim], steps, *shape[dim + 1 :])
    attrs = WriteSequenceAttrs(dim=dim, circular=circular)
    return attrs, (normal(draw, *shape), src, start if draw(st.booleans()) else None)


CASES = {"reverse_sequence": reverse_sequence_cases(), "write_sequence": write_sequence_cases()}
LINEAR = ["reverse_sequence"]
