"""Recurrent layers of every option, by ONNX Runtime."""

from typing import Any

import numpy as np
import pytest

onnx = pytest.importorskip("onnx")

from netweight.analysis.cost import weigh_graph  # noqa: E402
from netweight.errors import FormatError  # noqa: E402
from netweight.sources.onnx import read_graph  # noqa: E402
from sources.onnx.one_node import check_agrees, one_node  # noqa: E402

RNG = np.random.default_rng(0)
F32 = np.float32
GATES = {"RNN": 1, "GRU": 3, "LSTM": 4}
T, N, C, H = 4, 2, 3, 5


def f(*shape: int) -> Any:
    return (RNG.standard_normal(shape) / 2).astype(F32)


def weights(kind: str, ways: int = 1) -> tuple[Any, Any, Any]:
    rows = GATES[kind] * H
    return f(ways, rows, C), f(ways, rows, H), f(ways, 2 * rows)


def layers(read: Any) -> set[str]:
    return {node.op for node in read.graph.nodes} & {"rnn", "gru", "lstm"}


@pytest.mark.parametrize("direction", ["forward", "reverse", "bidirectional"])
@pytest.mark.parametrize("kind", GATES)
def test_plain_layers(kind: str, direction: str) -> None:
    """Per step, sample and gate H rows of C + H products; weights and two biases of each are parameters."""
    ways = 2 if direction == "bidirectional" else 1
    settings = {"hidden_size": H, "direction": direction, "outputs": 3 if kind == "LSTM" else 2}
    if kind == "GRU":
        settings["linear_before_reset"] = 1
    read = check_agrees(kind, f(T, N, C), *weights(kind, ways), tolerance=1e-4, **settings)
    assert layers(read) == {kind.lower()}
    totals = weigh_graph(read.graph).totals
    assert totals.macs == ways * T * N * GATES[kind] * H * (C + H)
    assert totals.params == ways * GATES[kind] * H * (C + H + 2)


@pytest.mark.parametrize("kind", GATES)
def test_zeros_as_the_first_state_are_none(kind: str) -> None:
    states = [np.zeros((1, N, H), F32)] * (2 if kind == "LSTM" else 1)
    settings = {"linear_before_reset": 1} if kind == "GRU" else {}
    inputs = (f(T, N, C), *weights(kind), None, *states)
    read = check_agrees(kind, *inputs, hidden_size=H, tolerance=1e-4, **settings)
    assert [node.op for node in read.graph.nodes] == [kind.lower(), "reshape"]
    assert read.graph.nodes[0].inputs[1] is None


@pytest.mark.parametrize("kind", GATES)
def test_lengths_and_first_states(kind: str) -> None:
    states = [f(2, N, H) for _ in range(2 if kind == "LSTM" else 1)]
    lengths = np.array([4, 2], np.int32)
    inputs = (f(T, N, C), *weights(kind, 2), lengths, *states)
    fixed = [1, 2, 3]
    settings = {"hidden_size": H, "direction": "bidirectional", "outputs": 2, "fixed": fixed, "tolerance": 1e-4}
    assert layers(check_agrees(kind, *inputs, **settings)) == {kind.lower()}
    full = (*inputs[:4], np.array([4, 4], np.int32), *states)
    read = check_agrees(kind, *full, **{**settings, "fixed": [*fixed, 4]})
    assert layers(read) == {kind.lower()}
    assert all(len(node.inputs) < 8 for node in read.graph.nodes)  # full lengths are none


def test_options() -> None:
    w, r, b = weights("LSTM")
    x, peephole = f(T, N, C), f(1, 3 * H)
    read = check_agrees("LSTM", x, w, r, b, None, None, None, peephole, hidden_size=H, tolerance=1e-4)
    assert layers(read) == {"lstm"}
    assert weigh_graph(read.graph).totals.params == 4 * H * (C + H + 2) + 3 * H
    check_agrees("LSTM", x, w, r, b, hidden_size=H, clip=0.2, input_forget=1, tolerance=1e-4)
    check_agrees("LSTM", x, w, r, hidden_size=H, activations=["HardSigmoid", "Relu", "Softsign"],
                 activation_alpha=[0.3], activation_beta=[0.4], tolerance=1e-4)  # fmt: skip
    check_agrees("GRU", x, *weights("GRU"), hidden_size=H, tolerance=1e-4)
    check_agrees("RNN", x, *weights("RNN"), hidden_size=H, activations=["LeakyRelu"], activation_alpha=[0.2],
                 tolerance=1e-4)  # fmt: skip
    assert layers(check_agrees("RNN", x, *weights("RNN"), hidden_size=H, activations=["Relu"])) == {"rnn"}


def test_two_layers_with_the_same_weights_count_them_once() -> None:
    w, r, b = weights("LSTM")
    one = one_node("LSTM", f(T, N, C), w, r, b, hidden_size=H)
    again = onnx.helper.make_node("LSTM", ["x0", "x1", "x2", "x3"], ["z"], hidden_size=H)
    one.graph.node.append(again)
    one.graph.output.append(onnx.helper.make_empty_tensor_value_info("z"))
    totals = weigh_graph(read_graph(one).graph).totals
    assert totals.params == 4 * H * (C + H + 2)
    assert totals.macs == 2 * T * N * 4 * H * (C + H)


def test_weights_that_are_computed_are_cut_by_operators() -> None:
    inputs = (f(T, N, C), *weights("LSTM"))
    read = check_agrees("LSTM", *inputs, hidden_size=H, fixed=[], tolerance=1e-4)
    assert "concat" in {node.op for node in read.graph.nodes}


def test_bad_layers() -> None:
    with pytest.raises(
        FormatError, match="LSTM: expected weights of each direction of 'bidirectional', got those of 1"
    ):
        read_graph(one_node("LSTM", f(T, N, C), *weights("LSTM"), hidden_size=H, direction="bidirectional"))
    with pytest.raises(FormatError, match=r"GRU: expected 2 activations of affine, .*, got snake, tanh"):
        read_graph(one_node("GRU", f(T, N, C), *weights("GRU"), hidden_size=H, activations=["Snake", "Tanh"]))
