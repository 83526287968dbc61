"""Quantised layers: integer operations, 8-bit weights with their scales; and training with quantisation in mind."""

from __future__ import annotations

from typing import Any

import pytest

import netweight
from netweight.errors import NetweightError

torch = pytest.importorskip("torch")

from torch import nn  # noqa: E402
from torch.ao import quantization as tq  # noqa: E402
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence  # noqa: E402

from netweight.sources.torch import capture_module  # noqa: E402
from netweight.sources.torch.inputs import Arguments  # noqa: E402
from sources.torch.alike import assert_alike  # noqa: E402

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::UserWarning", "ignore::FutureWarning")

DOUBLES = 8 + 8
"""Bytes of the scale and the zero point of a tensor, or of a channel."""


class Small(nn.Module):
    """A convolution with normalisation, a sum, pooling and a linear layer."""

    def __init__(self) -> None:
        super().__init__()
        self.quant, self.dequant = tq.QuantStub(), tq.DeQuantStub()
        self.conv, self.norm, self.relu = nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4), nn.ReLU()
        self.sum = torch.ao.nn.quantized.FloatFunctional()
        self.pool, self.fc = nn.AdaptiveAvgPool2d(1), nn.Linear(4, 2)

    def forward(self, x: Any) -> Any:
        x = self.relu(self.norm(self.conv(self.quant(x))))
        x = self.pool(self.sum.add(x, x))
        return self.dequant(self.fc(x.flatten(1)))


def rows_of(module: Any, *inputs: Any) -> dict[str, Any]:
    return {row.layer: row for row in netweight.weigh(module, inputs).layers}


def test_dynamic_linear() -> None:
    module = tq.quantize_dynamic(nn.Sequential(nn.Linear(4, 5), nn.ReLU(), nn.Linear(5, 2)), {nn.Linear})
    profile = netweight.weigh(module, (3, 4))
    row = next(row for row in profile.layers if row.layer == "0.linear")
    assert (row.macs, row.flops, row.ops_total) == (3 * 5 * 4, 0, 2 * 3 * 5 * 4 + 3 * 5)
    assert row.params == 5 * 4 + 5
    # 8 bits per weight and one scale for all of them; 32 bits per bias.
    assert row.model_size_bytes == 5 * 4 + DOUBLES + 4 * 5
    assert profile.coverage.complete
    assert any("quantised" in note for note in profile.notes)


@pytest.mark.parametrize("engine", ["x86", "fbgemm", "qnnpack"])
def test_static(engine: str) -> None:
    if engine not in torch.backends.quantized.supported_engines:
        pytest.skip(f"this build of PyTorch has no {engine} kernels")
    before = torch.backends.quantized.engine
    torch.backends.quantized.engine = engine
    try:
        module = tq.fuse_modules(Small().eval(), [["conv", "norm", "relu"]])
        module.qconfig = tq.get_default_qconfig(engine)
        prepared = tq.prepare(module)
        prepared(torch.randn(2, 3, 8, 8))
        rows = rows_of(tq.convert(prepared), (2, 3, 8, 8))
    finally:
        torch.backends.quantized.engine = before
    conv = rows["conv.conv"]
    assert conv.macs == 2 * 4 * 6 * 6 * 3 * 3 * 3
    assert conv.flops == 0
    assert conv.ops_total == 2 * conv.macs + 2 * 4 * 6 * 6
    channels = 1 if engine == "qnnpack" else 4
    assert conv.model_size_bytes == 4 * 27 + channels * DOUBLES + 4 * 4
    assert (rows["fc"].macs, rows["fc"].flops) == (2 * 2 * 4, 0)
    assert all(row.flops == 0 for layer, row in rows.items() if layer not in ("quant", "dequant"))


def test_a_module_called_twice_has_its_weights_once() -> None:
    class Twice(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.fc = nn.Linear(4, 4)

        def forward(self, x: Any) -> Any:
            return self.fc(self.fc(x))

    row = rows_of(tq.quantize_dynamic(Twice(), {nn.Linear}), (3, 4))["fc.linear"]
    assert (row.calls, row.params, row.macs) == (2, 4 * 4 + 4, 2 * 3 * 4 * 4)


@pytest.mark.parametrize(("make", "gates"), [(nn.LSTM, 4), (nn.GRU, 3)])
def test_dynamic_recurrent(make: Any, gates: int) -> None:
    module = tq.quantize_dynamic(nn.Sequential(make(4, 5, num_layers=2, bidirectional=True)), {make})
    profile = netweight.weigh(module, (3, 2, 4))
    rows = [row for row in profile.layers if row.kind == "recurrent"]
    assert sum(row.macs or 0 for row in rows) == 3 * 2 * 2 * gates * 5 * ((4 + 5) + (10 + 5))
    assert all(row.flops == 0 for row in rows)
    assert sum(row.params for row in rows) == 2 * gates * 5 * ((4 + 5 + 2) + (10 + 5 + 2))
    assert not any("not read" in note for note in profile.notes)


@pytest.mark.parametrize(("make", "gates"), [(nn.LSTM, 4), (nn.GRU, 3)])
@pytest.mark.parametrize("halves", [False, True])
def test_packed_sequences(make: Any, gates: int, halves: bool) -> None:
    """Only real steps cost; results have the shapes of PyTorch's."""

    class Packed(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.layer = make(4, 5, num_layers=2, batch_first=True)

        def forward(self, x: Any) -> Any:
            packed = pack_padded_sequence(x, torch.tensor([6, 2, 1]), batch_first=True)
            y, states = self.layer(packed)
            return pad_packed_sequence(y, batch_first=True)[0], states

    kind = {"dtype": torch.float16, "qconfig_spec": _halves()} if halves else {"qconfig_spec": {make}}
    module = tq.quantize_dynamic(Packed().eval(), **kind)
    x = torch.randn(3, 6, 4)
    graph = netweight.capture(module, x)
    expected = [tuple(leaf.shape) for leaf in Arguments.leaves_of(module(x))]
    assert [graph.spec(name).shape for name in graph.outputs] == expected
    profile = netweight.weigh(graph)
    rows = [row for row in profile.layers if row.kind == "recurrent"]
    assert sum(row.macs or 0 for row in rows) == (6 + 2 + 1) * gates * 5 * ((4 + 5) + (5 + 5))
    assert all(bool(row.flops) == halves for row in rows)


def test_layers_of_batches_first() -> None:
    module = tq.quantize_dynamic(nn.Sequential(nn.LSTM(4, 5, batch_first=True)), {nn.LSTM})
    graph = netweight.capture(module, (2, 3, 4))
    assert [graph.spec(name).shape for name in graph.outputs] == [(2, 3, 5), (1, 2, 5), (1, 2, 5)]
    assert [node.op for node in graph.nodes].count("lstm") == 1


@pytest.mark.parametrize(("make", "gates"), [(nn.LSTMCell, 4), (nn.GRUCell, 3), (nn.RNNCell, 1)])
def test_dynamic_cell(make: Any, gates: int) -> None:
    profile = netweight.weigh(tq.quantize_dynamic(nn.Sequential(make(4, 5)), {make}), (2, 4))
    row = next(row for row in profile.layers if row.kind == "recurrent")
    assert (row.macs, row.flops, row.params) == (2 * gates * 5 * (4 + 5), 0, gates * 5 * (4 + 5 + 2))
    assert not any("not read" in note for note in profile.notes)


@pytest.mark.parametrize("training", [True, False])
def test_quantisation_aware_training(training: bool) -> None:
    module = Small().train()
    module.qconfig = tq.get_default_qat_qconfig("x86")
    module = tq.prepare_qat(module)
    plain = netweight.weigh(Small(), (2, 3, 8, 8), training=training)
    profile = netweight.weigh(module, (2, 3, 8, 8), training=training)
    assert profile.totals.macs == plain.totals.macs
    assert profile.totals.params == plain.totals.params
    assert profile.coverage.complete
    # The input, two weights, and the results of convolution, normalisation, sum and linear layer.
    assert sum(row.op == "fake_quantize" for row in profile.layers) == 7
    # Weights are charged to the layers, not to what rounds them or watches their range.
    assert {row.layer: (row.params, row.params_no_bias) for row in profile.layers if row.params} == {
        "conv.conv": (4 * 27 + 4, 4 * 27),
        "norm": (4 + 4, 4),
        "fc.linear": (2 * 4 + 2, 2 * 4),
    }


def test_a_rounded_weight_that_nothing_reads_is_charged_where_it_is_rounded() -> None:
    class Rounded(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.weight = nn.Parameter(torch.randn(3, 4))

        def forward(self, x: Any) -> Any:
            return x, torch.fake_quantize_per_tensor_affine(self.weight, 0.1, 0, -128, 127)

    assert rows_of(Rounded(), (2, 3))["fake_quantize"].params == 3 * 4


def test_fake_quantisation_gives_what_pytorch_gives() -> None:
    class Fake(nn.Module):
        def forward(self, x: Any) -> Any:
            return torch.fake_quantize_per_tensor_affine(x, 0.1, 3, 0, 255)

    class PerChannel(nn.Module):
        def forward(self, x: Any) -> Any:
            scale, zero = torch.tensor([0.1, 0.2, 0.3]), torch.tensor([1, 0, 2], dtype=torch.int32)
            return torch.fake_quantize_per_channel_affine(x, scale, zero, 1, -128, 127)

    for module in (Fake(), PerChannel()):
        assert_alike(module.eval(), 10 * torch.randn(2, 3, 4))


@pytest.mark.parametrize("relu", [False, True])
def test_linear_with_halves(relu: bool) -> None:
    """Weights of 16 bits, arithmetic and biases of 32: one layer twice has them once, and the graph runs."""

    class Twice(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.fc = torch.ao.nn.intrinsic.LinearReLU(nn.Linear(4, 4), nn.ReLU()) if relu else nn.Linear(4, 4)

        def forward(self, x: Any) -> Any:
            return self.fc(self.fc(x))

    module = tq.quantize_dynamic(Twice().eval(), dtype=torch.float16, qconfig_spec=_halves())
    assert type(module.fc).__module__.startswith("torch.ao.nn.")
    assert_alike(module, torch.randn(3, 4), tolerance=1e-4)
    row = next(row for row in netweight.weigh(module, (3, 4)).layers if row.op == "linear")
    assert (row.macs, row.flops) == (2 * 3 * 4 * 4, 2 * (2 * 3 * 4 * 4 + 3 * 4))
    assert (row.params, row.model_size_bytes) == (4 * 4 + 4, 2 * 4 * 4 + 4 * 4)


def _halves() -> Any:
    kinds = (nn.Linear, torch.ao.nn.intrinsic.LinearReLU, nn.LSTM, nn.GRU, nn.LSTMCell, nn.GRUCell, nn.RNNCell)
    return dict.fromkeys(kinds, tq.float16_dynamic_qconfig)


@pytest.mark.parametrize(("make", "gates"), [(nn.LSTM, 4), (nn.GRU, 3)])
def test_recurrent_with_halves(make: Any, gates: int) -> None:
    plain = nn.Sequential(make(4, 5, num_layers=2, bidirectional=True, batch_first=True)).eval()
    module = tq.quantize_dynamic(plain, dtype=torch.float16, qconfig_spec=_halves())
    assert_alike(module, torch.randn(2, 3, 4), tolerance=2e-3)
    rows = [row for row in netweight.weigh(module, (2, 3, 4)).layers if row.kind == "recurrent"]
    weights, biases = 2 * gates * 5 * ((4 + 5) + (10 + 5)), 2 * 2 * gates * 5 * 2
    assert sum(row.macs or 0 for row in rows) == 3 * 2 * weights
    assert all(row.flops for row in rows)
    assert sum(row.model_size_bytes for row in rows) == 2 * weights + 4 * biases


@pytest.mark.parametrize(("make", "gates"), [(nn.LSTMCell, 4), (nn.GRUCell, 3), (nn.RNNCell, 1)])
def test_cell_with_halves(make: Any, gates: int) -> None:
    module = tq.quantize_dynamic(nn.Sequential(make(4, 5)).eval(), dtype=torch.float16, qconfig_spec=_halves())
    assert_alike(module, torch.randn(2, 4), tolerance=2e-3)
    row = next(row for row in netweight.weigh(module, (2, 4)).layers if row.kind == "recurrent")
    assert (row.macs, row.params) == (2 * gates * 5 * (4 + 5), gates * 5 * (4 + 5 + 2))
    assert row.model_size_bytes == 2 * gates * 5 * (4 + 5) + 4 * gates * 5 * 2


def test_a_quantised_graph_is_not_run() -> None:
    module = tq.quantize_dynamic(nn.Sequential(nn.Linear(4, 5)), {nn.Linear})
    with pytest.raises(NetweightError, match="weights: expected a network that is not quantised"):
        capture_module(module, (3, 4)).weights()
