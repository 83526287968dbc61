from typing import Any

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from torch.utils.flop_counter import FlopCounterMode  # noqa: E402

from netweight import build  # noqa: E402
from netweight.analysis.cost import weigh_graph  # noqa: E402
from netweight.errors import ShapeError  # noqa: E402
from netweight.functions.contract.einsum import einsum  # noqa: E402
from netweight.ir import Graph  # noqa: E402
from netweight.runtime.forward import run  # noqa: E402

BUILDERS = {"rnn": build.rnn, "gru": build.gru, "lstm": build.lstm}
MODULES = {"rnn": torch.nn.RNN, "gru": torch.nn.GRU, "lstm": torch.nn.LSTM}


def weights_of(module: Any, prefix: str) -> dict[str, Any]:
    return {f"{prefix}.{name}": p.detach().numpy() for name, p in module.named_parameters()}


def shapes_of(graph: Graph) -> dict[str, tuple[int, ...]]:
    return {name: value.spec.shape for name, value in graph.values.items() if value.kind == "parameter"}


def counted_by_pytorch(module: Any, *inputs: Any, **options: Any) -> int:
    """Two per MAC; gradients keep PyTorch from fusing a layer into one call that it does not count."""
    with FlopCounterMode(display=False) as counter:
        module(*inputs, **options)
    return int(counter.get_total_flops()) // 2


@pytest.mark.parametrize("kind", sorted(BUILDERS))
@pytest.mark.parametrize("bias", [True, False])
@pytest.mark.parametrize("bidirectional", [True, False])
@pytest.mark.parametrize("batch_first", [True, False])
def test_recurrent_stacks_are_pytorchs(kind: str, *, bias: bool, bidirectional: bool, batch_first: bool) -> None:
    options = {"num_layers": 2, "bias": bias, "bidirectional": bidirectional, "batch_first": batch_first}
    module = MODULES[kind](3, 5, **options).double()
    x = torch.randn(4, 6, 3, dtype=torch.float64)

    def network(symbol: Any) -> Any:
        y, states = BUILDERS[kind](symbol, 5, **options)
        return (y, *(states[0] + states[1] if kind == "lstm" else states))

    graph = build.graph(network, (4, 6, 3))
    weights = weights_of(module, kind)
    assert shapes_of(graph) == {name: array.shape for name, array in weights.items()}
    profile = weigh_graph(graph)
    assert profile.totals.params == sum(array.size for array in weights.values())
    assert profile.totals.macs == counted_by_pytorch(module, x)
    y, states = module(x)
    states = torch.cat(states) if kind == "lstm" else states
    outputs = list(run(graph, {"x": x.numpy()}, weights).outputs.values())
    np.testing.assert_allclose(outputs[0], y.detach().numpy(), rtol=1e-10, atol=1e-12)
    for ours, theirs in zip(outputs[1:], states.detach().numpy(), strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=1e-10, atol=1e-12)


def test_two_layers_of_lstm_by_hand() -> None:
    graph = build.graph(lambda x: build.lstm(x, 20, num_layers=2, bidirectional=True)[0], (7, 1, 10))
    first, second = 4 * 20 * (10 + 20 + 2), 4 * 20 * (2 * 20 + 20 + 2)
    assert weigh_graph(graph).totals.params == 2 * (first + second) == 15_040


def test_final_states_start_a_decoder() -> None:
    def translate(source: Any, target: Any) -> Any:
        _, states = build.lstm(source, 5, num_layers=2, dropout=0.3, name="encoder")
        return build.lstm(target, 5, num_layers=2, dropout=0.3, hx=states, name="decoder")[0]

    graph = build.graph(translate, (4, 2, 3), (6, 2, 3))
    assert [node.layer for node in graph.nodes] == [
        f"{part}.{layer}" for part in ("encoder", "decoder") for layer in ("l0", "dropout1", "l1")
    ]
    assert graph.nodes[3].inputs[1:3] == ("encoder.l0:1", "encoder.l0:2")
    assert graph.nodes[5].inputs[1:3] == ("encoder.l1:1", "encoder.l1:2")


@pytest.mark.parametrize("bias", [True, False])
def test_multi_head_attention_is_pytorchs(*, bias: bool) -> None:
    module = torch.nn.MultiheadAttention(8, 2, bias=bias, batch_first=True, dtype=torch.float64)
    x = torch.randn(3, 5, 8, dtype=torch.float64)
    graph = build.graph(lambda x: build.multi_head_attention(x, 2, bias=bias), (3, 5, 8))
    weights = weights_of(module, "attn")
    assert shapes_of(graph) == {name: array.shape for name, array in weights.items()}
    totals = weigh_graph(graph).totals
    assert totals.params == sum(array.size for array in weights.values())
    products = 3 * 5 * 8 * (3 * 8) + 3 * 2 * 5 * 5 * (4 + 4) + 3 * 5 * 8 * 8
    assert totals.macs == products == counted_by_pytorch(module, x, x, x)
    expected, _ = module(x, x, x, need_weights=False)
    (y,) = run(graph, {"x": x.numpy()}, weights).outputs.values()
    np.testing.assert_allclose(y, expected.detach().numpy(), rtol=1e-10, atol=1e-12)


def test_causal_attention_does_not_look_ahead() -> None:
    graph = build.graph(lambda x: build.multi_head_attention(x, 2, is_causal=True), (1, 4, 6))
    rng = np.random.default_rng(0)
    weights = {name: rng.standard_normal(shape) for name, shape in shapes_of(graph).items()}
    x = rng.standard_normal((1, 4, 6))
    (before,) = run(graph, {"x": x}, weights).outputs.values()
    x[:, 3] = 9
    (after,) = run(graph, {"x": x}, weights).outputs.values()
    np.testing.assert_array_equal(after[:, :3], before[:, :3])


def test_the_scale_is_resolved() -> None:
    graph = build.graph(lambda x: build.scaled_dot_product_attention(x, x, x), (1, 2, 3, 16))
    assert graph.nodes[0].attrs.scale == 1 / 4


def test_matrix_products_of_symbols() -> None:
    def network(x: Any) -> Any:
        return build.einsum("...ij,kj", x @ build.transpose(x, 1, 2), build.parameter(x, "w", (4, 3)))

    graph = build.graph(network, (2, 3, 5))
    assert graph.nodes[-1].attrs.equation == "aij,kj->aik"
    assert weigh_graph(graph).totals.macs == 2 * 3 * 5 * 3 + 2 * 3 * 3 * 4


@pytest.mark.parametrize(
    ("describe", "field"),
    [
        (lambda x: build.reshape(x, 32) @ build.parameter(x, "w", (32, 3)), (4, 4)),
        (lambda x: x @ build.parameter(x, "w", (4, 3)), (1, 4)),  # a weight for each row
        (lambda x: build.einsum("...w,wv->...v", x, build.parameter(x, "w", (4, 3))), (1, 4)),
        (lambda x: x @ build.transpose(x, -1, -2), (4, 4)),
        (lambda x: build.scaled_dot_product_attention(x, x, x), (4, 4)),
    ],
)
def test_receptive_fields(describe: Any, field: tuple[int, int]) -> None:
    assert weigh_graph(build.graph(describe, (1, 2, 4, 4))).layers[-1].receptive_field == field


@pytest.mark.parametrize(
    ("describe", "message"),
    [
        (lambda x: build.lstm(build.flatten(x, 1), 5)[0], r"lstm: expected x of three"),
        (lambda x: build.gru(x, 5, num_layers=2, h0=(x,))[0], r"gru: expected 2 initial states, .* got 1"),
        (lambda x: build.multi_head_attention(x, 4), r"heads that divide embed_dim, got \(2, 3, 5\) and 4 heads"),
    ],
)
def test_errors(describe: Any, message: str) -> None:
    with pytest.raises(ShapeError, match=message):
        build.graph(describe, (2, 3, 5))


def test_einsum_of_nothing() -> None:
    for describe in (lambda _: build.einsum("i"), lambda x: einsum(x.builder, "i")):
        with pytest.raises(ShapeError, match="einsum: expected at least one tensor, got none"):
            build.graph(describe, (2, 3))
