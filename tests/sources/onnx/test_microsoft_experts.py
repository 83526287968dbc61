"""Mixtures of experts: by ONNX Runtime, and their work: that of the experts chosen."""

from typing import Any

import numpy as np
import pytest

onnx = pytest.importorskip("onnx")

from netweight.analysis.cost import weigh_graph  # noqa: E402
from netweight.errors import FormatError  # noqa: E402
from netweight.sources.onnx import read_graph  # noqa: E402
from sources.onnx.one_node import check_agrees, one_node, ours  # noqa: E402

RNG = np.random.default_rng(0)
F32 = np.float32
T, H, W, E = 5, 32, 64, 4


def f(*shape: int) -> Any:
    return (RNG.standard_normal(shape) / 4).astype(F32)


def agrees(name: str, *inputs: Any, tolerance: float = 1e-4, **settings: Any) -> Any:
    fixed = range(2, len(inputs))
    return check_agrees(name, *inputs, domain="com.microsoft", fixed=fixed, tolerance=tolerance, **settings)


@pytest.mark.parametrize("normalized", [0, 1])
@pytest.mark.parametrize("activation", ["relu", "silu", "gelu", "identity"])
def test_experts(activation: str, normalized: int) -> None:
    """Each of 5 tokens through 2 of 4 experts: 2 * 32 * 64 products each; all experts are parameters."""
    settings = {"activation_type": activation, "normalize_routing_weights": normalized}
    read = agrees("MoE", f(T, H), f(T, E) * 9, f(E, W, H), f(E, W), f(E, H, W), f(E, H), k=2, **settings)
    totals = weigh_graph(read.graph).totals
    assert totals.macs == T * 2 * 2 * H * W
    assert totals.params == E * (2 * H * W + W + H)


def test_gated_experts() -> None:
    """Neighbours are gate and value; within a limit of 7, as gpt-oss has them."""
    inputs = (f(1, T, H), f(T, E) * 9, f(E, 2 * W, H), f(E, 2 * W), f(E, H, W), f(E, H))
    settings = {"activation_alpha": 1.702, "activation_beta": 1.0, "activation_type": "swiglu", "k": 2}
    agrees("MoE", *inputs, swiglu_fusion=1, swiglu_limit=7.0, **settings)
    model = one_node("MoE", *inputs, domain="com.microsoft", swiglu_fusion=2, **settings)
    assert read_graph(model).outputs["y0"].shape == (1, T, H)


def test_experts_with_a_gate_of_their_own() -> None:
    """ONNX Runtime has the third layer on GPUs only: one expert is a network by itself."""
    x, router = f(T, H), np.zeros((T, 1), F32)
    w1, w2, w3 = f(1, W, H), f(1, H, W), f(1, W, H)
    inputs = (x, router, w1, None, w2, None, w3)
    (y,) = ours(one_node("MoE", *inputs, domain="com.microsoft", activation_type="silu", k=1), inputs)
    a = x @ w1[0].T
    np.testing.assert_allclose(y, (a / (1 + np.exp(-a)) * (x @ w3[0].T)) @ w2[0].T, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("blocks", [False, True])
@pytest.mark.parametrize("bits", [4, 8])
def test_experts_of_a_few_bits(bits: int, blocks: bool) -> None:
    """A scale per output, or per 16 inputs: the integers take bits, the scales 32 each."""

    def weight(out: int, size: int) -> tuple[Any, Any]:
        packed = RNG.integers(0, 256, (E, out, size * bits // 8)).astype(np.uint8)
        return packed, np.abs(f(E, out, size // 16) if blocks else f(E, out)) / 2**bits

    w1, s1 = weight(W, H)
    w2, s2 = weight(H, W)
    settings: dict[str, Any] = {"block_size": 16} if blocks else {}
    if blocks and bits == 8:
        settings["tolerance"] = 5e-3  # ONNX Runtime makes the tokens 8-bit integers as well
    inputs = (f(T, H), f(T, E) * 9, w1, s1, f(E, W), w2, s2, f(E, H))
    read = agrees("QMoE", *inputs, k=2, activation_type="relu", expert_weight_bits=bits, **settings)
    totals = weigh_graph(read.graph).totals
    assert totals.macs == T * 2 * 2 * H * W
    assert totals.params == E * (2 * H * W + W + H)
    assert totals.model_size_bytes == E * (2 * H * W * bits // 8 + 4 * (W + H)) + 4 * (s1.size + s2.size)


def test_unknown_activation() -> None:
    inputs = f(T, H), f(T, E), f(E, W, H), f(E, W), f(E, H, W)
    with pytest.raises(FormatError, match="MoE: expected relu, gelu, silu, identity or a fused swiglu, got 'snake'"):
        read_graph(one_node("MoE", *inputs, domain="com.microsoft", activation_type="snake", k=1))
