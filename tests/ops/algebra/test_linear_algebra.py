from typing import Any

import numpy as np
import pytest

from netweight import build, run
from netweight.errors import ShapeError, UsageError
from netweight.ir import TensorSpec
from netweight.ops import REGISTRY, Cost
from netweight.ops.algebra.linear_algebra import TriangularAttrs
from netweight.ops.algebra.spectral import EighAttrs, QrAttrs, SvdAttrs
from netweight.ops.move.diagonals import StridedViewAttrs
from netweight.ops.move.scatter import ScatterReduceAttrs
from netweight.ops.move.triangle import DiagonalAttrs
from netweight.ops.order.order_statistics import KthvalueAttrs, SearchsortedAttrs
from netweight.ops.order.sort import PickAttrs
from netweight.ops.random.draw import RandomAttrs

SQUARE = TensorSpec((2, 3, 3))


def cost(name: str, attrs: Any, *specs: TensorSpec) -> Cost:
    return REGISTRY[name].cost(attrs, *specs)


def test_elimination_and_substitution_count_what_loops_do() -> None:
    """Gaussian elimination of a random matrix, every operation counted as it is done."""
    n, sides = 4, 2
    rng = np.random.default_rng(0)
    a, b = rng.standard_normal((n, n)) + 4 * np.eye(n), rng.standard_normal((n, sides))
    expected = np.linalg.solve(a, b)
    divs = muls = 0
    for k in range(n):
        for i in range(k + 1, n):
            factor = a[i, k] / a[k, k]
            divs += 1
            for j in range(k + 1, n):
                a[i, j] -= factor * a[k, j]
                muls += 1
            for j in range(sides):
                b[i, j] -= factor * b[k, j]
                muls += 1
    for i in reversed(range(n)):
        for j in range(sides):
            for k in range(i + 1, n):
                b[i, j] -= a[i, k] * b[k, j]
                muls += 1
            b[i, j] /= a[i, i]
            divs += 1
    np.testing.assert_allclose(b, expected)
    found = cost("solve", None, TensorSpec((n, n)), TensorSpec((n, sides)))
    assert found == Cost(divs=divs, muls=muls, adds=muls)


def test_cholesky_counts_what_loops_do() -> None:
    n = 4
    x = np.random.default_rng(0).standard_normal((n, n))
    x = x @ x.T + np.eye(n)
    factor = np.zeros((n, n))
    sqrts = divs = muls = 0
    for j in range(n):
        for i in range(j, n):
            rest = x[i, j]
            for k in range(j):
                rest -= factor[i, k] * factor[j, k]
                muls += 1
            if i == j:
                factor[i, j] = np.sqrt(rest)
                sqrts += 1
            else:
                factor[i, j] = rest / factor[j, j]
                divs += 1
    np.testing.assert_allclose(factor, np.linalg.cholesky(x))
    assert cost("cholesky", None, TensorSpec((n, n))) == Cost(sqrts=sqrts, divs=divs, muls=muls, adds=muls)


def test_costs_of_two_matrices_of_three_rows() -> None:
    # Elimination: 3 divisions, 2 * 3 * 5 / 6 = 5 products and differences; the determinant 2 products more.
    assert cost("det", None, SQUARE) == Cost(divs=2 * 3, muls=2 * (5 + 2), adds=2 * 5)
    assert cost("slogdet", None, SQUARE) == Cost(divs=2 * 3, muls=2 * 5, adds=2 * (5 + 2), logs=2 * 3, compares=2 * 6)
    assert cost("inverse", None, SQUARE) == Cost(muls=2 * 27, adds=2 * (27 - 18 + 3))
    attrs = TriangularAttrs(upper=True, unitriangular=True)
    assert cost("solve_triangular", attrs, SQUARE, TensorSpec((2, 3, 5))) == Cost(muls=2 * 5 * 3, adds=2 * 5 * 3)


def test_costs_of_decompositions() -> None:
    # One reflection of 2 rows: its length, then one column of r and one of q: dot, scale and update each.
    assert cost("qr", QrAttrs(), TensorSpec((2, 1))) == Cost(muls=2 + 5, adds=2 + 3, divs=2, sqrts=1)
    assert cost("eigh", EighAttrs(), TensorSpec((4, 4))) == Cost(muls=9 * 64 // 2, adds=9 * 64 // 2)
    assert cost("eigvalsh", EighAttrs(), TensorSpec((3, 3))) == Cost(muls=18, adds=18)  # 4 * 27 / 3 = 36
    half = 7 * 6 * 16 + 4 * 64  # of 14 m n² + 8 n³
    for shape in ((6, 4), (4, 6)):
        assert cost("svd", SvdAttrs(), TensorSpec(shape)) == Cost(muls=half, adds=half)
    total = 4 * 36 * 4 + 8 * 6 * 16 + 9 * 64
    assert cost("svd", SvdAttrs(full=True), TensorSpec((6, 4))) == Cost(muls=total // 2, adds=total // 2)
    assert cost("svdvals", None, TensorSpec((6, 3))) == Cost(muls=2 * 6 * 9 - 18, adds=2 * 6 * 9 - 18)


def test_decompositions_give_back_the_matrix() -> None:
    x = np.random.default_rng(0).standard_normal((2, 5, 3))
    q, r = REGISTRY["qr"].forward(QrAttrs(complete=True), x)
    np.testing.assert_allclose(q @ r, x)
    u, s, vh = REGISTRY["svd"].forward(SvdAttrs(), x)
    np.testing.assert_allclose(u * s[:, None] @ vh, x)
    square = x.swapaxes(1, 2) @ x
    values, vectors = REGISTRY["eigh"].forward(EighAttrs(), square)
    np.testing.assert_allclose(vectors * values[:, None] @ vectors.swapaxes(1, 2), square)


def test_gradient_of_eigenvalues_and_vectors_is_pytorchs() -> None:
    """Of a function that does not care for the signs of the vectors."""
    torch = pytest.importorskip("torch")
    x = np.random.default_rng(0).standard_normal((2, 4, 4))
    x = x + x.swapaxes(1, 2)
    values, vectors = REGISTRY["eigh"].forward(EighAttrs(), x)
    theirs = torch.from_numpy(x).requires_grad_()
    w, v = torch.linalg.eigh(theirs)
    (w.exp().sum() + (v**4).sum()).backward()
    (ours,) = REGISTRY["eigh"].backward(EighAttrs(), (np.exp(values), 4 * vectors**3), x, y=values, y1=vectors)
    np.testing.assert_allclose(ours, theirs.grad.numpy(), atol=1e-9)


@pytest.mark.parametrize("shape", [(2, 4, 3), (2, 3, 4), (3, 3)])
@pytest.mark.parametrize("name", ["qr", "svd"])
def test_gradients_of_decompositions_are_pytorchs(name: str, shape: tuple[int, ...]) -> None:
    """Of a function that does not care for signs."""
    torch = pytest.importorskip("torch")
    x = np.random.default_rng(0).standard_normal(shape)
    attrs = QrAttrs() if name == "qr" else SvdAttrs()
    outputs = REGISTRY[name].forward(attrs, x)
    theirs = torch.from_numpy(x).requires_grad_()
    found = torch.linalg.qr(theirs) if name == "qr" else torch.linalg.svd(theirs, full_matrices=False)
    sum((part**4).sum() for part in found).backward()
    saved = {f"y{at or ''}": output for at, output in enumerate(outputs)}
    (ours,) = REGISTRY[name].backward(attrs, tuple(4 * part**3 for part in outputs), x, **saved)
    np.testing.assert_allclose(ours, theirs.grad.numpy(), atol=1e-8)


def test_costs_by_rank() -> None:
    # The third of nine, from the end that is nearer: n - 3 + ceil(log2 8) + ceil(log2 9) = 6 + 3 + 4.
    for k in (3, 7):
        assert cost("kthvalue", KthvalueAttrs(k=k, dim=0), TensorSpec((9, 2))) == Cost(compares=2 * 13)
    assert cost("searchsorted", SearchsortedAttrs(), TensorSpec((7,)), TensorSpec((5,))) == Cost(compares=5 * 3)
    attrs = ScatterReduceAttrs(dim=0, reduce="mean")
    places = TensorSpec((2, 3), "int64")
    assert cost("scatter_reduce", attrs, TensorSpec((4, 3)), places, TensorSpec((2, 3))) == Cost(adds=6 + 6, divs=12)


def test_mode_is_the_most_frequent_and_the_smallest_of_those() -> None:
    values, indices = REGISTRY["mode"].forward(PickAttrs(dim=0), np.array([3, 1, 3, 1, 2]))
    assert (values, indices) == (1, 3)


def test_random_numbers_are_as_distributed() -> None:
    rng = np.random.default_rng(0)
    for kind, first, second, mean in [
        ("uniform", 2, 4, 3),
        ("normal", 5, 1, 5),
        ("integers", 0, 9, 4),
        ("exponential", 4, 0, 0.25),
        ("log_normal", 0, 1, np.exp(0.5)),
        ("geometric", 0.25, 0, 4),
    ]:
        attrs = RandomAttrs(shape=(200, 200), distribution=kind, first=first, second=second, dtype="float64")
        assert REGISTRY["random"].forward(attrs, rng=rng).mean() == pytest.approx(mean, rel=0.05)
    attrs = RandomAttrs(shape=(200, 200), distribution="cauchy", first=1, second=2)
    assert np.median(REGISTRY["random"].forward(attrs, rng=rng)) == pytest.approx(1, abs=0.1)


def test_builders() -> None:
    def network(x: build.Symbol) -> tuple[build.Symbol, ...]:
        square = build.matmul(x, build.transpose(x, 1, 2))
        tall = build.qr(x, "complete")
        z = build.view_as_complex(build.as_strided(x, (4, 2), (2, 1)))
        return (
            build.cholesky(square), build.inv(square), build.det(square), *build.slogdet(square),
            build.solve(square, x), build.solve_triangular(square, x, upper=True), *tall, *build.eigh(square, "U"),
            build.eigvalsh(square), *build.svd(x, full_matrices=False), build.svdvals(x), build.diag_embed(x),
            build.diagonal_scatter(square, build.diagonal(square, 1, 1, 2), 1, 1, 2), build.complex(x, x),
            *build.kthvalue(x, 2), *build.mode(x, 1), *build.cummax(x, 1), *build.cummin(x, -1),
            build.logcumsumexp(x, 1), build.searchsorted(build.sort(x)[0], x), build.conj(z), build.view_as_real(z),
            build.asinh(x), build.acosh(x), build.atanh(x), build.copysign(x, x),
            build.rand_like(x), build.randn_like(x),
            build.masked_scatter(x, build.gt(x, x), x),
            build.scatter_reduce(x, 1, build.argsort(x, 1), x, "amax"),
        )  # fmt: skip

    graph = build.graph(network, (2, 3, 5))
    x = np.random.default_rng(0).standard_normal((2, 3, 5)).astype(np.float32)
    with np.errstate(invalid="ignore"):
        results = run(graph, {graph.inputs[0]: x}, {}).outputs
    assert all(results[name].shape == graph.values[name].spec.shape for name in graph.outputs)


MATRIX = TensorSpec((2, 3))
REFUSED: list[tuple[str, Any, tuple[TensorSpec, ...], str]] = [
    ("cholesky", None, (MATRIX,), r"cholesky: expected square matrices \(..., n, n\), got \(2, 3\)"),
    ("inverse", None, (MATRIX,), "inverse: expected square"),
    ("det", None, (MATRIX,), "det: expected square"),
    ("slogdet", None, (TensorSpec((3,)),), "slogdet: expected square"),
    ("eigh", EighAttrs(), (MATRIX,), "eigh: expected square"),
    ("eigvalsh", EighAttrs(), (MATRIX,), "eigvalsh: expected square"),
    ("solve", None, (SQUARE, MATRIX), r"solve: expected b of shape \(2, 3, 'k'\), got \(2, 3\)"),
    ("solve_triangular", TriangularAttrs(upper=True), (SQUARE, MATRIX), "solve_triangular: expected b"),
    ("qr", QrAttrs(), (TensorSpec((3,)),), r"qr: expected matrices \(..., m, n\), got \(3,\)"),
    ("svd", SvdAttrs(), (TensorSpec((3,)),), "svd: expected matrices"),
    ("svdvals", None, (TensorSpec((3,)),), "svdvals: expected matrices"),
    ("diag_embed", DiagonalAttrs(dim1=1, dim2=1), (MATRIX,), "diag_embed: expected x with a dimension, and two diff"),
    ("diagonal_scatter", DiagonalAttrs(), (SQUARE, MATRIX), r"expected src .* \(3, 2\), got \(2, 3\)"),
    ("strided_view", StridedViewAttrs(size=(2, 2), stride=(1,)), (MATRIX,), "strided_view: expected a stride for each"),
    ("strided_view", StridedViewAttrs(size=(2, 4), stride=(3, 1)), (MATRIX,), "expected elements 0 to 5, got 6"),
    ("kthvalue", KthvalueAttrs(k=4, dim=1), (MATRIX,), r"kthvalue: expected 1 <= k <= 3, got 4 for shape \(2, 3\)"),
    ("mode", PickAttrs(dim=0), (TensorSpec((0, 2)),), "mode: expected at least one element along dim 0"),
    ("searchsorted", SearchsortedAttrs(), (SQUARE, MATRIX), r"searchsorted: expected \(n,\) or one row for each of x"),
    ("searchsorted", SearchsortedAttrs(), (TensorSpec(()), MATRIX), "searchsorted: expected"),
    ("random", RandomAttrs(shape=(-1,)), (), r"random: expected sizes of at least 0, got \(-1,\)"),
    ("random", RandomAttrs(shape=(1,), distribution="dice"), (), "expected distribution 'uniform'.*, got 'dice'"),
    ("conj", None, (MATRIX,), "conj: expected complex numbers, got float32"),
    ("view_as_real", None, (MATRIX,), "view_as_real: expected complex numbers, got float32"),
    ("view_as_complex", None, (MATRIX,), r"view_as_complex: expected real numbers of shape \(..., 2\), got float32 of"),
    (
        "scatter_reduce", ScatterReduceAttrs(dim=0, reduce="xor"),
        (MATRIX, TensorSpec((2, 3), "int64"), MATRIX), "scatter_reduce: expected reduce 'sum', .*, got 'xor'",
    ),
]  # fmt: skip


@pytest.mark.parametrize(("name", "attrs", "specs", "message"), REFUSED)
def test_refused(name: str, attrs: Any, specs: tuple[TensorSpec, ...], message: str) -> None:
    with pytest.raises(ShapeError, match=message):
        REGISTRY[name].shape(attrs, *specs)


def test_a_source_that_is_too_short() -> None:
    with pytest.raises(UsageError, match="masked_scatter: expected a source of at least 2 elements, got 1"):
        REGISTRY["masked_scatter"].forward(None, np.zeros(2), np.array([True, True]), np.zeros(1))


@pytest.mark.parametrize(("name", "attrs"), [("solve", None), ("solve_triangular", TriangularAttrs(upper=True))])
def test_the_gradient_of_a_system_is_a_product_with_its_sign_changed(name: str, attrs: Any) -> None:
    """Beside that of the right sides: (3 x 4) times (4 x 3) for each of two matrices, and nine signs each."""
    sides = TensorSpec((2, 3, 4))
    both, alone = (REGISTRY[name].backward_cost(attrs, (asked, True), SQUARE, sides) for asked in (True, False))
    assert both == alone + Cost(macs=2 * 3 * 4 * 3, adds=2 * 3 * 3)
