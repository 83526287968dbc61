"""Fused layers of ONNX Runtime's optimised graphs: by ONNX Runtime, and what they are in the table."""

from typing import Any

import numpy as np
import pytest

onnx = pytest.importorskip("onnx")

from netweight.errors import FormatError  # noqa: E402
from netweight.sources.onnx import read_graph  # noqa: E402
from sources.onnx.one_node import check_agrees, one_node, operators, ours  # noqa: E402

RNG = np.random.default_rng(0)
F32 = np.float32
MS = "com.microsoft"


def f(*shape: int) -> Any:
    return RNG.standard_normal(shape).astype(F32)


def agrees(name: str, *inputs: Any, **settings: Any) -> Any:
    return check_agrees(name, *inputs, domain=MS, **settings)


@pytest.mark.parametrize(
    ("activation", "params", "ops"),
    [
        ("Relu", [], ["relu"]),
        ("Tanh", [], ["tanh"]),
        ("Sigmoid", [], ["sigmoid"]),
        ("LeakyRelu", [0.2], ["leaky_relu"]),
        ("Clip", [-0.5, 0.5], ["clamp"]),
        ("HardSigmoid", [0.3, 0.4], ["hardsigmoid"]),
    ],
)
def test_convolution_with_an_activation(activation: str, params: list[float], ops: list[str]) -> None:
    settings = {"activation_params": params} if params else {}
    read = agrees(
        "FusedConv", f(2, 4, 6, 6), f(6, 2, 3, 3), f(6), group=2, pads=[1, 1, 0, 0], activation=activation, **settings
    )
    assert operators(read) == ["conv", *ops]


def test_convolution_with_a_sum() -> None:
    read = agrees("FusedConv", f(1, 2, 5, 5), f(3, 2, 3, 3), f(3), f(1, 3, 3, 3), activation="Relu", fixed=[1, 2])
    assert operators(read) == ["conv", "add", "relu"]


def test_convolution_with_channels_last_is_the_same_convolution() -> None:
    """3 * 3 * 2 weights for each of 4 channels at 4 * 4 places."""
    read = read_graph(one_node("NhwcConv", f(1, 6, 6, 2), f(4, 2, 3, 3), f(4), domain=MS))
    assert operators(read) == ["permute", "conv", "permute"]
    assert read.outputs["y0"].shape == (1, 4, 4, 4)


def test_unknown_activation() -> None:
    with pytest.raises(FormatError, match=r"FusedConv: expected an activation of .*Clip.*, got 'Snake'"):
        read_graph(one_node("FusedConv", f(1, 2, 5, 5), f(3, 2, 3, 3), domain=MS, activation="Snake"))


@pytest.mark.parametrize("trans", [(0, 0), (0, 1), (1, 0), (1, 1)])
def test_matrix_products(trans: tuple[int, int]) -> None:
    a = f(4, 3) if trans[0] else f(3, 4)
    b = f(5, 4) if trans[1] else f(4, 5)
    settings = {"transA": trans[0], "transB": trans[1], "alpha": 0.5}
    agrees("FusedMatMul", a, b, **settings)
    agrees("FusedGemm", a, b, f(5), activation="Relu", beta=2.0, **settings)


def test_batches_as_columns() -> None:
    """(rows, batch, columns) with the batch brought to the front."""
    agrees("FusedMatMul", f(3, 2, 4), f(2, 4, 5), transBatchA=1)
    agrees("FusedMatMul", f(2, 3, 4), f(5, 2, 4), transBatchB=1, transB=1)


def test_gelus() -> None:
    assert operators(agrees("Gelu", f(2, 8))) == ["gelu"]
    assert operators(agrees("BiasGelu", f(2, 8), f(8))) == ["add", "gelu"]
    assert operators(agrees("FastGelu", f(2, 8), f(8), tolerance=1e-4)) == ["add", "gelu"]
    assert operators(agrees("QuickGelu", f(2, 8), alpha=1.702)) == ["mul", "sigmoid", "mul"]


def test_skip_layer_norm_gives_the_sum_as_well() -> None:
    read = agrees("SkipLayerNormalization", f(2, 3, 8), f(2, 3, 8), f(8), f(8), f(8), fixed=[2, 3, 4])
    assert operators(read) == ["add", "add", "layer_norm"]
    agrees("SkipLayerNormalization", f(2, 3, 8), f(3, 8), f(8), fixed=[2], epsilon=1e-3)
    read = agrees("SkipSimplifiedLayerNormalization", f(2, 3, 8), f(2, 3, 8), f(8), fixed=[2])
    assert operators(read) == ["add", "rms_norm"]
    model = one_node("SkipLayerNormalization", f(2, 3, 8), f(2, 3, 8), f(8), outputs=4, fixed=[2], domain=MS)
    model.graph.node[0].output[1] = model.graph.node[0].output[2] = ""
    del model.graph.output[1:3]
    total = read_graph(model).outputs["y3"]
    assert total.shape == (2, 3, 8)


def test_simplified_layer_norm_under_both_names() -> None:
    read = check_agrees("SimplifiedLayerNormalization", f(2, 3, 8), f(8), axis=-1, epsilon=1e-5)
    assert operators(read) == ["rms_norm"]


def test_embeddings_of_bert() -> None:
    """Three tables of 7, 5 and 2 rows of 8 numbers, and a normalisation: (7 + 5 + 2 + 1 + 1) * 8 parameters."""
    ids = RNG.integers(0, 7, (2, 4)).astype(np.int32)
    segments = RNG.integers(0, 2, (2, 4)).astype(np.int32)
    mask = np.array([[1, 1, 1, 0], [1, 1, 0, 0]], np.int32)
    inputs = (ids, segments, f(7, 8), f(5, 8), f(2, 8), f(8), f(8), mask)
    read = agrees("EmbedLayerNormalization", *inputs, fixed=[2, 3, 4, 5, 6], outputs=2, mask_index_type=1)
    params = [value for value in read.graph.values.values() if value.kind == "parameter"]
    assert sum(value.spec.numel for value in params) == (7 + 5 + 2 + 1 + 1) * 8
    agrees("EmbedLayerNormalization", ids, None, f(7, 8), f(5, 8), None, f(8), f(8), outputs=2, epsilon=1e-6)


MASKS = {
    "lengths": np.array([4, 2], np.int32),
    "ends and starts": np.array([4, 3, 0, 1], np.int32),
    "of keys": np.array([[1, 1, 1, 1], [1, 1, 0, 0]], np.int32),
    "of pairs": np.tril(np.ones((2, 4, 4), np.int32)),
}


@pytest.mark.parametrize("mask", MASKS)
def test_attention_with_its_projection(mask: str) -> None:
    read = agrees("Attention", f(2, 4, 6), f(6, 24), f(24), MASKS[mask], num_heads=2, fixed=[1, 2])
    assert "scaled_dot_product_attention" in operators(read)


def test_causal_attention_with_a_past() -> None:
    past = f(2, 1, 2, 3, 4)
    agrees("Attention", f(1, 2, 6), f(6, 24), f(24), None, past, num_heads=2, unidirectional=1, outputs=2, fixed=[1, 2])
    agrees(
        "Attention", f(1, 4, 6), f(6, 8 + 8 + 4), f(20), None, None, f(1, 2, 4, 4), num_heads=2,
        qkv_hidden_sizes=[8, 8, 4], fixed=[1, 2],
    )  # fmt: skip


def test_attention_macs() -> None:
    """2 samples of 4 tokens: 6 * 24 to project, then 2 heads of 4 * 4 pairs, 4 + 4 features each."""
    from netweight.analysis.cost import weigh_graph

    read = agrees("Attention", f(2, 4, 6), f(6, 24), f(24), num_heads=2, fixed=[1, 2])
    profile = weigh_graph(read.graph)
    assert profile.totals.macs == 2 * 4 * 6 * 24 + 2 * 2 * 4 * 4 * (4 + 4)
    assert profile.totals.params == 6 * 24 + 24


def test_multi_head_attention() -> None:
    agrees("MultiHeadAttention", f(2, 3, 8), f(2, 5, 8), f(2, 5, 6), f(22), num_heads=2, fixed=[3])
    agrees("MultiHeadAttention", f(2, 3, 8), f(2, 2, 5, 4), f(2, 2, 5, 4), num_heads=2, fixed=[])
    mask = np.array([[1, 1, 1, 1, 1], [1, 1, 1, 0, 0]], np.int32)
    agrees("MultiHeadAttention", f(2, 3, 8), f(2, 5, 8), f(2, 5, 8), None, mask, f(1, 2, 3, 5), num_heads=2, fixed=[])
    cached = (None, None, None, f(2, 2, 4, 4), f(2, 2, 4, 4))
    agrees("MultiHeadAttention", f(2, 3, 8), f(2, 3, 8), f(2, 3, 8), *cached, num_heads=2, outputs=3, fixed=[])


def test_packed_queries_keys_and_values_are_the_same_attention() -> None:
    """ONNX Runtime has them on GPUs only: (N, T, heads, 3, features), and (N, T, heads, 2, features)."""
    q, k, v = f(2, 3, 2, 4), f(2, 3, 2, 4), f(2, 3, 2, 4)
    flat = [part.reshape(2, 3, 8) for part in (q, k, v)]
    packed = [(np.stack([q, k, v], axis=3),), (flat[0], np.stack([k, v], axis=3))]
    results = []
    for inputs in (flat, *packed):
        model = one_node("MultiHeadAttention", *inputs, domain=MS, num_heads=2, fixed=[])
        results.append(ours(model, inputs)[0])
    np.testing.assert_array_equal(results[0], results[1])
    np.testing.assert_array_equal(results[0], results[2])


@pytest.mark.parametrize(
    "settings", [{}, {"do_rotary": 1}, {"do_rotary": 1, "rotary_interleaved": 1}, {"local_window_size": 2}]
)
@pytest.mark.parametrize("room", [0, 3])
def test_group_query_attention(settings: dict[str, int], room: int) -> None:
    """4 query heads on 2 key heads of 16 features, after a cache of as many keys as there is room."""
    steps = 1 if room else 4
    total = room + steps
    angles = np.arange(16)[:, None] / 3.0 ** np.arange(8)
    cache = (f(1, 2, room, 16), f(1, 2, room, 16))
    tables = (np.cos(angles).astype(F32), np.sin(angles).astype(F32)) if "do_rotary" in settings else ()
    inputs = (f(1, steps, 64), f(1, steps, 32), f(1, steps, 32), *cache, np.array([total - 1], np.int32),
              np.array(total, np.int32), *tables)  # fmt: skip
    fixed = [6, 7, 8][: 1 + len(tables)]
    read = agrees("GroupQueryAttention", *inputs, num_heads=4, kv_num_heads=2, outputs=3, fixed=fixed, **settings)
    assert "scaled_dot_product_attention" in operators(read)
    packed = (np.concatenate(inputs[:3], axis=2), None, None, *inputs[3:])
    agrees("GroupQueryAttention", *packed, num_heads=4, kv_num_heads=2, outputs=3, fixed=fixed, **settings)


@pytest.mark.parametrize("interleaved", [0, 1])
def test_rotary_embedding(interleaved: int) -> None:
    angles = np.arange(16)[:, None] / 3.0 ** np.arange(4)
    tables = np.cos(angles).astype(F32), np.sin(angles).astype(F32)
    agrees("RotaryEmbedding", f(2, 3, 16), np.array([2], np.int64), *tables, interleaved=interleaved)
    places = np.array([[0, 1, 2], [5, 6, 7]], np.int64)
    agrees("RotaryEmbedding", f(2, 4, 3, 8), places, *tables, interleaved=interleaved)
