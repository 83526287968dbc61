"""Functions beyond layers: captured without an unknown operator, their values, types and layouts as PyTorch's."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from netweight.ops import REGISTRY, Cost
from netweight.runtime import run

torch = pytest.importorskip("torch")

import torch.nn.functional as F  # noqa: E402, N812

from netweight.sources.torch import capture_module  # noqa: E402
from sources.torch.meta_check import capture_checked  # noqa: E402


class Function(torch.nn.Module):
    def __init__(self, function: Callable[..., Any]) -> None:
        super().__init__()
        self.function = function

    def forward(self, *tensors: Any) -> Any:
        return self.function(*tensors)


def _drawn(*shape: int, seed: int = 0) -> Any:
    return torch.randn(*shape, dtype=torch.float64, generator=torch.Generator().manual_seed(seed))


X, Y = _drawn(2, 4, 6), _drawn(2, 4, 6, seed=1)
SQUARE = _drawn(2, 5, 5) + 4 * torch.eye(5, dtype=torch.float64)
POSITIVE = SQUARE @ SQUARE.mT
NAN = torch.where(X > 1, torch.nan, X)
PAIRS = _drawn(3, 4, 2)
Z = torch.view_as_complex(PAIRS)
CLASSES = torch.tensor([[0, 3, 1, 2, 2, 0], [1, 1, 0, 3, 2, 3]])
EDGES = torch.tensor([-1.0, -0.5, 0.0, 0.7], dtype=torch.float64)
PLACES = torch.tensor([[0, 1, 1], [1, 0, 1]])

CASES: dict[str, tuple[Callable[..., Any], tuple[Any, ...]]] = {
    "asinh": (torch.asinh, (X,)), "acosh": (torch.acosh, (X.abs() + 1.1,)), "atanh": (torch.atanh, (X.tanh() * 0.9,)),
    "copysign": (torch.copysign, (X, Y)), "signbit": (torch.signbit, (X,)), "isposinf": (torch.isposinf, (X / 0,)),
    "isneginf": (torch.isneginf, (X / 0,)), "deg2rad": (torch.deg2rad, (X,)), "rad2deg": (torch.rad2deg, (X,)),
    "heaviside": (lambda x, y: torch.heaviside(x.round(), y), (X, Y)), "fmax": (torch.fmax, (NAN, Y)),
    "fmin": (torch.fmin, (Y, NAN)), "logaddexp2": (torch.logaddexp2, (X, Y)), "ldexp": (torch.ldexp, (X, Y)),
    "sinc": (lambda x: torch.sinc(x.round()), (X,)), "entr": (lambda x: torch.special.entr(x.relu()), (X,)),
    "round_decimals": (lambda x: x.round(decimals=1), (X,)), "addr": (torch.addr, (X[0], Y[0, :, 0], X[0, 0])),
    "round_tens": (lambda x: (99 * x).round(decimals=-1), (X,)),
    "addbmm": (torch.addbmm, (X[0, :, :4], X, Y.mT)), "nansum": (torch.nansum, (NAN,)),
    "nanmean": (lambda x: x.nanmean(1), (NAN,)), "dist": (torch.dist, (X, Y)), "pdist": (F.pdist, (X[0],)),
    "renorm": (lambda x: x.renorm(2, 1, 1.5), (X,)), "trace": (torch.trace, (X[0],)), "diag": (torch.diag, (X[0],)),
    "diagonal": (lambda x: x.diagonal(1, 1, 2) + 1, (X,)), "diag_embed": (lambda x: torch.diag_embed(x, 1, 0), (X,)),
    "diagonal_scatter": (lambda x, y: torch.diagonal_scatter(x, y[:, 0, :4], 0, 1, 2), (X, Y)),
    "diagflat": (torch.diagflat, (X[0],)), "block_diag": (torch.block_diag, (X[0], Y[1], X[0, 0])),
    "vander": (torch.vander, (X[0, 0],)), "cross": (lambda x, y: torch.linalg.cross(x[..., :3], y[..., 3:]), (X, Y)),
    "kthvalue": (lambda x: torch.kthvalue(x, 2, 1), (X,)), "median": (lambda x: x.median(1, True), (X,)),
    "median_of_all": (torch.median, (X,)), "nanmedian": (lambda x: x.nanmedian(2), (NAN,)),
    "mode": (lambda x: x.round().mode(2).values, (X,)), "cummax": (lambda x: x.cummax(1), (X,)),
    "cummin": (lambda x: x.cummin(-1), (X,)), "logcumsumexp": (lambda x: x.logcumsumexp(1), (X,)),
    "cumprod": (lambda x: x.cumprod(1), (X,)), "bucketize": (lambda x: torch.bucketize(x, EDGES, right=True), (X,)),
    "searchsorted": (lambda x, y: torch.searchsorted(x.sort().values, y, out_int32=True), (X, Y)),
    "isin": (lambda x, y: torch.isin(x.round(), y.round()), (X, Y)),
    "masked_scatter": (lambda x, y: x.masked_scatter(x > 0, y), (X, Y)),
    "put": (lambda x, y: x.put(PLACES, y[0, :2, :3]), (X, Y)), "scatter_multiply": (
        lambda x, y: x[0].scatter(0, PLACES, y[0, :2, :3], reduce="multiply"), (X, Y)),
    "soft_margin": (lambda x, y: F.soft_margin_loss(x, y.sign()), (X, Y)),
    "linspace": (lambda x: torch.linspace(x[0, 0, 0], x[1, 1, 1], 5, dtype=x.dtype), (X,)),
    "as_strided": (lambda x: x.as_strided((3, 4), (2, 1), 1) * 2, (X,)),
    "as_strided_transposed": (lambda x: x.mT.as_strided((3, 4), (2, 1)) * 2, (X,)),
    "max_pool_indices": (lambda x: F.max_pool1d(x, 2, return_indices=True), (X,)),
    "max_unpool": (lambda x: F.max_unpool1d(*F.max_pool1d(x, 2, return_indices=True), 2), (X,)),
    "adaptive_max": (lambda x: F.adaptive_max_pool1d(x[0], 3), (X,)),
    "bernoulli_of_ones": (lambda x: torch.bernoulli(torch.ones_like(x) * (x * 0 + 1)), (X,)),
    "inverse": (torch.linalg.inv, (SQUARE,)), "det": (torch.linalg.det, (SQUARE,)),
    "slogdet": (torch.slogdet, (SQUARE,)),
    "solve": (torch.linalg.solve, (SQUARE, X.mT[:, :5])), "solve_vector": (torch.linalg.solve, (SQUARE, X[:, 0, :5])),
    "solve_right": (lambda a, b: torch.linalg.solve(a, b, left=False), (SQUARE, X[:, :, :5])),
    "solve_triangular": (lambda a, b: torch.linalg.solve_triangular(a, b, upper=True), (SQUARE, X.mT[:, :5])),
    "solve_triangular_right": (
        lambda a, b: torch.linalg.solve_triangular(a, b, upper=False, left=False), (SQUARE, X[..., :5])),
    "cholesky": (torch.linalg.cholesky, (POSITIVE,)),
    "upper": (lambda x: torch.linalg.cholesky(x, upper=True), (POSITIVE,)),
    "cholesky_solve": (lambda a, b: torch.cholesky_solve(b, torch.linalg.cholesky(a)), (POSITIVE, X.mT[:, :5])),
    "cholesky_inverse": (lambda x: torch.cholesky_inverse(torch.linalg.cholesky(x)), (POSITIVE,)),
    "qr": (lambda x: torch.linalg.qr(x)[1].abs(), (X,)), "eigh": (lambda x: torch.linalg.eigh(x)[1].abs(), (POSITIVE,)),
    "eigvalsh": (torch.linalg.eigvalsh, (POSITIVE,)), "svdvals": (torch.linalg.svdvals, (X,)),
    "svd": (lambda x: torch.linalg.svd(x, full_matrices=False).U.abs(), (X,)),
    "pinv": (torch.linalg.pinv, (X,)), "pinv_bound": (lambda x: torch.linalg.pinv(x, rtol=0.5), (X,)),
    "quantile": (lambda x: x.quantile(0.3, dim=1, keepdim=True), (X,)),
    "quantile_of_all": (lambda x: x.quantile(0.7), (X,)),
    "quantiles": (lambda x: x.quantile(torch.tensor([0.1, 0.5], dtype=x.dtype), dim=2), (X,)),
    "quantile_nearest": (lambda x: x.quantile(0.4, dim=0, interpolation="nearest"), (X,)),
    "quantile_midpoint": (lambda x: x.quantile(0.4, dim=2, interpolation="midpoint"), (X,)),
    "narrow_tensor": (lambda x: x.narrow(1, torch.tensor(1), 2) + 1, (X,)),
    "tensor_split": (lambda x: x.tensor_split(torch.tensor([2, 3]), dim=2)[1] + 1, (X,)),
    "nuclear": (lambda x: torch.linalg.matrix_norm(x, "nuc"), (X,)),
    "matrix_power": (lambda x: torch.linalg.matrix_power(x, -2), (SQUARE,)),
    "view_as_complex": (torch.view_as_complex, (PAIRS,)), "view_as_real": (lambda z: torch.view_as_real(z) * 2, (Z,)),
    "polar": (torch.polar, (X.abs(), Y)), "complex": (torch.complex, (X, Y)), "angle": (torch.angle, (Z,)),
    "angle_real": (torch.angle, (X,)), "conj": (lambda z: z.conj() * z, (Z,)), "abs": (torch.abs, (Z,)),
    "real": (lambda z: z.real * z.imag, (Z,)), "adjoint": (lambda z: z.mH @ z, (Z,)),
    "rotary": (lambda x, z: torch.view_as_real(torch.view_as_complex(x) * z).flatten(1), (PAIRS, Z)),
    "complex_matmul": (lambda z: z @ z.mT, (Z,)),
} | {
    f"scatter_reduce_{kind}_{include}": (
        lambda x, y, kind=kind, include=include: x[0].scatter_reduce(
            0, PLACES, y[0, :2, :3], kind, include_self=include), (X, Y))
    for kind in ("sum", "prod", "mean", "amax", "amin") for include in (True, False)
} | {
    f"index_reduce_{kind}": (
        lambda x, y, kind=kind: x.index_reduce(1, torch.tensor([0, 2, 2]), y[:, :3], kind), (X, Y))
    for kind in ("prod", "mean", "amax", "amin")
}  # fmt: skip
OWN_LAYOUT = {"solve_vector", "solve_triangular_right", "upper"}
"""Made of the transposed problem, or of one with a single column, and laid out accordingly."""
LAZY_CALLS = ("aten._conj", "aten.mH")
"""PyTorch puts off turning the signs of a conjugate, and gives a view until then."""


@pytest.mark.filterwarnings("ignore::UserWarning", "ignore::RuntimeWarning")
@pytest.mark.parametrize("name", CASES)
def test_values_types_and_layouts(name: str) -> None:
    function, given = CASES[name]
    capture, differences, _ = capture_checked(Function(function), given)
    assert capture.error is None, capture.error
    assert {node.op for node in capture.graph.nodes} <= REGISTRY.keys()
    # Factors that only gradients read are not there.
    wrong = [text for text in differences if "tensors, expected" not in text and not text.startswith(LAZY_CALLS)]
    assert name in OWN_LAYOUT or wrong == []
    theirs = [leaf for leaf in torch.utils._pytree.tree_leaves(function(*given)) if isinstance(leaf, torch.Tensor)]
    arrays = dict(zip(capture.graph.inputs, (tensor.numpy() for tensor in given), strict=True))
    results = run(capture.graph, arrays, capture.weights()).outputs
    for output, wanted in zip(capture.graph.outputs, theirs, strict=True):
        expected = wanted.resolve_conj().numpy()
        assert results[output].dtype == expected.dtype
        np.testing.assert_allclose(results[output], expected, rtol=1e-9, atol=1e-9)


RANDOM: dict[str, Callable[..., Any]] = {
    "rand_like": lambda x: torch.rand_like(x) * x, "randn_like": lambda x: x + torch.randn_like(x),
    "randint_like": lambda x: torch.randint_like(x, 2, 5) * x, "uniform": lambda x: (x * 1).uniform_(-1, 2),
    "normal": lambda x: (x * 1).normal_(0, 2), "exponential": lambda x: (x * 1).exponential_(),
    "geometric": lambda x: (x * 1).geometric_(0.5), "cauchy": lambda x: (x * 1).cauchy_(),
    "log_normal": lambda x: (x * 1).log_normal_(), "bernoulli": lambda x: torch.bernoulli(x.sigmoid()),
    "bernoulli_in_place": lambda x: (x * 1).bernoulli_(0.3), "normal_of": lambda x: torch.normal(x, x.exp()),
    "multinomial": lambda x: torch.multinomial(x[0].exp(), 3),
    "multinomial_again": lambda x: torch.multinomial(x[0].exp(), 3, replacement=True),
    "gumbel": lambda x: F.gumbel_softmax(x, dim=1),
}  # fmt: skip


@pytest.mark.parametrize("name", RANDOM)
def test_random_numbers_are_recorded_by_shape_and_type(name: str) -> None:
    capture, differences, _ = capture_checked(Function(RANDOM[name]), X)
    assert capture.error is None
    assert differences == []
    assert {node.op for node in capture.graph.nodes} <= REGISTRY.keys()
    (output,) = capture.graph.outputs
    expected = RANDOM[name](X)
    results = run(capture.graph, {capture.graph.inputs[0]: X.numpy()}, capture.weights()).outputs
    assert (results[output].shape, results[output].dtype) == (tuple(expected.shape), expected.numpy().dtype)


def test_a_check_for_negative_variances_is_taken_to_pass() -> None:
    given = (X, Y, X.exp())
    capture = capture_module(Function(F.gaussian_nll_loss), given)
    assert capture.error is None
    assert capture.notes == ()  # it is a check, which decides nothing but whether to go on
    arrays = dict(zip(capture.graph.inputs, (tensor.numpy() for tensor in given), strict=True))
    results = run(capture.graph, arrays, capture.weights()).outputs
    np.testing.assert_allclose(results[capture.graph.outputs[0]], F.gaussian_nll_loss(*given).numpy())


def test_bincount_takes_the_length_it_is_told() -> None:
    capture = capture_module(Function(lambda x: torch.bincount((x[0, 0] * 9).long().abs(), minlength=64)), X)
    assert capture.notes[0].startswith("bincount: all numbers are taken to be below 64 in the model (")
    expected = torch.bincount((X[0, 0] * 9).long().abs(), minlength=64)
    results = run(capture.graph, {capture.graph.inputs[0]: X.numpy()}, capture.weights()).outputs
    np.testing.assert_array_equal(results[capture.graph.outputs[0]], expected.numpy())


@pytest.mark.filterwarnings("ignore::FutureWarning")
def test_layers_taken_apart_for_a_compiler_are_the_same_layers() -> None:
    """A program after ``run_decompositions`` has the same work."""
    layers = torch.nn.Sequential(
        torch.nn.Conv2d(3, 8, 3), torch.nn.BatchNorm2d(8), torch.nn.ReLU(), torch.nn.GroupNorm(2, 8),
        torch.nn.MaxPool2d(2), torch.nn.AdaptiveAvgPool2d(2), torch.nn.Flatten(), torch.nn.LayerNorm(32),
    ).eval()  # fmt: skip
    x = torch.randn(2, 3, 12, 12, generator=torch.Generator().manual_seed(0))
    program = torch.export.export(layers, (x,)).run_decompositions().module()
    capture = capture_module(program, (x,))
    assert [node.op for node in capture.graph.nodes if not REGISTRY[node.op].view] == [
        "conv", "batch_norm", "relu", "group_norm", "max_pool_with_indices", "adaptive_avg_pool", "layer_norm",
    ]  # fmt: skip
    results = run(capture.graph, {capture.graph.inputs[0]: x.numpy()}, capture.weights()).outputs
    np.testing.assert_allclose(results[capture.graph.outputs[0]], layers(x).detach().numpy(), atol=1e-5)


def test_complex_products_count_their_parts() -> None:
    graph = capture_module(Function(lambda x, z: torch.view_as_complex(x) * z), (PAIRS, Z)).graph
    node = graph.nodes[-1]
    specs = [graph.values[name].spec for name in node.inputs if name is not None]
    assert REGISTRY[node.op].cost(node.attrs, *specs) == Cost(muls=4 * 12, adds=2 * 12)
