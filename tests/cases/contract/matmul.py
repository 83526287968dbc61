import hypothesis.strategies as st
from hypothesis.strategies import DrawFn

from cases.draws import Case, normal, shapes
from netweight.ops.contract.einsum import EinsumAttrs


@st.composite
def matmul_cases(draw: DrawFn) -> Case:
    """Vectors and matrices on either side, batch dimensions left out or stretched on either side."""
    batch = draw(shapes(0, 2, 3))
    m, k, n = (draw(st.integers(1, 3)) for _ in range(3))
    a = draw(st.sampled_from([(k,), (*_shrunk(draw, batch), m, k)]))
    b = draw(st.sampled_from([(k,), (*_shrunk(draw, batch), k, n)]))
    return None, (normal(draw, *a), normal(draw, *b))


def _shrunk(draw: DrawFn, batch: tuple[int, ...]) -> tuple[int, ...]:
    """The batch dimensions without some of the first, and 1 in the place of others."""
    return tuple(draw(st.sampled_from([1, size])) for size in batch[draw(st.integers(0, len(batch))) :])


@st.composite
def einsum_cases(draw: DrawFn) -> Case:
    """One to three tensors with letters at random: shared, alone, twice in one tensor, kept or summed."""
    letters = "ijkl"
    sizes = {letter: draw(st.integers(1, 3)) for letter in letters}
    term = st.text(letters, min_size=0, max_size=3)
    terms = draw(st.lists(term, min_size=1, max_size=3))
    used = sorted(set("".join(terms)))
    result = "".join(draw(st.permutations(used))[: draw(st.integers(0, len(used)))])
    xs = tuple(normal(draw, *(sizes[letter] for letter in term)) for term in terms)
    return EinsumAttrs(equation=f"{','.join(terms)}->{result}"), xs


CASES = {"matmul": matmul_cases(), "einsum": einsum_cases()}
LINEAR = ["matmul", "einsum"]
