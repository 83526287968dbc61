"""Reductions, positions, running totals and softmax of every opset: by ONNX Runtime, and what they are in the table."""

from typing import Any

import numpy as np
import pytest

onnx = pytest.importorskip("onnx")

from onnx.reference import ReferenceEvaluator  # noqa: E402

from netweight.analysis.cost import weigh_graph  # noqa: E402
from netweight.errors import ShapeError  # noqa: E402
from netweight.sources.onnx import read_graph  # noqa: E402
from sources.onnx.one_node import check_agrees, one_node, operators, ours  # noqa: E402

RNG = np.random.default_rng(0)
F32 = np.float32
REDUCTIONS = {
    "ReduceSum": ["sum"], "ReduceMean": ["mean"], "ReduceProd": ["prod"], "ReduceMax": ["amax"], "ReduceMin": ["amin"],
    "ReduceLogSumExp": ["logsumexp"], "ReduceL1": ["vector_norm"], "ReduceL2": ["vector_norm"],
    "ReduceSumSquare": ["square", "sum"], "ReduceLogSum": ["sum", "log"],
}  # fmt: skip


def f(*shape: int) -> Any:
    return RNG.standard_normal(shape).astype(F32)


@pytest.mark.parametrize("keep", [0, 1])
@pytest.mark.parametrize("opset", [7, 11, 13, 18])
@pytest.mark.parametrize("name", REDUCTIONS)
def test_reductions(name: str, opset: int, keep: int) -> None:
    """Axes are an attribute until opset 17, of a sum until 12; without any, all of them are meant."""
    x = np.abs(f(2, 3, 4))
    as_input = opset >= 18 or (name == "ReduceSum" and opset >= 13)
    if as_input:
        read = check_agrees(name, x, np.array([0, -1]), opset=opset, keepdims=keep)
        check_agrees(name, x, np.array([], np.int64), opset=opset, keepdims=keep)
    else:
        read = check_agrees(name, x, opset=opset, keepdims=keep, axes=[0, -1] if opset >= 11 else [0, 2])
    assert operators(read) == REDUCTIONS[name]
    check_agrees(name, x, opset=opset, keepdims=keep)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("ReduceSum", []), ("ReduceMean", []), ("ReduceMax", []), ("ReduceL1", ["abs"]), ("ReduceL2", ["abs"]),
        ("ReduceSumSquare", ["square"]), ("ReduceLogSum", ["log"]), ("ReduceLogSumExp", []),
    ],
)  # fmt: skip
def test_no_axes_at_all(name: str, expected: list[str]) -> None:
    """Nothing is added up, but what is done to each element still is."""
    x = np.abs(f(2, 3)) + F32(0.1)
    none = np.array([], np.int64)
    model = one_node(name, x, none, opset=18, noop_with_empty_axes=1)
    assert operators(read_graph(model)) == expected
    reference = ReferenceEvaluator(model).run(None, {"x0": x})[0]
    np.testing.assert_allclose(ours(model, [x, none])[0], reference, rtol=1e-6)


def test_integers_and_booleans() -> None:
    whole, yes = RNG.integers(-5, 6, (2, 3)), RNG.integers(0, 2, (2, 3)).astype(bool)
    for name in ("ReduceSum", "ReduceMax", "ReduceMin", "ReduceL1", "ReduceL2", "ReduceSumSquare"):
        check_agrees(name, whole, np.array([1]), opset=18)
    assert operators(check_agrees("ReduceMax", yes, np.array([1]), opset=20)) == ["any"]
    assert operators(check_agrees("ReduceMin", yes, np.array([1]), opset=20)) == ["all"]


@pytest.mark.parametrize("dtype", [F32, np.int32, np.bool_])
@pytest.mark.parametrize("name", ["ReduceMax", "ReduceMin"])
def test_the_largest_of_nothing(name: str, dtype: Any) -> None:
    """A constant: no work."""
    x = np.zeros((2, 0), dtype)
    model = one_node(name, x, np.array([1]), opset=20)
    lowest = {np.float32: -np.inf, np.int32: np.iinfo(np.int32).min, np.bool_: False}[dtype]
    highest = {np.float32: np.inf, np.int32: np.iinfo(np.int32).max, np.bool_: True}[dtype]
    np.testing.assert_array_equal(ours(model, [x])[0], [[lowest if name == "ReduceMax" else highest]] * 2)
    assert operators(read_graph(model)) == []


def test_work() -> None:
    """2 rows of 12 numbers: 11 additions each."""
    read = read_graph(one_node("ReduceSum", f(2, 3, 4), np.array([1, 2]), opset=13))
    assert weigh_graph(read.graph).totals.ops_total == 2 * (3 * 4 - 1)


@pytest.mark.parametrize("last", [0, 1])
@pytest.mark.parametrize("axis", [0, 1, -1])
@pytest.mark.parametrize("name", ["ArgMax", "ArgMin"])
def test_positions(name: str, axis: int, last: int) -> None:
    x = RNG.integers(0, 3, (3, 4, 5)).astype(F32)
    for keep in (0, 1):
        read = check_agrees(name, x, axis=axis, select_last_index=last, keepdims=keep)
        assert operators(read) == (["flip", name.lower(), "rsub_scalar"] if last else [name.lower()])


@pytest.mark.parametrize("exclusive", [0, 1])
@pytest.mark.parametrize("reverse", [0, 1])
@pytest.mark.parametrize("shape", [(3, 4), (3, 1), (4, 1, 2)])
def test_running_sums(shape: tuple[int, ...], exclusive: int, reverse: int) -> None:
    check_agrees("CumSum", f(*shape), np.array(1), exclusive=exclusive, reverse=reverse)
    check_agrees("CumSum", RNG.integers(-5, 6, shape), np.array([1]), exclusive=exclusive, reverse=reverse)


def test_running_products() -> None:
    """By hand: ONNX Runtime has none."""
    x, axis = np.array([1, 2, 3], F32), np.array(0)
    for exclusive, reverse, expected in ((0, 0, [1, 2, 6]), (1, 0, [1, 1, 2]), (0, 1, [6, 6, 3]), (1, 1, [6, 3, 1])):
        model = one_node("CumProd", x, axis, opset=26, exclusive=exclusive, reverse=reverse)
        np.testing.assert_array_equal(ours(model, [x, axis])[0], expected)


@pytest.mark.parametrize("opset", [7, 11, 13, 18])
@pytest.mark.parametrize("axis", [0, 1, 2, -1])
@pytest.mark.parametrize("name", ["Softmax", "LogSoftmax", "Hardmax"])
def test_softmax(name: str, axis: int, opset: int) -> None:
    """Until opset 12 everything from the axis on is one row."""
    if axis < 0 and opset < 11:
        axis = 1
    read = check_agrees(name, f(2, 3, 4), axis=axis, opset=opset)
    flat = opset < 13 and axis not in (2, -1)
    work = {"Hardmax": "argmax", "Softmax": "softmax", "LogSoftmax": "log_softmax"}[name]
    assert operators(read)[:2] == (["reshape", work] if flat else [work, *operators(read)[1:2]])


def test_scores_of_an_image_are_no_matrix_to_reshape() -> None:
    assert operators(check_agrees("Softmax", f(2, 5, 1, 1), opset=7)) == ["softmax"]


def test_axes_that_only_a_run_knows() -> None:
    read = read_graph(one_node("ReduceMax", f(2, 3), np.array([1]), opset=18, fixed=()))
    assert read.left_out == ("ReduceMax 'y0': the shape follows from the numbers of 'x1', which only a run has",)
    assert not read.exact


def test_errors() -> None:
    with pytest.raises(ShapeError, match="axis: expected one from -2 to 1, got 2"):
        read_graph(one_node("ArgMax", f(2, 3), axis=2))
    with pytest.raises(ShapeError, match=r"axes: expected different ones, got \(0, -2\)"):
        read_graph(one_node("ReduceSum", f(2, 3), np.array([0, -2])))
    with pytest.raises(ShapeError, match="axis: expected one from -2 to 1, got -3"):
        read_graph(one_node("Softmax", f(2, 3), axis=-3))
