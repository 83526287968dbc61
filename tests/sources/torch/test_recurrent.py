"""Recurrent layers: every setting of PyTorch's, and sequences of unequal lengths."""

from __future__ import annotations

from typing import Any

import pytest

import netweight

torch = pytest.importorskip("torch")

from torch import nn  # noqa: E402
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence  # noqa: E402

from sources.torch.alike import assert_alike  # noqa: E402

LAYERS = {"LSTM": (nn.LSTM, 4), "GRU": (nn.GRU, 3), "RNN": (nn.RNN, 1)}
CELLS = {"LSTMCell": (nn.LSTMCell, 4), "GRUCell": (nn.GRUCell, 3), "RNNCell": (nn.RNNCell, 1)}
SETTINGS = (
    {}, {"num_layers": 2}, {"bidirectional": True}, {"num_layers": 2, "bidirectional": True, "batch_first": True},
    {"bias": False}, {"batch_first": True},
)  # fmt: skip

every_layer = pytest.mark.parametrize("name", LAYERS)
every_setting = pytest.mark.parametrize("settings", SETTINGS, ids=lambda s: "-".join(s) or "plain")


class Packed(nn.Module):
    """Packs padded sequences, reads them, and pads them again."""

    def __init__(self, layer: Any, *, total_length: int | None = None, enforce_sorted: bool = False) -> None:
        super().__init__()
        self.layer = layer
        self.total_length = total_length
        self.enforce_sorted = enforce_sorted

    def forward(self, x: Any, lengths: Any) -> Any:
        first = self.layer.batch_first
        packed = pack_padded_sequence(x, lengths, batch_first=first, enforce_sorted=self.enforce_sorted)
        y, states = self.layer(packed)
        padded, again = pad_packed_sequence(y, batch_first=first, padding_value=0.5, total_length=self.total_length)
        assert again.tolist() == lengths.tolist()
        return padded, states


class Unrolled(nn.Module):
    """A cell that is called once per step."""

    def __init__(self, cell: Any) -> None:
        super().__init__()
        self.cell = cell

    def forward(self, x: Any) -> Any:
        states, outputs = None, []
        for step in x:
            states = self.cell(step, states)
            outputs.append(states[0] if isinstance(states, tuple) else states)
        return torch.stack(outputs), states


@every_layer
@every_setting
@pytest.mark.parametrize("batch", [2, None])
def test_layer(name: str, settings: dict[str, Any], batch: int | None) -> None:
    make, gates = LAYERS[name]
    layer = make(4, 5, **settings).eval()
    shape = (3, 4) if batch is None else (batch, 3, 4) if layer.batch_first else (3, batch, 4)
    capture = assert_alike(layer, torch.randn(shape))
    # One node per layer and direction, not what PyTorch would take it apart to; states of zeros are none.
    found = [node for node in capture.graph.nodes if node.op == name.lower()]
    assert len(found) == layer.num_layers * (2 if layer.bidirectional else 1)
    assert capture.notes == ()
    assert "constant" not in {value.kind for value in capture.graph.values.values()}
    ways = 2 if layer.bidirectional else 1
    per_layer = [gates * 5 * ((4 if depth == 0 else 5 * ways) + 5) for depth in range(layer.num_layers)]
    profile = netweight.weigh(layer, shape)
    assert profile.totals.macs == 3 * (batch or 1) * ways * sum(per_layer)
    assert profile.totals.params == sum(p.numel() for p in layer.parameters())
    assert profile.coverage.complete


@every_layer
def test_given_states(name: str) -> None:
    layer = LAYERS[name][0](4, 5, num_layers=2, bidirectional=True).eval()

    class Called(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.layer = layer

        def forward(self, x: Any, h: Any) -> Any:
            return self.layer(x, (h, 2 * h) if isinstance(layer, nn.LSTM) else h)

    assert_alike(Called().eval(), torch.randn(3, 2, 4), torch.randn(4, 2, 5))


@every_layer
def test_states_written_out_in_the_program(name: str) -> None:
    layer = LAYERS[name][0](4, 5).eval()

    class Started(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.layer = layer

        def forward(self, x: Any) -> Any:
            h = torch.full((1, x.shape[1], 5), 0.5)
            return self.layer(x, (h, -h) if isinstance(layer, nn.LSTM) else h)

    assert_alike(Started().eval(), torch.randn(3, 2, 4))


@every_layer
@pytest.mark.parametrize("settings", [{}, {"num_layers": 2, "bidirectional": True, "batch_first": True}])
@pytest.mark.parametrize("lengths", [[3, 6, 2], [4, 4, 4], [6, 6, 1]], ids=str)
def test_packed_sequences_cost_their_real_lengths(name: str, settings: dict[str, Any], lengths: list[int]) -> None:
    make, gates = LAYERS[name]
    layer = make(4, 5, **settings)
    x = torch.randn((3, 6, 4) if layer.batch_first else (6, 3, 4))
    module = Packed(layer, total_length=7).eval()
    assert_alike(module, x, torch.tensor(lengths))
    ways, steps = (2 if layer.bidirectional else 1), sum(lengths)
    per_layer = [gates * 5 * ((4 if depth == 0 else 5 * ways) + 5) for depth in range(layer.num_layers)]
    assert netweight.weigh(module, (x, torch.tensor(lengths))).totals.macs == steps * ways * sum(per_layer)


def test_packed_sequences_that_are_sorted() -> None:
    assert_alike(Packed(nn.GRU(4, 5), enforce_sorted=True).eval(), torch.randn(6, 3, 4), torch.tensor([6, 5, 2]))


def test_unknown_lengths_are_taken_to_be_full() -> None:
    class Masked(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.layer = nn.GRU(4, 5, batch_first=True)

        def forward(self, x: Any) -> Any:
            lengths = (x[:, :, 0] != 0).sum(1)
            packed = pack_padded_sequence(x, lengths, batch_first=True, enforce_sorted=False)
            return pad_packed_sequence(self.layer(packed)[0], batch_first=True)[0]

    profile = netweight.weigh(Masked(), (2, 6, 4))
    assert sum(row.macs or 0 for row in profile.layers if row.kind == "recurrent") == 2 * 6 * 3 * 5 * (4 + 5)
    assert not profile.coverage.complete
    assert any("lengths of sequences depend on data" in note for note in profile.notes)


@pytest.mark.parametrize("name", CELLS)
@pytest.mark.parametrize("bias", [True, False])
@pytest.mark.parametrize("shape", [(3, 2, 4), (3, 4)])
def test_cell_in_a_loop(name: str, bias: bool, shape: tuple[int, ...]) -> None:
    make, gates = CELLS[name]
    module = Unrolled(make(4, 5, bias=bias)).eval()
    assert_alike(module, torch.randn(shape))
    profile = netweight.weigh(module, shape)
    row = next(row for row in profile.layers if row.kind == "recurrent")
    assert (row.layer, row.calls) == ("cell", 3)
    assert row.macs == 3 * (2 if len(shape) == 3 else 1) * gates * 5 * (4 + 5)
    assert row.params == sum(p.numel() for p in module.parameters())


def test_relu_cell_and_layer() -> None:
    assert_alike(nn.RNN(4, 5, nonlinearity="relu").eval(), torch.randn(3, 2, 4))
    assert_alike(Unrolled(nn.RNNCell(4, 5, nonlinearity="relu")).eval(), torch.randn(3, 2, 4))


@pytest.mark.filterwarnings("ignore:LSTM with projections:UserWarning")
def test_projected_states() -> None:
    layer = nn.LSTM(4, 5, proj_size=3).eval()
    assert_alike(layer, torch.randn(3, 2, 4))
    profile = netweight.weigh(layer, (3, 2, 4))
    # Per step: four gates from 4 features and 3 projected states, and the projection of 5 to 3.
    assert profile.totals.macs == 3 * 2 * (4 * 5 * (4 + 3) + 5 * 3)
    assert_alike(
        Packed(nn.LSTM(4, 5, proj_size=3, batch_first=True)).eval(), torch.randn(2, 6, 4), torch.tensor([3, 6])
    )


def test_dropout_between_layers_only_while_training() -> None:
    layer = nn.LSTM(4, 5, num_layers=2, dropout=0.5)
    trained = [node.op for node in netweight.capture(layer, (3, 2, 4), training=True).nodes]
    assert [op for op in trained if op in ("lstm", "dropout")] == ["lstm", "dropout", "lstm"]
    assert "dropout" not in [node.op for node in netweight.capture(layer, (3, 2, 4)).nodes]
