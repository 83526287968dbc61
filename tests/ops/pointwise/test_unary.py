import math

import numpy as np
import pytest

from netweight.errors import ShapeError, UsageError
from netweight.ir import TensorSpec
from netweight.ops import REGISTRY, Cost
from netweight.ops.pointwise.scalar import PowScalarAttrs, ScalarAttrs
from netweight.ops.pointwise.unary import CastAttrs, ClampAttrs

_X = TensorSpec((2, 3))
_WORK = {
    "neg": "adds", "abs": "compares", "exp": "exps", "log": "logs", "sqrt": "sqrts", "rsqrt": "sqrts",
    "square": "muls", "reciprocal": "divs", "sin": "trigs", "cos": "trigs", "erf": "erfs", "floor": "compares",
    "ceil": "compares", "round": "compares", "sign": "compares", "logical_not": "logics",
}  # fmt: skip


@pytest.mark.parametrize(("name", "kind"), _WORK.items())
def test_one_operation_per_element(name: str, kind: str) -> None:
    assert REGISTRY[name].cost(None, _X) == Cost(**{kind: 2 * 3})


@pytest.mark.parametrize(
    ("name", "kind", "expected"),
    [("add", "adds", 6.0), ("mul", "muls", 8.0), ("div", "divs", 2.0), ("rsub", "adds", -2.0), ("rdiv", "divs", 0.5)],
)
def test_four_and_two(name: str, kind: str, expected: float) -> None:
    op = REGISTRY[f"{name}_scalar"]
    np.testing.assert_array_equal(op.forward(ScalarAttrs(value=2), np.array([4.0])), [expected])
    assert op.cost(ScalarAttrs(value=2), _X) == Cost(**{kind: 2 * 3})


def test_powers_by_hand() -> None:
    op, cube = REGISTRY["pow_scalar"], PowScalarAttrs(exponent=3)
    x = np.array([-2.0, 0.0, 3.0])
    np.testing.assert_array_equal(op.forward(cube, x), [-8, 0, 27])
    np.testing.assert_array_equal(op.backward(cube, np.ones(3), x)[0], [12, 0, 27])  # 3 x²
    assert op.cost(cube, _X) == Cost(pows=2 * 3)


@pytest.mark.parametrize("name", ["add_scalar", "mul_scalar", "div_scalar", "rsub_scalar"])
def test_an_integer_tensor_stays_one(name: str) -> None:
    y = REGISTRY[name].forward(ScalarAttrs(value=0.5), np.array([3, 4], dtype=np.int8))
    assert y.dtype == np.int8


def test_halves_round_to_even() -> None:
    x = np.array([-1.5, -0.5, 0.5, 1.5, 2.5])
    np.testing.assert_array_equal(REGISTRY["round"].forward(None, x), [-2, 0, 0, 2, 2])
    np.testing.assert_array_equal(REGISTRY["floor"].forward(None, x), [-2, -1, 0, 1, 2])
    np.testing.assert_array_equal(REGISTRY["ceil"].forward(None, x), [-1, 0, 1, 2, 3])


def test_absolute_value_and_sign_have_no_slope_at_zero() -> None:
    x = np.array([-2.0, 0.0, 2.0])
    np.testing.assert_array_equal(REGISTRY["abs"].backward(None, np.ones(3), x)[0], [-1, 0, 1])
    np.testing.assert_array_equal(REGISTRY["sign"].backward(None, np.ones(3), x)[0], [0, 0, 0])


def test_roots_by_hand() -> None:
    x = np.array([4.0])
    np.testing.assert_array_equal(REGISTRY["rsqrt"].forward(None, x), [0.5])
    slope = REGISTRY["rsqrt"].backward(None, np.ones(1), x, y=np.array([0.5]))[0]
    np.testing.assert_array_equal(slope, [-0.0625])  # -1 / (2 * 4 * 2)


def test_the_slope_of_the_error_function_at_zero() -> None:
    slope = REGISTRY["erf"].backward(None, np.ones(1), np.zeros(1))[0]
    np.testing.assert_allclose(slope, 2 / math.sqrt(math.pi), rtol=1e-15)


def test_clamp_costs_a_comparison_per_bound_and_passes_gradients_on_the_bounds() -> None:
    op, both = REGISTRY["clamp"], ClampAttrs(min=0, max=6)
    x = np.array([-1.0, 0.0, 3.0, 6.0, 7.0])
    np.testing.assert_array_equal(op.forward(both, x), [0, 0, 3, 6, 6])
    np.testing.assert_array_equal(op.backward(both, np.ones(5), x)[0], [0, 1, 1, 1, 0])
    assert op.cost(both, _X) == Cost(compares=2 * 3 * 2)
    assert op.cost(ClampAttrs(min=0), _X) == Cost(compares=2 * 3)
    with pytest.raises(ShapeError, match="clamp: expected min or max, got neither"):
        op.shape(ClampAttrs(), _X)


def test_cast_computes_nothing_and_cuts_fractions_off() -> None:
    op = REGISTRY["cast"]
    assert op.shape(CastAttrs(dtype="bfloat16"), _X) == TensorSpec((2, 3), "bfloat16")
    assert op.cost(CastAttrs(dtype="int8"), _X) == Cost()
    np.testing.assert_array_equal(op.forward(CastAttrs(dtype="int8"), np.array([-1.7, 1.7])), [-1, 1])
    with pytest.raises(UsageError, match=r"dtype: expected a type such as float32, .* got 'float7'"):
        op.shape(CastAttrs(dtype="float7"), _X)


def test_a_gradient_comes_back_in_the_type_it_left_and_not_through_integers() -> None:
    op, x = REGISTRY["cast"], np.ones(2, dtype=np.float32)
    assert op.backward(CastAttrs(dtype="float64"), np.ones(2), x)[0].dtype == np.float32
    assert op.backward(CastAttrs(dtype="int64"), np.ones(2), x) == (None,)
