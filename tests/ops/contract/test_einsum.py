import numpy as np
import pytest

from netweight.count import formula
from netweight.errors import ShapeError
from netweight.ir import TensorSpec
from netweight.ops.contract.einsum import (
    EinsumAttrs,
    canonical_equation,
    einsum_cost,
    einsum_extent,
    einsum_forward,
    einsum_shape,
)
from netweight.ops.extent import Mixes, Permutes
from netweight.ops.table import FREE, Cost


def cost(equation: str, *shapes: tuple[int, ...]) -> Cost:
    return einsum_cost(EinsumAttrs(equation=equation), *map(TensorSpec, shapes))


@pytest.mark.parametrize(
    ("equation", "ranks", "expected"),
    [
        ("ij, jk -> ik", (2, 2), "ij,jk->ik"),
        ("ij,jk", (2, 2), "ij,jk->ik"),
        ("ba", (2,), "ba->ab"),  # letters that stand once, in alphabetical order
        ("ii", (2,), "ii->"),
        ("...ij,...jk->...ik", (4, 3), "abij,bjk->abik"),
        ("i...,...->i...", (3, 1), "iab,b->iab"),
        ("...i", (3,), "abi->abi"),
        ("a...->...", (3,), "abc->bc"),
    ],
)
def test_equations_are_written_out(equation: str, ranks: tuple[int, ...], expected: str) -> None:
    assert canonical_equation(equation, ranks) == expected


@pytest.mark.parametrize("equation", ["ij,jk", "...i,...i", "...a,b...->b...", "i,j", "Ab,b"])
def test_written_out_means_the_same_to_numpy(equation: str) -> None:
    xs = [np.random.default_rng(0).standard_normal((3,) * 2) for _ in range(2)]
    terms = equation.partition("->")[0].split(",")
    xs = [x if len(t.replace("...", "")) == 2 or "..." in t else x[0] for x, t in zip(xs, terms, strict=True)]
    written = canonical_equation(equation, [x.ndim for x in xs])
    np.testing.assert_allclose(np.einsum(written, *xs), np.einsum(equation, *xs))


def test_scores_of_attention_cost_what_the_formula_says() -> None:
    macs = cost("bhqe,bhke->bhqk", (2, 4, 5, 8), (2, 4, 6, 8)).macs
    assert macs == 2 * 4 * 5 * 8 * 6 == 1_920
    assert formula(macs) == "2 * 4 * 5 * 8 * 6"


def test_a_product_without_a_sum_is_no_mac() -> None:
    assert cost("i,j->ij", (3,), (5,)) == Cost(muls=3 * 5)
    assert cost("i,j->i", (3,), (5,)) == Cost(macs=3 * 5)


def test_one_tensor_costs_its_sums_and_nothing_when_rearranged() -> None:
    assert cost("ij->i", (3, 5)) == Cost(adds=3 * 5)
    assert cost("ii->", (3, 3)) == Cost(adds=3)
    assert cost("ij->ji", (3, 5)) == cost("ii->i", (3, 3)) == FREE


def test_several_tensors_are_contracted_in_pairs_from_the_left() -> None:
    assert cost("ij,jk,kl->il", (2, 3), (3, 4), (4, 5)) == Cost(macs=2 * 3 * 4 + 2 * 4 * 5)
    # j is needed later, so the first pair only multiplies: i j; then j is summed.
    assert cost("ij,j,jk->ik", (2, 3), (3,), (3, 4)) == Cost(muls=2 * 3, macs=2 * 3 * 4)


@pytest.mark.parametrize(
    ("equation", "expected"),
    [
        ("nchw->nhwc", Permutes((0, 2, 3, 1))),
        ("bld,df->blf", Mixes((-1,))),  # the weight has no samples
        ("bhqk,bhkd->bhqd", Mixes((-2, -1))),
        ("bchw->bc", Mixes((-4, -3, -2, -1))),
        ("ij,ij->", Mixes((-2, -1))),
    ],
)
def test_extent(equation: str, expected: object) -> None:
    assert einsum_extent(EinsumAttrs(equation=equation)) == expected


@pytest.mark.parametrize(
    ("equation", "message"),
    [
        ("ij,jk", r"explicit equation such as 'ij,jk->ik', got 'ij,jk'"),
        ("...j,jk->...k", r"explicit equation"),
        ("ij,jk->ikk", r"each letter of the result once and in some tensor, got 'ij,jk->ikk'"),
        ("ij,jk->il", r"each letter of the result once and in some tensor, got 'ij,jk->il'"),
        ("ij,j->i", r"tensors of as many dimensions as 'ij,j->i' says, got \(2, 3\), \(3, 4\)"),
        ("ij->i", r"tensors of as many dimensions"),
        ("ij,ik->jk", r"one size for 'i' in 'ij,ik->jk', got 2, 3"),
    ],
)
def test_errors_name_what_was_expected_and_what_came(equation: str, message: str) -> None:
    with pytest.raises(ShapeError, match=message):
        einsum_shape(EinsumAttrs(equation=equation), TensorSpec((2, 3)), TensorSpec((3, 4)))


@pytest.mark.parametrize(
    ("equation", "message"),
    [
        ("ij->i", r"one term per tensor, got 'ij->i' for 2"),
        ("ijk...,...->...", r"as many letters as dimensions, got 'ijk\.\.\.,\.\.\.->\.\.\.' for \(2, 2\)"),
        ("i!,jk->ik", r"explicit equation such as .*, got 'i!,jk->ik'"),
        ("i..,jk->ik", r"explicit equation"),
    ],
)
def test_equations_that_are_none_are_refused(equation: str, message: str) -> None:
    with pytest.raises(ShapeError, match=message):
        canonical_equation(equation, (2, 2))


def test_what_numpy_cannot_sum_is_summed_in_single_precision() -> None:
    """257 ones are 257 in float32, and 256 in bfloat16, which has no 257."""
    ml_dtypes = pytest.importorskip("ml_dtypes")
    ones = np.ones((1, 257), ml_dtypes.bfloat16)
    for y in (
        einsum_forward(EinsumAttrs(equation="ij->i"), ones),
        einsum_forward(EinsumAttrs(equation="ij,ij->i"), ones, ones),
    ):
        assert y.dtype == ml_dtypes.bfloat16
        np.testing.assert_array_equal(y.astype(np.float32), [256])
