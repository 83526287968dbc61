"""Functions, reductions, contractions, activations and losses: each operator alone, its values as PyTorch's."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from netweight.ops import REGISTRY
from netweight.runtime import run

torch = pytest.importorskip("torch")

import torch.nn.functional as F  # noqa: E402, N812
from torch.utils._pytree import tree_leaves  # noqa: E402

from netweight.sources.torch import capture_module  # noqa: E402

X, Y = (torch.randn(2, 4, 6, dtype=torch.float64, generator=torch.Generator().manual_seed(s)) for s in (0, 1))
POSITIVE, SHARE = X.abs() + 0.1, (X.sigmoid() * 0.9 + 0.05)
CLASSES = torch.tensor([[0, 3, 1, 2, 2, 0], [1, 1, 0, 3, 2, 3]])

FUNCTIONS: dict[str, Callable[..., Any]] = {
    name: getattr(torch, name)
    for name in (
        "cosh", "sinh", "tan", "atan", "expm1", "exp2", "trunc", "sgn", "frac", "erfc", "isnan", "isinf", "isfinite",
        "nan_to_num", "positive", "any", "all", "max", "min", "aminmax", "count_nonzero", "var_mean", "std_mean",
        "std", "var", "prod", "norm", "square", "sign",
    )
} | {
    "vector_norm": torch.linalg.vector_norm,
    "softsign": F.softsign, "tanhshrink": F.tanhshrink, "hardshrink": F.hardshrink, "softshrink": F.softshrink,
    "logsigmoid": F.logsigmoid, "glu": F.glu, "celu": F.celu, "rrelu": F.rrelu, "selu": F.selu,
    "celu_half": lambda x: F.celu(x, 0.5), "glu_dim": lambda x: F.glu(x, 1),
    "rrelu_bounds": lambda x: F.rrelu(x, 0.1, 0.2),
    "elu_in_place": lambda x: F.elu(x * 1, inplace=True), "threshold": lambda x: F.threshold(x, 0.1, 7.0),
    "hardtanh": lambda x: F.hardtanh(x, -0.5, 2), "softmin": lambda x: F.softmin(x, 1),
    "logsumexp": lambda x: torch.logsumexp(x, 1), "logsumexp_keep": lambda x: torch.logsumexp(x, (0, 2), True),
    "cumsum": lambda x: x.cumsum(-1), "cumsum_transposed": lambda x: x.mT.cumsum(1), "sum": lambda x: x.sum((0, -1)),
    "norm_dim": lambda x: x.norm(dim=-1), "norm_1": lambda x: x.norm(p=1, dim=1, keepdim=True),
    "norm_3": lambda x: x.norm(p=3, dim=1), "norm_inf": lambda x: x.norm(p=float("inf")),
    "norm_least": lambda x: x.norm(p=float("-inf"), dim=1), "norm_0": lambda x: torch.linalg.vector_norm(x, 0, dim=1),
    "normalize": lambda x: F.normalize(x, dim=1), "all_dim": lambda x: torch.all(x > -1, dim=1),
    "any_keep": lambda x: torch.any(x > 2, 1, True), "std_dims": lambda x: x.std(dim=(1, 2)),
    "var_biased": lambda x: x.var(unbiased=False), "float_power": lambda x: torch.float_power(x.abs(), 2),
    "lerp_number": lambda x: x.lerp(x * 2, 0.3), "remainder_number": lambda x: x % 0.7,
    "number_remainder": lambda x: 3 % x,
    "floor_number": lambda x: x // 0.5, "trunc_number": lambda x: torch.div(x, 0.3, rounding_mode="trunc"),
    "instance_norm": F.instance_norm, "local_response_norm": lambda x: F.local_response_norm(x, 3),
    "diff": torch.diff, "matrix_norm": torch.linalg.matrix_norm, "mean_dims": lambda x: x.mean((1, 2)),
}  # fmt: skip
ONE = {name: (function, (X,)) for name, function in FUNCTIONS.items()}
ONE |= {name: (getattr(torch, name), (POSITIVE,)) for name in ("log2", "log10", "log1p", "rsqrt")}
ONE |= {name: (getattr(torch, name), (SHARE,)) for name in ("acos", "asin", "logit")}

# What a function does with other numbers than most: those that it replaces, and those at which it jumps.
ODD = torch.tensor([-torch.inf, -2.5, -1.0, -0.0, 0.0, 0.25, 1.0, 3.0, torch.inf, torch.nan], dtype=torch.float64)
FINITE = ODD[1:-2]
REACHED: dict[str, tuple[Callable[..., Any], Any]] = {
    "logit_eps": (lambda x: torch.logit(x, 0.1), torch.tensor([0.01, 0.05, 0.4, 0.95, 0.999], dtype=torch.float64)),
    **{name: (getattr(torch, name), ODD) for name in ("isnan", "isinf", "isfinite", "isposinf", "isneginf")},
    "nan_to_num": (torch.nan_to_num, ODD),
    "nan_to_given": (lambda x: torch.nan_to_num(x, nan=7.0, posinf=8.0, neginf=-9.0), ODD),
    "nan_to_largest": (lambda x: torch.nan_to_num(x, posinf=8.0), ODD),
    **{name: (getattr(torch, name), FINITE) for name in ("sign", "sgn", "signbit", "count_nonzero", "sinc")},
    "entr": (torch.special.entr, FINITE), "round_halves": (torch.round, FINITE),
    "heaviside": (lambda x: torch.heaviside(x, x + 5), FINITE), "fmax": (lambda x: torch.fmax(x, x.flip(0)), ODD),
    "fmin": (lambda x: torch.fmin(x, x.flip(0)), ODD), "xlogy": (lambda x: torch.xlogy(x, x.abs() - 1), FINITE),
    "xlog1py": (lambda x: torch.special.xlog1py(x, x.abs() - 2), FINITE),
    "clamp_tensors": (lambda x: torch.clamp(x, x * 0 - 1, x * 0 + 0.5), FINITE),
    "copysign": (lambda x: torch.copysign(x + 4, x), FINITE),
}  # fmt: skip
ONE |= {f"{name}_reached": (function, (numbers,)) for name, (function, numbers) in REACHED.items()}
# Whole numbers become floating ones before they are divided, or put into a function that is not one of whole numbers.
WHOLE = torch.tensor([1, 2, 5])
PROMOTED = (
    "exp", "log", "sqrt", "rsqrt", "reciprocal", "sin", "cos", "tan", "atan", "asinh", "acosh", "erf", "erfc", "exp2",
    "expm1", "log2", "log10", "log1p", "sigmoid", "tanh", "sinh", "cosh", "sinc", "deg2rad", "rad2deg",
)  # fmt: skip
ONE |= {f"{name}_whole": (getattr(torch, name), (WHOLE,)) for name in PROMOTED}
ONE |= {
    f"{name}_whole": (function, (WHOLE,))
    for name, function in {
        "softsign": F.softsign, "tanhshrink": F.tanhshrink, "plus": lambda x: x + 1.5, "over": lambda x: x / 2,
        "times": lambda x: x * 1.5, "minus": lambda x: 3.5 - x, "alpha": lambda x: x.double().add(x, alpha=2),
        "under": lambda x: 3 / x, "atan2": lambda x: torch.atan2(x, x + 1), "copysign": lambda x: torch.copysign(x, -x),
        "logaddexp": lambda x: torch.logaddexp(x.double(), x), "xlogy": lambda x: torch.xlogy(x, x),
        "maximum": lambda x: torch.maximum(x, x * 0.5 + 1), "above": lambda x: (x > 1.5) * 0.5,
    }.items()
}  # fmt: skip

PAIRS: dict[str, Callable[..., Any]] = {
    name: getattr(torch, name)
    for name in ("atan2", "fmod", "remainder", "floor_divide", "logaddexp", "hypot", "inner", "cdist")
} | {
    "addcmul": lambda x, y: torch.addcmul(x, x, y, value=0.5), "addcdiv": lambda x, y: torch.addcdiv(x, x, y),
    "addcmul_in_place": lambda x, y: x.clone().addcmul_(x, y, value=2), "lerp": lambda x, y: x.lerp(y, 0.2),
    "lerp_weights": lambda x, y: x.lerp(y, y), "addcmul_broadcast": lambda x, y: torch.addcmul(x[0, 0], x, y),
    "div_floor": lambda x, y: torch.div(x, y, rounding_mode="floor"), "mse": F.mse_loss, "l1": F.l1_loss,
    "div_trunc": lambda x, y: torch.div(x, y, rounding_mode="trunc"), "smooth_l1": F.smooth_l1_loss,
    "huber": F.huber_loss, "smooth_l1_beta": lambda x, y: F.smooth_l1_loss(x, y, beta=0.3),
    "huber_delta": lambda x, y: F.huber_loss(x, y, delta=0.3),
    "mse_none": lambda x, y: F.mse_loss(x, y, reduction="none"),
    "cosine_similarity": lambda x, y: F.cosine_similarity(x, y, dim=1), "pairwise": F.pairwise_distance,
    "cdist_1": lambda x, y: torch.cdist(x, y, p=1), "einsum": lambda x, y: torch.einsum("bij,bkj->bik", x, y),
    "cdist_many": lambda x, y: torch.cdist(x.reshape(-1, 1) * y[0, :1], y.reshape(-1, 1) * x[0, :1]),
    "einsum_elementwise": lambda x, y: torch.einsum("bij,bij->bij", x, y),
    "einsum_three": lambda x, y: torch.einsum("bij,bij,bik->bjk", x, y, y),
    "einsum_dots": lambda x, y: torch.einsum("...ij,...ik->...jk", x, y),
    "einsum_broadcast": lambda x, y: torch.einsum("bij,bkj->bik", x[:1], y),
    "bce_logits": lambda x, y: F.binary_cross_entropy_with_logits(x, y.sigmoid()),
    "bce_weights": lambda x, y: F.binary_cross_entropy_with_logits(x, y.sigmoid(), pos_weight=torch.tensor(2.0)),
    "bce": lambda x, y: F.binary_cross_entropy(x.sigmoid(), y.sigmoid()),
    "kl": lambda x, y: F.kl_div(x, y.softmax(1), reduction="batchmean"), "poisson": F.poisson_nll_loss,
    "bilinear": lambda x, y: F.bilinear(x[..., :3], y[..., :2], torch.ones(5, 3, 2, dtype=x.dtype)),
    "triplet": lambda x, y: F.triplet_margin_loss(x, y, x + y), "vecdot": torch.linalg.vecdot,
    "tensordot": lambda x, y: torch.tensordot(x, y, dims=([1, 2], [1, 2])),
    "outer": lambda x, y: torch.outer(x[0, 0], y[0, 0]), "xlogy": lambda x, y: torch.xlogy(x, y.exp()),
    "addmm": lambda x, y: torch.addmm(x[0, :, :4], x[0], y[0].T, beta=0.5, alpha=2),
    "baddbmm": lambda x, y: torch.baddbmm(x[:, :, :4], x, y.mT), "kron": lambda x, y: torch.kron(x[0], y[0]),
    "isclose": torch.isclose, "and": lambda x, y: (x > 0) & (y > 0), "or": lambda x, y: (x > 0) | (y > 0),
    "xor": lambda x, y: (x > 0) ^ (y > 0), "not": lambda x, y: ~(x > y), "and_number": lambda x, y: (x > y) & True,
    "bits": lambda x, y: (x * 9).int() & (y * 9).int(), "bits_not": lambda x, y: ~(x * 9 + y).int(),
    "shift": lambda x, y: (x * 9).int() << (y.abs()).int(), "int_floor": lambda x, y: (x * 9).int() // ((y > 0) + 2),
    "int_remainder": lambda x, y: (x * 9).int() % ((y > 0).int() + 2),
    "int_divide": lambda x, y: (x * 9).int() / (y + 3),
    "int_log": lambda x, y: ((x + y) ** 2 * 9 + 1).int().log2(), "count": lambda x, y: (x > y).sum(1),
    "running_count": lambda x, y: (x > y).cumsum(1), "bool_mean": lambda x, y: (x > y).double().mean(0),
}  # fmt: skip
TWO = {name: (function, (X, Y)) for name, function in PAIRS.items()}
TWO |= {
    name: (function, (X, CLASSES))
    for name, function in {
        "cross_entropy": F.cross_entropy, "cross_entropy_none": lambda x, t: F.cross_entropy(x, t, reduction="none"),
        "cross_entropy_smoothed": lambda x, t: F.cross_entropy(x, t, label_smoothing=0.1), "nll": F.nll_loss,
        "nll_sum": lambda x, t: F.nll_loss(x, t, reduction="sum"),
        "cross_entropy_weights": lambda x, t: F.cross_entropy(x, t, x[0, :, 0].abs(), ignore_index=1),
        "cross_entropy_all": lambda x, t: F.cross_entropy(
            x, t, x[0, :, 0].abs(), ignore_index=1, label_smoothing=0.3, reduction="sum"
        ),
        "cross_entropy_one": lambda x, t: F.cross_entropy(x[0, :, 0], t[0, 0], label_smoothing=0.1),
        "nll_one_none": lambda x, t: F.nll_loss(x[0, :, 0], t[0, 0], reduction="none"),
        "nll_ignored": lambda x, t: F.nll_loss(x, t, ignore_index=1),
    }.items()
}  # fmt: skip
TWO |= {
    name: (function, (X, Y))
    for name, function in {
        "cross_entropy_chances": lambda x, y: F.cross_entropy(x, y.softmax(1)),
        "cross_entropy_chances_all": lambda x, y: F.cross_entropy(
            x, y.softmax(1), x[0, :, 0].abs(), label_smoothing=0.3, reduction="sum"
        ),
        "cross_entropy_chances_none": lambda x, y: F.cross_entropy(x, y.softmax(1), reduction="none"),
        "kl_log": lambda x, y: F.kl_div(x, y.log_softmax(1), reduction="batchmean", log_target=True),
        "response": lambda x, y: F.local_response_norm(x + y, 3, alpha=0.5, beta=0.9, k=2.0),
        "kl_sum": lambda x, y: F.kl_div(x, y.softmax(1), reduction="sum"),
        "smooth_l1_sharp": lambda x, y: F.smooth_l1_loss(x, y, beta=0.0),
        "bce_all_weights": lambda x, y: F.binary_cross_entropy_with_logits(
            x, y.sigmoid(), y[0].abs(), pos_weight=y[0, :1].abs(), reduction="sum"
        ),
        "norm_0": lambda x, y: torch.linalg.vector_norm(x * (y > 0), 0, dim=1),
        "norm_most": lambda x, y: torch.linalg.vector_norm(x + y, float("inf"), dim=(0, 2)),
        "norm_least": lambda x, y: torch.linalg.vector_norm(x + y, float("-inf"), dim=1, keepdim=True),
        "norm_inverse": lambda x, y: torch.linalg.vector_norm(x + y, -1.5, dim=1),
        "norm_complex": lambda x, y: torch.linalg.vector_norm(torch.complex(x, y), dim=1),
        "any_bytes": lambda x, y: (x > y).to(torch.uint8).any(1), "all_bytes": lambda x, y: (x > y).byte().all(1),
        "argmax_all": lambda x, y: (x + y).argmax(), "argmin_kept": lambda x, y: (x + y).argmin(keepdim=True),
        "count_two": lambda x, y: torch.count_nonzero(x > y, dim=(0, 2)),
        "var_mean": lambda x, y: torch.var_mean(x + y, (0, 2), correction=2, keepdim=True),
        "std_biased": lambda x, y: (x + y).std(1, unbiased=False), "cummin": lambda x, y: torch.cummin(x + y, -1),
        "cumprod_int": lambda x, y: (x * 9 + y).int().cumprod(1),
        "no_dims": lambda x, y: (x + y)[0, 0, 0].sum(0).cumsum(0),
    }.items()
}  # fmt: skip
CASES = {**ONE, **TWO}


class Function(torch.nn.Module):
    def __init__(self, function: Callable[..., Any]) -> None:
        super().__init__()
        self.function = function

    def forward(self, *tensors: Any) -> Any:
        return self.function(*tensors)


@pytest.mark.parametrize("name", CASES)
@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_values_and_types(name: str, dtype: str) -> None:
    function, given = CASES[name]
    tensors = tuple(t.to(getattr(torch, dtype)) if t.is_floating_point() else t for t in given)
    capture = capture_module(Function(function), tensors if len(tensors) > 1 else tensors[0])
    assert capture.error is None
    assert capture.exact
    assert not [node.op for node in capture.graph.nodes if node.op not in REGISTRY]
    arrays = {key: tensor.numpy() for key, tensor in zip(capture.graph.inputs, tensors, strict=True)}
    with np.errstate(all="ignore"):  # a logarithm of zero that is then replaced
        ours = run(capture.graph, arrays, capture.weights()).outputs
    theirs = [leaf for leaf in tree_leaves(function(*tensors)) if isinstance(leaf, torch.Tensor)]
    assert len(theirs) == len(capture.graph.outputs)
    for output, wanted in zip(capture.graph.outputs, theirs, strict=True):
        assert (ours[output].dtype.name, ours[output].shape) == (str(wanted.dtype).removeprefix("torch."), wanted.shape)
        tolerance = 2e-5 if "float32" in (dtype, ours[output].dtype.name) else 1e-10
        np.testing.assert_allclose(ours[output], wanted.numpy(), rtol=tolerance, atol=tolerance)


def test_one_memory_where_pytorch_writes_one_tensor() -> None:
    """logit is three operators of the table, written one over the other: one tensor beside the input."""
    graph = capture_module(Function(torch.logit), SHARE).graph
    assert [node.op for node in graph.nodes] == ["rsub_scalar", "div", "log"]
    homes = {graph.values[name].storage for node in graph.nodes for name in node.outputs}
    assert len(homes) == 1


@pytest.mark.parametrize(
    ("function", "op"),
    [(torch.erfinv, "aten.erfinv"), (torch.lgamma, "aten.lgamma"), (torch.special.i1, "aten.special_i1")],
)
def test_what_has_no_rule_is_listed(function: Callable[..., Any], op: str) -> None:
    assert [node.op for node in capture_module(Function(function), X).graph.nodes] == [op]
