"""Modules of many kinds: what is captured runs as PyTorch does, and belongs to the layer whose weights it reads."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Any, NamedTuple

import pytest

import netweight
from netweight.errors import CaptureError

torch = pytest.importorskip("torch")

from torch import nn  # noqa: E402
from torch.nn import functional as F  # noqa: E402, N812
from torch.nn.utils import parametrizations, parametrize, prune  # noqa: E402
from torch.utils.checkpoint import checkpoint  # noqa: E402

from netweight.sources.torch import capture_module  # noqa: E402
from sources.torch.alike import assert_alike  # noqa: E402


class Program(nn.Module):
    """Two linear layers, and a function of this module and the input."""

    def __init__(self, function: Callable[..., Any]) -> None:
        super().__init__()
        self.one, self.two = nn.Linear(4, 4), nn.Linear(4, 4)
        self.function = function

    def forward(self, *inputs: Any, **named: Any) -> Any:
        return self.function(self, *inputs, **named)


TRANSPOSED = {
    "1d": lambda: nn.ConvTranspose1d(4, 6, 3, stride=2, padding=1, output_padding=1),
    "2d": lambda: nn.ConvTranspose2d(4, 6, (3, 2), stride=2, dilation=2),
    "2d-groups": lambda: nn.ConvTranspose2d(4, 6, 3, groups=2, bias=False),
    "2d-depthwise": lambda: nn.ConvTranspose2d(4, 4, 3, stride=2, groups=4),
    "3d": lambda: nn.ConvTranspose3d(4, 2, 2),
}


@pytest.mark.parametrize("name", TRANSPOSED)
@pytest.mark.parametrize("batched", [True, False])
def test_transposed_convolution(name: str, batched: bool) -> None:
    layer = TRANSPOSED[name]()
    size = (5, 6, 4)[: int(name[0])]
    shape = (2, 4, *size) if batched else (4, *size)
    assert_alike(layer, torch.randn(shape))
    # Each element of the input meets the kernels of all outputs of its group.
    per_element = layer.weight.shape[1:].numel()
    assert netweight.weigh(layer, shape).totals.macs == torch.Size(shape).numel() * per_element


@pytest.mark.parametrize("make", [nn.Conv1d, nn.Conv2d, nn.Conv3d])
def test_unbatched_convolution(make: Any) -> None:
    layer = make(4, 6, 3, padding=1)
    dims = layer.weight.dim() - 2
    assert_alike(layer, torch.randn(4, *(5, 6, 4)[:dims]))


@pytest.mark.parametrize("shape", [(4,), (3, 4), (2, 3, 4), (2, 1, 3, 4), (2, 1, 2, 3, 4), (0, 4)])
def test_linear_of_any_rank(shape: tuple[int, ...]) -> None:
    layer = nn.Linear(4, 5)
    assert_alike(layer, torch.randn(shape))
    assert netweight.weigh(layer, (torch.zeros(shape),)).totals.macs == torch.Size(shape).numel() * 5


def functional(own: Any, x: Any) -> Any:
    return F.linear(F.relu(x), own.weight, own.bias) @ own.weight.t().t()


def test_functional_calls_with_parameters() -> None:
    module = Program(functional)
    module.weight, module.bias = nn.Parameter(torch.randn(5, 4)), nn.Parameter(torch.randn(5))
    assert_alike(module, torch.randn(3, 4))
    profile = netweight.weigh(module, (3, 4))
    assert profile.totals.macs == 3 * 4 * 5 * 2
    assert (profile.totals.active_params, profile.totals.params) == (5 * 4 + 5, 5 * 4 + 5 + 40)
    assert any("40 parameters are not read" in note for note in profile.notes)


def test_a_module_called_several_times() -> None:
    module = Program(lambda own, x: own.two(own.one(own.one(own.one(x)))))
    assert_alike(module, torch.randn(3, 4))
    rows = {row.layer: row for row in netweight.weigh(module, (3, 4)).layers}
    assert (rows["one"].calls, rows["one"].macs, rows["one"].params) == (3, 3 * 3 * 16, 20)
    assert (rows["two"].calls, rows["two"].macs, rows["two"].params) == (1, 3 * 16, 20)


def test_a_submodule_called_by_its_forward_owns_its_work() -> None:
    module = Program(lambda own, x: own.two.forward(own.one.forward(x).relu()))
    assert_alike(module, torch.randn(3, 4))
    rows = {row.layer: row for row in netweight.weigh(module, (3, 4)).layers}
    for layer in ("one", "two"):
        work = [row for path, row in rows.items() if path == layer or path.startswith(f"{layer}.")]
        assert sum(row.params for row in work) == 20
        assert sum(row.macs for row in work) == 3 * 16


def test_modules_that_are_never_called_are_named() -> None:
    profile = netweight.weigh(Program(lambda own, x: own.one(x)), (3, 4))
    assert (profile.totals.active_params, profile.totals.params) == (20, 40)
    assert any("two" in note and "not read" in note for note in profile.notes)


class Pair(NamedTuple):
    """Two tensors."""

    a: Any
    b: Any


@dataclasses.dataclass
class Batch:
    """Two tensors and a number."""

    a: Any
    b: Any
    number: int = 2


class TestInputsAndOutputs:
    """Everything that holds tensors."""

    x = torch.randn(3, 4)

    def test_named(self) -> None:
        module = Program(lambda own, a, *, b: own.one(a) + b)
        assert netweight.weigh(module, {"a": (3, 4), "b": (3, 4)}).totals.macs == 3 * 16

    @pytest.mark.parametrize("made", [lambda x: {"a": x, "b": x}, lambda x: Pair(x, x), lambda x: Batch(x, x)])
    def test_structures(self, made: Any) -> None:
        def function(own: Any, data: Any) -> Any:
            a, b = (data["a"], data["b"]) if isinstance(data, dict) else (data.a, data.b)
            return type(data)(a=own.one(a), b=own.two(b))

        profile = netweight.weigh(Program(function), (made(self.x),))
        assert profile.totals.macs == 2 * 3 * 16
        found = capture_module(Program(function), (made(self.x),))
        assert [found.graph.spec(name).shape for name in found.graph.outputs] == [(3, 4), (3, 4)]
        assert len(found.graph.inputs) == 2


def views_and_writes(own: Any, x: Any) -> Any:
    x = x.clone()
    x[:, 0] = x[:, 1] * 2
    view = x.view(-1)
    view += 1
    x.transpose(0, 1)[2].mul_(3)
    return own.one(x)


def into_constants(own: Any, x: Any) -> Any:
    y = torch.zeros(3, 4)
    first = y[0]
    y[1] = x[0]
    for step in range(3):
        y[step] += own.one(x[step])
    first += 1
    torch.add(x, 1, out=y[:, :])
    return y * 2, first


def into_out(_own: Any, x: Any) -> Any:
    y = torch.empty(3, 4)
    torch.mul(x, 2, out=y)
    return torch.add(y, 1, out=torch.empty(3, 4))


def constants_written_after_they_were_read(_own: Any, x: Any) -> Any:
    mask = torch.ones(4)
    a = x * mask
    mask[0] = 0
    b = x * mask
    mask += x[0]
    return a, b, x * mask


def reshaped_in_place(own: Any, x: Any) -> Any:
    y = x * 2
    y.unsqueeze_(0).transpose_(0, 1).squeeze_(1)
    return own.one(y)


def data_of_a_parameter(own: Any, x: Any) -> Any:
    own.one.weight.data.mul_(1)
    return F.linear(x, own.one.weight.data, own.one.bias.detach())


PROGRAMS = (
    views_and_writes, into_constants, into_out, constants_written_after_they_were_read, reshaped_in_place,
    data_of_a_parameter,
)  # fmt: skip


@pytest.mark.parametrize("function", PROGRAMS, ids=lambda f: f.__name__)
@pytest.mark.parametrize("training", [True, False])
def test_writes_in_place(function: Any, training: bool) -> None:
    assert_alike(Program(function).train(training), torch.randn(3, 4))


class Cache(nn.Module):
    """Writes into its buffers: with constants, and with what it is given."""

    def __init__(self) -> None:
        super().__init__()
        self.register_buffer("cache", torch.zeros(3, 4))
        self.steps = torch.zeros(())

    def forward(self, x: Any) -> Any:
        self.steps += 1
        self.cache[0] = self.steps
        self.cache[1:] = x[1:]
        return self.cache * x


def test_a_buffer_that_is_written() -> None:
    module = Cache()
    found = assert_alike(module, torch.randn(3, 4))
    assert found.graph.values["cache"].kind == "buffer"


@pytest.mark.filterwarnings("ignore::FutureWarning")
def test_weight_normalisation_and_its_relatives() -> None:
    def old(layer: Any) -> Any:
        return nn.utils.weight_norm(layer)

    class Doubled(nn.Module):
        def forward(self, weight: Any) -> Any:
            return 2 * weight

    def custom(layer: Any) -> Any:
        parametrize.register_parametrization(layer, "weight", Doubled())
        return layer

    for wrap in (old, parametrizations.weight_norm, parametrizations.spectral_norm, nn.utils.spectral_norm, custom):
        module = nn.Sequential(wrap(nn.Linear(4, 5)), nn.ReLU()).eval()
        assert_alike(module, torch.randn(3, 4))
        profile = netweight.weigh(module, (3, 4))
        linear = next(row for row in profile.layers if row.op == "linear")
        assert linear.macs == 3 * 4 * 5
        assert linear.layer.startswith("0")
        assert profile.totals.params == sum(p.numel() for p in module.parameters())
        assert profile.coverage.complete


@pytest.mark.filterwarnings("ignore::FutureWarning")
def test_orthogonal_weights_while_training() -> None:
    for wrap in (parametrizations.spectral_norm, nn.utils.spectral_norm):
        module = nn.Sequential(wrap(nn.Linear(4, 5))).train()
        profile = netweight.weigh(module, (3, 4), training=True)
        assert profile.coverage.stopped_at is None
        assert next(row.macs for row in profile.layers if row.op == "linear") == 3 * 4 * 5


def test_pruned_weights_are_counted_dense() -> None:
    module = nn.Sequential(nn.Linear(4, 5), nn.ReLU(), nn.Linear(5, 2))
    prune.l1_unstructured(module[0], "weight", amount=0.5)
    assert_alike(module.eval(), torch.randn(3, 4))
    profile = netweight.weigh(module, (3, 4))
    assert profile.totals.macs == 3 * (20 + 10)
    assert any("10 of 20 weights are pruned" in note for note in profile.notes), profile.notes


@pytest.mark.filterwarnings("ignore::UserWarning")  # PyTorch's own, of inputs that need no gradient
@pytest.mark.parametrize("reentrant", [True, False])
@pytest.mark.parametrize("training", [True, False])
def test_checkpointing(reentrant: bool, training: bool) -> None:
    module = Program(lambda own, x: checkpoint(own.two, own.one(x).relu(), use_reentrant=reentrant)).train(training)
    assert_alike(module, torch.randn(3, 4))
    profile = netweight.weigh(module, (3, 4), training=training)
    assert profile.totals.macs == 2 * 3 * 16
    assert profile.totals.params == 40


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_compiled_modules_are_weighed_uncompiled() -> None:
    plain = nn.Sequential(nn.Linear(4, 5), nn.ReLU())
    profile, expected = netweight.weigh(torch.compile(plain), (3, 4)), netweight.weigh(plain, (3, 4))
    assert profile.totals == expected.totals
    assert [row.layer for row in profile.layers] == [row.layer for row in expected.layers]
    inner = nn.Sequential(torch.compile(nn.Linear(4, 5)), nn.ReLU())
    assert netweight.weigh(inner, (3, 4)).totals.macs == 3 * 4 * 5


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
@pytest.mark.parametrize("how", ["script", "trace"])
def test_scripted_modules_are_right_or_refused(how: str) -> None:
    plain = nn.Sequential(nn.Linear(4, 5), nn.ReLU())
    module = torch.jit.script(plain) if how == "script" else torch.jit.trace(plain, torch.randn(3, 4))
    try:
        profile = netweight.weigh(module, (3, 4))
    except CaptureError as error:
        assert "TorchScript" in str(error)  # noqa: PT017 -- refusing is one of two right answers
    else:
        assert profile.totals.macs == 3 * 4 * 5
        assert profile.totals.params == 25


@pytest.mark.parametrize("dtype", ["float16", "bfloat16", "float64", "complex64", "complex128"])
def test_element_types(dtype: str) -> None:
    layer = nn.Linear(4, 5, dtype=getattr(torch, dtype))
    profile = netweight.weigh(layer, (torch.zeros(3, 4, dtype=getattr(torch, dtype)),))
    row = next(row for row in profile.layers if row.op == "linear")
    assert (row.dtype, row.macs) == (dtype, 3 * 4 * 5 * (4 if "complex" in dtype else 1))
    assert row.model_size_bytes == 25 * layer.weight.element_size()
    if dtype != "bfloat16":  # NumPy has no such type
        assert_alike(layer, torch.randn(3, 4, dtype=getattr(torch, dtype)), tolerance=2e-2 if "16" in dtype else 1e-5)


def test_eight_bit_floats() -> None:
    class Eight(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.weight = nn.Parameter(torch.randn(5, 4).to(torch.float8_e4m3fn), requires_grad=False)

        def forward(self, x: Any) -> Any:
            return F.linear(x, self.weight.to(x.dtype))

    profile = netweight.weigh(Eight(), (3, 4))
    assert (profile.totals.macs, profile.totals.model_size_bytes) == (3 * 4 * 5, 20)
