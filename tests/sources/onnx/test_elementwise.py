"""Functions of each element, activations, casts: by ONNX Runtime, and what they are in the table."""

from typing import Any

import numpy as np
import pytest

onnx = pytest.importorskip("onnx")

from netweight import onnx_backend  # noqa: E402
from netweight.analysis.cost import weigh_graph  # noqa: E402
from netweight.errors import FormatError, ShapeError, UsageError  # noqa: E402
from netweight.sources.onnx import read_graph  # noqa: E402
from sources.onnx.one_node import check_agrees, one_node, operators, ours  # noqa: E402

RNG = np.random.default_rng(0)
F32 = np.float32


def f(*shape: int) -> Any:
    return RNG.standard_normal(shape).astype(F32)


def number(value: float | None) -> Any:
    return None if value is None else np.array(value, F32)


PLAIN = (
    "Abs Neg Exp Reciprocal Erf Floor Ceil Round Sign IsNaN Sin Cos Tan Atan Sinh Cosh Asinh Sigmoid Tanh Relu "
    "HardSwish Mish Softsign"
)
ACTIVATIONS: list[tuple[str, dict[str, float], list[str]]] = [
    ("Elu", {"alpha": 0.3}, ["elu"]),
    ("Celu", {"alpha": 2.0}, ["celu"]),
    ("Selu", {}, ["selu"]),
    ("Selu", {"alpha": 1.2, "gamma": 2.0}, ["elu", "mul_scalar"]),
    ("LeakyRelu", {}, ["leaky_relu"]),
    ("LeakyRelu", {"alpha": -0.3}, ["mul_scalar", "gt", "where"]),
    ("ThresholdedRelu", {"alpha": 0.3}, ["threshold"]),
    ("HardSigmoid", {}, ["hardsigmoid"]),
    ("HardSigmoid", {"alpha": 1 / 6}, ["hardsigmoid"]),
    ("Shrink", {"lambd": 1.0, "bias": 1.0}, ["softshrink"]),
    ("Shrink", {"lambd": 1.0}, ["hardshrink"]),
    ("Shrink", {"lambd": 1.0, "bias": 0.3}, ["add_scalar", "gt", "where", "add_scalar", "lt", "where"]),
    ("Softplus", {}, ["softplus"]),
    ("Gelu", {}, ["gelu"]),
]


@pytest.mark.parametrize("name", PLAIN.split())
def test_one_operator_each(name: str) -> None:
    assert len(operators(check_agrees(name, f(3, 4) * 3))) == 1


@pytest.mark.parametrize(("name", "attributes", "expected"), ACTIVATIONS)
def test_activations(name: str, attributes: dict[str, float], expected: list[str]) -> None:
    assert operators(check_agrees(name, f(9, 9) * 4, **attributes)) == expected


@pytest.mark.parametrize("alpha", [1.0, 0.5])
def test_swish(alpha: float) -> None:
    """By its formula: ONNX Runtime has none."""
    x = f(5, 5)
    model = one_node("Swish", x, alpha=alpha, opset=24)
    np.testing.assert_allclose(ours(model, [x])[0], x / (1 + np.exp(-alpha * x)), rtol=1e-6)
    expected = ["silu"] if alpha == 1 else ["mul_scalar", "sigmoid", "mul"]
    assert operators(read_graph(model)) == expected


@pytest.mark.parametrize(
    ("slope", "expected"),
    [
        ((), ["reshape", "prelu"]),
        ((1,), ["prelu"]),
        ((3, 1, 1), ["reshape", "prelu"]),
        ((1, 3, 1, 1), ["reshape", "prelu"]),
        ((4,), ["mul", "gt", "where"]),
        ((3, 4, 4), ["mul", "gt", "where"]),
    ],
)
def test_slopes(slope: tuple[int, ...], expected: list[str]) -> None:
    read = check_agrees("PRelu", f(2, 3, 4, 4), f(*slope))
    assert operators(read) == expected
    if slope:
        assert weigh_graph(read.graph).totals.params == int(np.prod(slope))


def test_a_list_of_slopes_was_one_per_channel() -> None:
    x, slope = f(2, 3, 4), f(3)
    found = ours(one_node("PRelu", x, slope, opset=6), [x, slope])[0]
    np.testing.assert_array_equal(found, np.where(x > 0, x, x * slope[:, None]))


@pytest.mark.parametrize(
    ("low", "high", "expected"),
    [(0, 6, ["relu6"]), (-1, None, ["clamp"]), (None, 1, ["clamp"]), (None, None, []), (2, 1, ["clamp"])],
)
def test_bounds_that_are_stored(low: float | None, high: float | None, expected: list[str]) -> None:
    """Bounds that contradict each other: the upper one wins."""
    assert operators(check_agrees("Clip", f(3, 4) * 4, number(low), number(high))) == expected


def test_bounds_that_are_attributes() -> None:
    """Until opset 10; the largest number was no bound."""
    assert operators(check_agrees("Clip", f(3, 4), min=-0.5, max=0.5, opset=7)) == ["clamp"]
    read = check_agrees("Clip", f(3, 4), min=-0.5, max=float(np.finfo(F32).max), opset=7)
    assert read.graph.nodes[0].attrs.max is None


def test_bounds_that_are_computed() -> None:
    read = check_agrees("Clip", f(3, 4), number(-0.5), number(0.5), fixed=())
    assert operators(read) == ["maximum", "minimum"]
    whole = RNG.integers(-5, 6, (3, 4))
    assert operators(check_agrees("Clip", whole, np.array(-2), np.array(3))) == ["clamp"]


@pytest.mark.parametrize("name", ["Sum", "Mean", "Max", "Min"])
def test_any_number_of_tensors(name: str) -> None:
    """Three tensors are two operators, and for a mean one division."""
    assert operators(check_agrees(name, f(3, 4))) == []
    assert len(operators(check_agrees(name, f(3, 4), f(3, 1), f(1, 1, 4), fixed=()))) == 2 + (name == "Mean")


@pytest.mark.parametrize("exponent", [2.0, 0.5, -1.0, 3.0])
def test_a_stored_exponent_is_an_attribute(exponent: float) -> None:
    read = check_agrees("Pow", np.abs(f(3, 4)) + 0.1, number(exponent))
    assert operators(read) == ["pow_scalar"]
    assert read.graph.nodes[0].attrs.exponent == exponent


@pytest.mark.parametrize(
    ("x", "exponent", "expected"),
    [
        (np.arange(6).reshape(2, 3), np.array(2), ["pow"]),
        (np.arange(6).reshape(2, 3), np.array([2.5], F32), ["pow", "cast"]),
        (np.ones((3, 1), F32), np.arange(4, dtype=F32), ["pow"]),
        (np.ones(3, F32), np.array([[2.0]], F32), ["pow"]),
        (np.full(3, 2, F32), np.arange(3), ["pow"]),
    ],
)
def test_powers_have_the_type_of_the_base(x: Any, exponent: Any, expected: list[str]) -> None:
    assert operators(check_agrees("Pow", x, exponent)) == expected


@pytest.mark.parametrize("pair", [(5, 3), (-5, 3), (5, -3), (-5, -3), (7, 2)])
def test_whole_quotients_and_remainders(pair: tuple[int, int]) -> None:
    x, other = np.array([pair[0]]), np.array([pair[1]])
    check_agrees("Div", x, other)
    check_agrees("Mod", x, other)
    check_agrees("Mod", x, other, fmod=1)
    check_agrees("Mod", x.astype(F32) + F32(0.5), other.astype(F32), fmod=1)


@pytest.mark.parametrize("direction", ["LEFT", "RIGHT"])
def test_shifts(direction: str) -> None:
    check_agrees("BitShift", np.array([16, 4, 1], np.uint8), np.array([1, 2, 3], np.uint8), direction=direction)


@pytest.mark.parametrize("negative", [0, 1])
@pytest.mark.parametrize("positive", [0, 1])
def test_infinities(negative: int, positive: int) -> None:
    x = np.array([1, np.inf, -np.inf, np.nan], F32)
    read = check_agrees("IsInf", x, detect_negative=negative, detect_positive=positive)
    assert operators(read) == ([] if not negative + positive else ["isinf"] if negative and positive else ["eq"])


@pytest.mark.parametrize("to", [6, 7, 9, 10, 11])
def test_casts(to: int) -> None:
    read = check_agrees("Cast", f(3, 4) * 3, to=to)
    assert operators(read) == ["cast"]
    assert weigh_graph(read.graph).totals.ops_total == 0


def test_a_cast_to_the_same_type_is_nothing() -> None:
    assert operators(check_agrees("Cast", f(3, 4), to=1)) == []
    assert operators(check_agrees("CastLike", f(3, 4), f(1))) == []


def test_a_cast_to_eight_bits_saturates() -> None:
    x = np.array([1.0, 1e6, -1e6], F32)
    for saturate, expected in ((1, [1, 448, -448]), (0, [1, np.nan, np.nan])):
        model = one_node("Cast", x, to=17, saturate=saturate, opset=19)
        np.testing.assert_array_equal(ours(model, [x])[0].astype(F32), expected)
        assert operators(read_graph(model)) == (["cast_float8"] if saturate else ["cast"])


def test_text_is_left_out() -> None:
    """Numbers made from text by an operator that makes them are known to be unknown; the rest is weighed."""
    model = one_node("Cast", f(3), to=8)
    model.graph.node.append(onnx.helper.make_node("Relu", ["x0"], ["z"]))
    model.graph.output.append(onnx.helper.make_empty_tensor_value_info("z"))
    read = read_graph(model)
    assert operators(read) == ["onnx.Cast", "relu"]
    assert read.left_out == ("Cast 'y0': works on text",)
    profile = weigh_graph(read.graph)
    assert not profile.coverage.complete
    assert profile.totals.ops_total == 3
    text = one_node("StringNormalizer", np.array(["a"]), fixed=())
    assert read_graph(text).left_out == ("input 'x0' is not a tensor of numbers",)


def test_errors() -> None:
    with pytest.raises(FormatError, match="Cast: expected the attribute 'to', got none"):
        read_graph(one_node("Cast", f(3)))
    with pytest.raises(FormatError, match="onnx: expected an element type, got 99"):
        read_graph(one_node("Cast", f(3), to=99))
    with pytest.raises(ShapeError, match=r"add: expected shapes that broadcast .*, got \(2, 3\) and \(4,\)") as caught:
        read_graph(one_node("Add", f(2, 3), f(4)))
    assert caught.value.__notes__ == ["in node 'y0' (Add, opset 22)"]
    with pytest.raises(FormatError, match="Clip: expected 1 to 3 inputs, got 4"):
        read_graph(one_node("Clip", f(3), number(0), number(1), number(2)))
    with pytest.raises(FormatError, match="Cosh: expected 1 to 1 inputs, got 2"):
        read_graph(one_node("Cosh", f(3), f(3)))
    with pytest.raises(FormatError, match="BitShift: expected the attribute 'direction'"):
        read_graph(one_node("BitShift", np.array([1], np.uint8), np.array([1], np.uint8)))
    with pytest.raises(ShapeError, match="celu: expected alpha above 0"):
        read_graph(one_node("Celu", f(3), alpha=-1.0))
    prepared = onnx_backend.prepare(one_node("Relu", f(3)))
    with pytest.raises(UsageError, match="run: expected at most 1 inputs, got 2"):
        prepared.run([f(3), f(3)])
