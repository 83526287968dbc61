"""Attention: by ONNX Runtime or by ONNX's own definition, and its work."""

import math
from typing import Any

import numpy as np
import pytest

onnx = pytest.importorskip("onnx")

from netweight.analysis.cost import weigh_graph  # noqa: E402
from netweight.errors import FormatError  # noqa: E402
from netweight.sources.onnx import read_graph  # noqa: E402
from sources.onnx.one_node import check_agrees, one_node, operators, ours  # noqa: E402

RNG = np.random.default_rng(0)
F32 = np.float32


def f(*shape: int) -> Any:
    return RNG.standard_normal(shape).astype(F32)


def defined(model: Any, inputs: Any) -> Any:
    """What ONNX's reference evaluator says."""
    from onnx.reference import ReferenceEvaluator

    wanted = {entry.name for entry in model.graph.input}
    return ReferenceEvaluator(model).run(None, {f"x{at}": x for at, x in enumerate(inputs) if f"x{at}" in wanted})


def check_defined(name: str, *inputs: Any, opset: int = 24, tolerance: float = 1e-5, **settings: Any) -> Any:
    model = one_node(name, *inputs, opset=opset, fixed=settings.pop("fixed", []), **settings)
    model.ir_version = onnx.IR_VERSION
    read = read_graph(model)
    for found, expected, value in zip(ours(model, inputs), defined(model, inputs), read.outputs.values(), strict=True):
        np.testing.assert_allclose(found, expected, rtol=tolerance, atol=tolerance)
        assert (found.dtype, value.shape) == (expected.dtype, expected.shape)
    return read


CASES: list[dict[str, Any]] = [
    {},
    {"is_causal": 1},
    {"scale": 0.2, "softcap": 2.0},
    {"softcap": 2.0, "qk_matmul_output_mode": 1},
    {"is_causal": 1, "qk_matmul_output_mode": 2},
    {"qk_matmul_output_mode": 3},
]


@pytest.mark.parametrize("mask", [None, "bool", "float"])
@pytest.mark.parametrize("settings", CASES)
def test_attention(settings: dict[str, Any], mask: str | None) -> None:
    """4 query heads on 2 key heads, a past of 2 keys: 3 * (5 + 2) pairs of 8 and 6 features per head."""
    q, k, v = f(2, 4, 3, 8), f(2, 2, 5, 8), f(2, 2, 5, 6)
    given = {None: None, "bool": RNG.random((3, 7)) < 0.8, "float": f(3, 7)}[mask]
    past = f(2, 2, 2, 8), f(2, 2, 2, 6)
    outputs = 4 if "qk_matmul_output_mode" in settings else 3
    read = check_defined("Attention", q, k, v, given, *past, outputs=outputs, **settings)
    again = 2 * 4 * 3 * 7 * 8 if outputs == 4 else 0  # the scores once more, since somebody reads them
    assert weigh_graph(read.graph).totals.macs == 2 * 4 * 3 * 7 * (8 + 6) + again


def test_attention_of_packed_heads_is_one_operator() -> None:
    read = check_defined("Attention", f(2, 3, 32), f(2, 5, 16), f(2, 5, 16), q_num_heads=4, kv_num_heads=2)
    assert [op for op in operators(read) if op not in ("reshape", "permute")] == ["scaled_dot_product_attention"]
    node = next(node for node in read.graph.nodes if node.op == "scaled_dot_product_attention")
    assert node.attrs.scale == 1 / math.sqrt(8)


def test_keys_beyond_the_lengths_and_the_mask_are_not_seen() -> None:
    lengths = np.array([5, 3], np.int64)
    inputs = (f(2, 4, 2, 8), f(2, 2, 5, 8), f(2, 2, 5, 6), RNG.random((2, 4)) < 0.9, None, None, lengths)
    check_defined("Attention", *inputs)
    check_defined("Attention", *inputs, is_causal=1)


@pytest.mark.parametrize("width", [(1, -1), (-1, 0), (2, 1)])
def test_windows(width: tuple[int, int]) -> None:
    if onnx.defs.onnx_opset_version() < 25:
        pytest.skip("windows came with opset 25")
    settings = {"left_window_size": width[0], "right_window_size": width[1], "opset": 25}
    inputs = f(2, 4, 3, 8), f(2, 2, 3, 8), f(2, 2, 3, 6)
    check_defined("Attention", *inputs, None, f(2, 2, 2, 8), f(2, 2, 2, 6), outputs=3, **settings)
    check_defined("Attention", *inputs, None, None, None, np.array([3, 2], np.int64), **settings)


def test_features_that_do_not_divide_by_the_heads() -> None:
    model = one_node("Attention", f(2, 3, 9), f(2, 5, 8), f(2, 5, 8), q_num_heads=4, kv_num_heads=2, opset=24, fixed=[])
    with pytest.raises(FormatError, match=r"Attention: expected features divisible by 4 heads, got \(2, 3, 9\)"):
        read_graph(model)


@pytest.mark.parametrize("interleaved", [0, 1])
def test_rotary_embedding(interleaved: int) -> None:
    """2 * 3 * 4 heads of 4 pairs: 4 products and 2 sums each; the other 8 features stay."""
    angles = np.arange(16)[:, None] / 3.0 ** np.arange(4)
    cos, sin = np.cos(angles).astype(F32), np.sin(angles).astype(F32)
    places = np.array([[0, 1, 2], [5, 6, 7]], np.int64)
    settings = {"interleaved": interleaved, "rotary_embedding_dim": 8, "opset": 23}
    read = check_agrees("RotaryEmbedding", f(2, 4, 3, 16), cos, sin, places, fixed=[1, 2], **settings)
    assert operators(read) == ["embedding", "embedding", "rotary_embedding"]
    rows = weigh_graph(read.graph).layers
    assert sum(row.muls for row in rows) == 2 * 4 * 3 * 4 * 4
    assert sum(row.adds for row in rows) == 2 * 4 * 3 * 4 * 2
    check_agrees("RotaryEmbedding", f(2, 3, 64), cos, sin, places, fixed=[1, 2], num_heads=4, **settings)
    check_agrees(
        "RotaryEmbedding", f(2, 4, 3, 8), cos[places], sin[places], fixed=[], interleaved=interleaved, opset=23
    )


def test_angles_of_another_width() -> None:
    table = f(16, 3)
    model = one_node("RotaryEmbedding", f(2, 4, 3, 8), table, table, np.zeros((2, 3), np.int64), opset=23)
    with pytest.raises(FormatError, match=r"RotaryEmbedding: expected 4 angles of a position, got \(16, 3\)"):
        read_graph(model)


def test_states_instead_of_scores() -> None:
    if onnx.defs.onnx_opset_version() < 27:
        pytest.skip("LinearAttention came with opset 27")
    q, k, v = f(2, 3, 16), f(2, 3, 8), f(2, 3, 8)
    settings = {"q_num_heads": 4, "kv_num_heads": 2, "opset": 27, "outputs": 2}
    decay, beta = -np.abs(f(2, 3, 2)), np.abs(f(2, 3, 2)) / 4
    read = check_defined("LinearAttention", q, k, v, f(2, 2, 4, 4), decay, beta, **settings)
    assert "linear_attention" in operators(read)
    check_defined("LinearAttention", q, k, v, update_rule="linear", **settings)


def test_gates_and_causal_convolution() -> None:
    if onnx.defs.onnx_opset_version() < 28:
        pytest.skip("SwiGLU came with opset 28")
    assert operators(check_defined("SwiGLU", f(2, 8), f(2, 8), opset=28)) == ["silu", "mul"]
    check_defined("SwiGLU", f(2, 8), f(2, 8), opset=28, alpha=1.5)
    x, w = f(2, 3, 6), f(3, 1, 4)
    read = check_defined("CausalConvWithState", x, w, f(3), f(2, 3, 3), opset=28, outputs=2, activation="silu")
    assert operators(read) == ["concat", "conv", "silu", "slice"]
    check_defined("CausalConvWithState", x, w, opset=28, outputs=2)


def test_numbers_of_16_bits_are_attended_to_in_their_type() -> None:
    x = f(1, 2, 3, 8).astype(np.float16)
    read = check_defined("Attention", x, x, x, tolerance=2e-3)
    assert {value.spec.dtype for value in read.graph.values.values()} == {"float16"}
