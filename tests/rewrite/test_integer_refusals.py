"""What stays floating between conversions is named with the reason, and what conversions cost with its bytes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import netweight
from netweight.rewrite.integer.kernels import INSIDE, MOVES, ONNX_RUNTIME, PRODUCTS, made_by
from rewrite.pairs import F32, Model, onnx, optimised


def one(kind: str, **attrs: Any) -> Callable[[Model], str]:
    return lambda m: m.op(kind, m.pair(m.input("x", 1, 4, 6, 6)), to="y", **attrs)


def two(kind: str) -> Callable[[Model], str]:
    return lambda m: m.op(kind, m.pair(m.input("a", 1, 4, 6)), m.pair(m.input("b", 1, 4, 6)), to="y")


def linear(m: Model) -> str:
    none, scales = m.store("none", np.zeros(0, F32)), m.store("scales", np.array([1, 1, 2, 2], F32))
    return m.op("Resize", m.pair(m.input("x", 1, 4, 6, 6)), none, scales, to="y", mode="linear")


def padded(m: Model) -> str:
    pads = m.store("pads", np.array([0, 0, 1, 1, 0, 0, 1, 1], np.int64))
    return m.op("Pad", m.pair(m.input("x", 1, 4, 6, 6)), pads, to="y")


def summed(m: Model) -> str:
    axes = m.store("axes", np.array([2, 3], np.int64))
    return m.op("ReduceSum", m.pair(m.input("x", 1, 4, 6, 6)), axes, to="y")


def clipped(low: float, high: float) -> Callable[[Model], str]:
    def build(m: Model) -> str:
        bounds = m.store("low", F32(low)), m.store("high", F32(high))
        return m.op("Clip", m.pair(m.input("x", 1, 4, 6, 6)), *bounds, to="y")

    return build


def sloped(m: Model) -> str:
    return m.op("PRelu", m.pair(m.input("x", 1, 4, 6, 6)), m.weight("slope", 4, 1, 1), to="y")


def turned(m: Model) -> str:
    return m.op("ConvTranspose", m.pair(m.input("x", 1, 4, 6, 6)), m.weight("w", 4, 4, 3, 3), to="y")


NOT_THEIRS: dict[str, Callable[[Model], str]] = {
    "relu": one("Relu"),
    "tanh": one("Tanh"),
    "hardswish": one("HardSwish"),
    "elu": one("Elu"),
    "sub": two("Sub"),
    "maximum": two("Max"),
    "log_softmax": one("LogSoftmax"),
    "abs": one("Abs"),
    "resize": linear,
    "pad": padded,
    "sum": summed,
    "clamp": clipped(-1, 1),
    "relu6": clipped(0, 6),
    "prelu": sloped,
    "conv_transpose": turned,
    "amax": one("GlobalMaxPool"),
    "mean": one("ReduceMean", axes=[1, 2]),
}


@pytest.mark.parametrize("op", NOT_THEIRS)
def test_kernels_that_onnx_runtime_does_not_have(op: str) -> None:
    build = NOT_THEIRS[op]
    m = Model()
    proto = m.proto(m.pair(build(m), scale=0.05))
    _, found = optimised(proto)
    assert not [kind for kind in found if kind.startswith("Q") and kind != "QuantizeLinear"]
    assert found["DequantizeLinear"] > len(m.inputs)
    profile = netweight.weigh(proto)
    assert profile.integer is not None
    assert [kernel.op for kernel in profile.integer.kernels] == [op]
    assert ONNX_RUNTIME not in profile.integer.kernels[0].runtimes
    assert set(made_by(op)) - {ONNX_RUNTIME} == set(profile.integer.kernels[0].runtimes)
    x = m.arrays()
    (runs,), (reads,) = (netweight.run(proto, x, as_written=flag).outputs.values() for flag in (False, True))
    assert np.abs(runs - reads).max() <= 0.0501


def test_every_kernel_is_an_operator_of_the_table() -> None:
    from netweight.ops.table import REGISTRY

    assert all(op in REGISTRY for op in (*PRODUCTS, *MOVES, *INSIDE))


def weighted(m: Model, x: str, to: str) -> str:
    return m.op("Conv", x, m.weight(f"{to}_w", 4, 4, 3, 3), to=to, pads=[1] * 4)


def layer_norm(m: Model) -> str:
    x = m.pair(m.input("x", 1, 4, 6))
    return m.pair(m.op("LayerNormalization", x, m.store("g", np.ones(6, F32)), to="y"))


def softened(m: Model) -> str:
    """A result that is wanted in floating numbers, too."""
    y = m.op("Sigmoid", m.pair(m.input("x", 1, 4, 6)), to="y")
    return m.op("Add", m.pair(y), y, to="z")


def half(m: Model) -> str:
    return m.pair(m.op("Add", m.pair(m.input("a", 1, 4)), m.input("b", 1, 4), to="y"))


def other_scales(m: Model) -> str:
    y = m.op("Transpose", m.pair(m.input("x", 1, 4, 6), 0.03), to="y", perm=[0, 2, 1])
    return m.pair(y, 0.05)


def floating_weight(m: Model) -> str:
    x, w = m.pair(m.input("x", 1, 4, 6, 6)), m.store("w", np.ones((4, 4, 1, 1), F32))
    return m.pair(m.op("Conv", x, w, to="y"))


def summed_scales(m: Model) -> str:
    return m.pair(m.op("MatMul", m.pair(m.input("x", 3, 8)), m.weight("w", 8, 5, axis=0), to="y"))


def unfolded(m: Model) -> str:
    x = weighted(m, m.pair(m.input("x", 1, 4, 6, 6)), "c")
    stored = [m.store(name, np.ones(4, F32)) for name in ("g", "b", "mean", "var")]
    return m.pair(m.op("BatchNormalization", m.pair(x), *stored, to="y"))


REFUSED: dict[Callable[[Model], str], tuple[str, str]] = {
    layer_norm: ("y", "no runtime has layer_norm in integers"),
    softened: ("y", "its result is not quantised before z reads it"),
    half: ("y", "'b' is not quantised"),
    other_scales: ("y", "the scales before and after it differ"),
    floating_weight: ("y", "the weight 'w' is not quantised"),
    summed_scales: ("y.matmul", "the scales of the weight lie along a dimension that is summed over"),
    unfolded: ("y", "batch normalisation is not folded into the layer before it"),
}


@pytest.mark.parametrize("build", REFUSED)
def test_an_operator_between_conversions_that_stays(build: Callable[[Model], str]) -> None:
    layer, why = REFUSED[build]
    m = Model()
    proto = m.proto(build(m))
    profile = netweight.weigh(proto)
    assert profile.integer is not None
    assert (layer, why) == (profile.integer.alone[0].layer, profile.integer.alone[0].why)
    assert any(f"{layer}, because {why}" in note for note in profile.notes)
    x = m.arrays()
    (runs,), (reads,) = (netweight.run(proto, x, as_written=flag).outputs.values() for flag in (False, True))
    assert np.abs(runs - reads).max() <= 0.0301


def test_normalisation_between_conversions_is_warned_of() -> None:
    m = Model()
    notes = netweight.weigh(m.proto(unfolded(m))).notes
    assert any(note.startswith("batch normalisation between conversions: y; folded into") for note in notes)


def test_an_island_is_named_with_the_bytes_of_its_conversions() -> None:
    """Erf between two convolutions: out of 144 integers, 144 floating numbers, and back: 2 * (144 + 4 * 144)."""
    m = Model()
    x = m.pair(weighted(m, m.pair(m.input("x", 1, 4, 6, 6)), "one"))
    proto = m.proto(m.pair(weighted(m, m.pair(m.op("Erf", x, to="erf")), "two")))
    assert 2 * (144 + 4 * 144) == 1440
    expected = "floating numbers between integers: erf; converting to them and back moves 1.44 kB"
    assert expected in netweight.weigh(proto).notes
    assert expected not in netweight.weigh(proto, as_written=True).notes


def test_sums_inside_of_a_kernel_are_not_converted() -> None:
    """Erf behind a convolution: 144 floating numbers of its kernel, these again to 144 integers."""
    m = Model()
    y = m.op("Erf", weighted(m, m.pair(m.input("x", 1, 4, 6, 6)), "one"), to="erf")
    assert 4 * 144 * 2 + 144 == 1296
    expected = "floating numbers between integers: erf; converting to them and back moves 1.30 kB"
    assert expected in netweight.weigh(m.proto(m.pair(y))).notes


def test_two_islands_that_share_a_weight_are_two() -> None:
    m = Model()
    w = m.weight("w", 6)
    x = m.op("Pow", m.pair(m.input("x", 1, 6)), w, to="one")
    x = m.op("Pow", m.pair(m.op("Sigmoid", m.pair(x), to="s")), w, to="two")
    notes = netweight.weigh(m.proto(m.pair(x))).notes
    assert sum(note.startswith("floating numbers between integers") for note in notes) == 2


def test_a_change_of_layout_is_named() -> None:
    m = Model()
    x = m.op("Transpose", m.pair(m.input("x", 1, 4, 6, 6)), to="nhwc", perm=[0, 2, 3, 1])
    notes = netweight.weigh(m.proto(m.pair(x))).notes
    assert any(note.startswith("channels change their place between integers: nhwc;") for note in notes)
    assert any(note.endswith("copies 288 B") for note in notes)


def test_quantising_while_running_is_named() -> None:
    m = Model()
    nodes = [
        onnx.helper.make_node("DynamicQuantizeLinear", [m.input("x", 3, 8)], ["q", "s", "z"], "range"),
        onnx.helper.make_node("MatMulInteger", ["q", m.store("w", np.ones((8, 5), np.int8)), "z"], ["i"], "product"),
        onnx.helper.make_node("Cast", ["i"], ["f"], "cast", to=1),
        onnx.helper.make_node("Mul", ["f", "s"], ["y"], "scale"),
    ]
    m.nodes = nodes
    (note,) = [note for note in netweight.weigh(m.proto("y")).notes if "while running" in note]
    assert note.startswith("1 input quantised while running")
    assert note.endswith("over 96 B")


def test_a_conversion_passes_what_only_moves_numbers() -> None:
    """Integers are moved, not floating numbers: dequantize, transpose, matmul; and sigmoid, transpose, quantize."""
    m = Model()
    x = m.op("Transpose", m.pair(m.input("x", 8, 3)), to="moved", perm=[1, 0])
    y = m.op("MatMul", x, m.weight("w", 8, 5, axis=1), to="y")
    z = m.op("Sigmoid", m.pair(y), to="z")
    proto = m.proto(m.pair(m.op("Transpose", z, to="back", perm=[1, 0])))
    _, found = optimised(proto)
    assert found == {
        "QuantizeLinear": 1,
        "Transpose": 2,
        "QLinearMatMul": 1,
        "QLinearSigmoid": 1,
        "DequantizeLinear": 1,
    }
    profile = netweight.weigh(proto)
    assert profile.integer is not None
    assert [kernel.op for kernel in profile.integer.kernels] == ["matmul", "sigmoid"]
    graph = netweight.capture(proto)
    assert {graph.spec(node.inputs[0]).dtype for node in graph.nodes if node.op == "permute"} == {"uint8"}
    x = m.arrays()
    (runs,), (reads,) = (netweight.run(proto, x, as_written=flag).outputs.values() for flag in (False, True))
    assert np.abs(runs - reads).max() <= 0.0301


def test_weights_alone_in_integers_make_no_kernel() -> None:
    m = Model()
    profile = netweight.weigh(m.proto(m.op("MatMul", m.input("x", 3, 8), m.weight("w", 8, 5), to="y")))
    assert profile.integer is None
    assert not [note for note in profile.notes if "runtimes" in note or "written" in note]


def test_a_scale_that_follows_from_numbers_makes_no_kernel() -> None:
    m = Model()
    s, z = m.input("s"), m.store("z", np.uint8(128))
    q = m.op("QuantizeLinear", m.input("x", 3, 8), s, z, to="q")
    y = m.op("Sigmoid", m.op("DequantizeLinear", q, s, z, to="dq"), to="y")
    assert netweight.weigh(m.proto(m.pair(y))).integer is None
