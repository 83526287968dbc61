import hypothesis.strategies as st
from hypothesis.strategies import DrawFn

from cases.draws import Case, generator, shapes
from netweight.ops.order.ngrams import NgramCountsAttrs


@st.composite
def ngram_cases(draw: DrawFn) -> Case:
    """N-grams of up to three of three numbers, so that some are found; several may share a place."""
    ngrams = draw(st.lists(st.lists(st.integers(0, 2), min_size=1, max_size=3).map(tuple), max_size=6, unique=True))
    size = draw(st.integers(1, 5))
    attrs = NgramCountsAttrs(
        ngrams=tuple(ngrams),
        places=tuple(draw(st.integers(0, size - 1)) for _ in ngrams),
        size=size,
        max_skips=draw(st.integers(0, 2)),
        presence=draw(st.booleans()),
        weights=tuple(draw(st.sampled_from([0.5, 1.0, -2.0])) for _ in range(size)) if draw(st.booleans()) else (),
    )
    return attrs, (generator(draw).integers(0, 3, draw(shapes(max_dims=2, max_side=6))),)


CASES = {"ngram_counts": ngram_cases()}
