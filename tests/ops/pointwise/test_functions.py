"""Functions of each element, of two and of three tensors, and the activations among them."""

import math
from typing import Any

import numpy as np
import pytest

from netweight.errors import ShapeError
from netweight.ir import TensorSpec
from netweight.ops import REGISTRY, Cost
from netweight.ops.extent import Mixes
from netweight.ops.pointwise.activation import CeluAttrs, HardsigmoidAttrs, ShrinkAttrs, ThresholdAttrs
from netweight.ops.pointwise.blend import AddcAttrs, LerpAttrs
from netweight.ops.pointwise.gate import GluAttrs

_X = TensorSpec((2, 3))
_WORK: dict[str, dict[str, int]] = {
    "log2": {"logs": 1}, "log10": {"logs": 1}, "log1p": {"adds": 1, "logs": 1}, "exp2": {"exps": 1},
    "expm1": {"exps": 1, "adds": 1}, "tan": {"trigs": 1}, "asin": {"trigs": 1}, "acos": {"trigs": 1},
    "atan": {"trigs": 1}, "sinh": {"exps": 1, "divs": 1, "adds": 1, "muls": 1}, "trunc": {"compares": 1},
    "isnan": {"compares": 1}, "isinf": {"compares": 1}, "isfinite": {"compares": 1},
    "log_sigmoid": {"compares": 2, "exps": 1, "logs": 1, "adds": 2}, "tanhshrink": {"tanhs": 1, "adds": 1},
    "softsign": {"compares": 1, "adds": 1, "divs": 1},
}  # fmt: skip
_PAIRS: dict[str, dict[str, int]] = {
    "floor_divide": {"divs": 1, "compares": 1}, "remainder": {"divs": 1, "compares": 1, "muls": 1, "adds": 1},
    "atan2": {"trigs": 1}, "logaddexp": {"compares": 2, "adds": 3, "exps": 1, "logs": 1},
}  # fmt: skip


@pytest.mark.parametrize(("name", "each"), _WORK.items())
def test_work_per_element(name: str, each: dict[str, int]) -> None:
    assert REGISTRY[name].cost(None, _X) == Cost(**{kind: 2 * 3 * count for kind, count in each.items()})


@pytest.mark.parametrize(("name", "each"), _PAIRS.items())
def test_work_per_element_of_the_result(name: str, each: dict[str, int]) -> None:
    cost = REGISTRY[name].cost(None, _X, TensorSpec((4, 1, 3)))
    assert cost == Cost(**{kind: 4 * 2 * 3 * count for kind, count in each.items()})


def test_remainders_have_the_sign_of_the_one_or_the_other() -> None:
    x, other = np.array([7.0, -7.0, 7.0]), np.array([3.0, 3.0, -3.0])
    np.testing.assert_array_equal(REGISTRY["remainder"].forward(None, x, other), [1, 2, -2])
    np.testing.assert_array_equal(REGISTRY["fmod"].forward(None, x, other), [1, -1, 1])
    np.testing.assert_array_equal(REGISTRY["floor_divide"].forward(None, x, other), [2, -3, -3])
    grad_x, grad_other = REGISTRY["remainder"].backward(None, np.ones(3), x, other)
    np.testing.assert_array_equal(grad_x, [1, 1, 1])
    np.testing.assert_array_equal(grad_other, [-2, 3, 3])
    assert REGISTRY["floor_divide"].shape(None, TensorSpec((2,), "int64"), TensorSpec((), "int64")).dtype == "int64"


def test_angles_and_sums_of_exponentials() -> None:
    np.testing.assert_allclose(REGISTRY["atan2"].forward(None, np.array([1.0]), np.array([-1.0])), [math.pi * 3 / 4])
    y = REGISTRY["logaddexp"].forward(None, np.array([1000.0]), np.array([1000.0]))
    np.testing.assert_allclose(y, [1000 + math.log(2)])  # exp(1000) itself would overflow


def test_bits() -> None:
    """6 is 110, 3 is 011."""
    six, three = np.array([6], np.int8), np.array([3], np.int8)
    names = ("bitwise_and", "bitwise_or", "bitwise_xor")
    assert [int(REGISTRY[name].forward(None, six, three)[0]) for name in names] == [0b010, 0b111, 0b101]
    assert REGISTRY["bitwise_not"].forward(None, np.array([True]))[0] == False  # noqa: E712
    assert REGISTRY["bitwise_left_shift"].forward(None, six, three)[0] == 6 * 2**3
    assert REGISTRY["bitwise_right_shift"].forward(None, np.array([-5]), np.array([1]))[0] == -3
    wide = REGISTRY["bitwise_and"].shape(None, TensorSpec((2, 1), "int8"), TensorSpec((3,), "int64"))
    assert wide == TensorSpec((2, 3), "int64")
    assert REGISTRY["bitwise_or"].cost(None, TensorSpec((2, 3), "bool"), TensorSpec((), "bool")) == Cost(logics=6)


def test_activations_by_hand() -> None:
    x = np.array([-2.0, -0.25, 0.25, 2.0])
    np.testing.assert_array_equal(REGISTRY["softshrink"].forward(ShrinkAttrs(), x), [-1.5, 0, 0, 1.5])
    np.testing.assert_array_equal(REGISTRY["hardshrink"].forward(ShrinkAttrs(), x), [-2, 0, 0, 2])
    np.testing.assert_array_equal(REGISTRY["threshold"].forward(ThresholdAttrs(threshold=1, value=9), x), [9, 9, 9, 2])
    np.testing.assert_array_equal(REGISTRY["softsign"].forward(None, x), [-2 / 3, -0.2, 0.2, 2 / 3])
    np.testing.assert_allclose(REGISTRY["celu"].forward(CeluAttrs(alpha=2), x)[0], 2 * (math.exp(-1) - 1))
    flat = REGISTRY["hardsigmoid"].forward(HardsigmoidAttrs(alpha=0.2), np.array([-3.0, 0.0, 1.0, 3.0]))
    np.testing.assert_array_equal(flat, [0, 0.5, 0.2 + 0.5, 1])  # 0.2 x + 0.5 between 0 and 1
    assert REGISTRY["hardsigmoid"].cost(HardsigmoidAttrs(), _X) == Cost(muls=6, adds=6, compares=12)
    far = REGISTRY["log_sigmoid"].forward(None, np.array([-1e4, 1e4], np.float32))
    np.testing.assert_array_equal(far, [-1e4, 0])


def test_a_gate_halves_its_dimension() -> None:
    """The gates 0 and ln 3 let 1/2 and 3/4 through."""
    x = np.array([[4.0, 8.0, 0.0, math.log(3)]])
    np.testing.assert_allclose(REGISTRY["glu"].forward(GluAttrs(dim=1), x), [[2, 6]])
    spec = TensorSpec((2, 6))
    assert REGISTRY["glu"].cost(GluAttrs(dim=1), spec) == Cost(exps=6, adds=6, divs=6, muls=6)
    assert REGISTRY["glu"].extent(GluAttrs(dim=1), spec) == Mixes((1,))


def test_three_tensors_at_once() -> None:
    one, two, three = np.array([1.0]), np.array([2.0]), np.array([4.0])
    assert REGISTRY["lerp"].forward(LerpAttrs(weight=0.25), one, three, None) == 1 + 3 / 4
    assert REGISTRY["addcmul"].forward(AddcAttrs(value=-1), one, two, three) == 1 - 8
    assert REGISTRY["addcdiv"].forward(AddcAttrs(value=2), one, two, three) == 1 + 2 * 2 / 4
    assert REGISTRY["lerp"].cost(LerpAttrs(weight=0.25), _X, _X, None) == Cost(adds=12, muls=6)
    assert REGISTRY["addcmul"].cost(AddcAttrs(), _X, _X, _X) == Cost(adds=6, muls=6)
    assert REGISTRY["addcmul"].cost(AddcAttrs(value=2), _X, _X, _X) == Cost(adds=6, muls=12)
    assert REGISTRY["addcdiv"].cost(AddcAttrs(), _X, _X, _X) == Cost(adds=6, divs=6)
    assert REGISTRY["addcdiv"].cost(AddcAttrs(value=2), _X, _X, _X) == Cost(adds=6, divs=6, muls=6)


@pytest.mark.parametrize(
    ("name", "attrs", "inputs", "message"),
    [
        ("remainder", None, (_X, TensorSpec((4,))), r"remainder: expected shapes that broadcast"),
        ("bitwise_and", None, (_X, _X), "bitwise_and: expected integers or booleans, got float32 and float32"),
        ("bitwise_not", None, (_X,), "bitwise_not: expected integers or booleans, got float32"),
        ("celu", CeluAttrs(alpha=0), (_X,), "celu: expected alpha above 0, got 0"),
        ("softshrink", ShrinkAttrs(lambd=-1), (_X,), "softshrink: expected lambd of at least 0, got -1"),
        ("hardshrink", ShrinkAttrs(lambd=-1), (_X,), "hardshrink: expected lambd of at least 0, got -1"),
        ("glu", GluAttrs(dim=1), (_X,), r"glu: expected an even size along dim 1, got 3 of shape \(2, 3\)"),
        ("glu", GluAttrs(dim=2), (_X,), "glu: expected different dims from 0 to 1, got 2"),
        ("lerp", LerpAttrs(), (_X, _X, None), "lerp: expected the weight as a tensor or a number, got neither"),
        ("lerp", LerpAttrs(weight=1), (_X, _X, _X), "lerp: expected the weight as a tensor or a number, got both"),
        ("addcmul", AddcAttrs(), (_X, _X, TensorSpec((4,))), "addcmul: expected shapes that broadcast"),
        ("addcdiv", AddcAttrs(), (_X, _X, TensorSpec((4,))), "addcdiv: expected shapes that broadcast"),
    ],
)
def test_errors(name: str, attrs: Any, inputs: tuple[Any, ...], message: str) -> None:
    with pytest.raises(ShapeError, match=message):
        REGISTRY[name].shape(attrs, *inputs)
