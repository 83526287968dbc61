import numpy as np
import pytest

from netweight.errors import ShapeError
from netweight.ir import TensorSpec
from netweight.ops import REGISTRY, Cost
from netweight.ops.arrays.broadcast import broadcast_shape, joint_dtype, unbroadcast

PREDICATES = ["eq", "ne", "lt", "le", "gt", "ge", "logical_and", "logical_or", "logical_xor"]


def test_a_column_and_a_row_make_a_table() -> None:
    column, row = np.array([[1.0], [2.0]]), np.array([10.0, 20.0, 30.0])
    y = REGISTRY["add"].forward(None, column, row)
    np.testing.assert_array_equal(y, [[11, 21, 31], [12, 22, 32]])
    grad_column, grad_row = REGISTRY["add"].backward(None, np.ones((2, 3)), column, row)
    np.testing.assert_array_equal(grad_column, [[3], [3]])  # read by 3 columns
    np.testing.assert_array_equal(grad_row, [2, 2, 2])  # read by 2 rows


def test_the_gradient_of_a_quotient_by_hand() -> None:
    grad_x, grad_other = REGISTRY["div"].backward(None, np.array([3.0]), np.array([6.0]), np.array([2.0]))
    np.testing.assert_array_equal(grad_x, [1.5])  # 3 / 2
    np.testing.assert_array_equal(grad_other, [-4.5])  # -3 * 6 / 2²


def test_the_gradient_of_a_maximum_goes_to_the_larger_and_to_the_first_of_equals() -> None:
    grads = REGISTRY["maximum"].backward(None, np.ones(3), np.array([1.0, 2.0, 5.0]), np.array([4.0, 2.0, 3.0]))
    np.testing.assert_array_equal(grads, [[0, 1, 1], [1, 0, 0]])
    grads = REGISTRY["minimum"].backward(None, np.ones(3), np.array([1.0, 2.0, 5.0]), np.array([4.0, 2.0, 3.0]))
    np.testing.assert_array_equal(grads, [[1, 1, 0], [0, 0, 1]])


def test_a_power_of_zero_has_a_finite_gradient() -> None:
    grad_x, grad_exponent = REGISTRY["pow"].backward(None, np.ones(1), np.zeros(1), np.full(1, 2.0))
    np.testing.assert_array_equal([grad_x, grad_exponent], [[0], [0]])


def test_integers_divide_towards_zero_and_have_no_gradient() -> None:
    x, other = np.array([7, -7]), np.array([2, 2])
    y = REGISTRY["div"].forward(None, x, other)
    np.testing.assert_array_equal(y, [3, -3])
    assert y.dtype == np.int64
    assert REGISTRY["div"].backward(None, np.ones(2), x, other) == (None, None)


@pytest.mark.parametrize(
    ("name", "kind"),
    [("add", "adds"), ("sub", "adds"), ("mul", "muls"), ("div", "divs"), ("pow", "pows"), ("maximum", "compares"),
     ("minimum", "compares"), ("lt", "compares"), ("logical_xor", "logics")],
)  # fmt: skip
def test_one_operation_per_element_of_the_output(name: str, kind: str) -> None:
    """A bias per channel: 2 * 64 * 56 * 56 == 401_408 elements come out, 64 of them went in on one side."""
    maps, per_channel = TensorSpec((2, 64, 56, 56)), TensorSpec((64, 1, 1))
    assert REGISTRY[name].cost(None, maps, per_channel) == Cost(**{kind: 401_408})
    assert REGISTRY[name].cost(None, per_channel, maps) == Cost(**{kind: 401_408})


def test_where_is_one_choice_per_element() -> None:
    specs = TensorSpec((3, 1), "bool"), TensorSpec((4,)), TensorSpec(())
    assert REGISTRY["where"].shape(None, *specs) == TensorSpec((3, 4))
    assert REGISTRY["where"].cost(None, *specs) == Cost(logics=3 * 4)


@pytest.mark.parametrize(
    ("name", "expected"),
    [("eq", [0, 1, 0]), ("ne", [1, 0, 1]), ("lt", [1, 0, 0]), ("le", [1, 1, 0]), ("gt", [0, 0, 1]),
     ("ge", [0, 1, 1]), ("logical_and", [0, 1, 0]), ("logical_or", [1, 1, 1]), ("logical_xor", [1, 0, 1])],
)  # fmt: skip
def test_predicates_by_hand(name: str, expected: list[int]) -> None:
    y = REGISTRY[name].forward(None, np.array([0.0, 2.0, 3.0]), np.array([1, 2, 0]))
    np.testing.assert_array_equal(y, np.array(expected, dtype=bool))


@pytest.mark.parametrize(
    ("dtypes", "expected"),
    [
        (("float32", "float32"), "float32"),
        (("int64", "float16"), "float16"),
        (("bfloat16", "int8"), "bfloat16"),
        (("float32", "float64"), "float64"),
        (("bool", "int4"), "int4"),
        (("uint8", "int8"), "uint8"),
        (("float64", "complex64"), "complex64"),
        (("int4", "int8", "int32"), "int32"),
    ],
)
def test_element_type_of_a_result_of_several(dtypes: tuple[str, ...], expected: str) -> None:
    assert joint_dtype(*dtypes) == expected


@pytest.mark.parametrize("shapes", [((2, 3), (2, 4)), ((3, 1), (2, 5)), ((2,), (1, 3)), ((2,), (1,), (3,))])
def test_shapes_that_do_not_broadcast(shapes: tuple[tuple[int, ...], ...]) -> None:
    with pytest.raises(ShapeError, match=r"mul: expected shapes that broadcast .* got \(.*\) and \("):
        broadcast_shape("mul", *shapes)


@pytest.mark.parametrize("name", ["add", *PREDICATES])
def test_errors_name_the_operator(name: str) -> None:
    with pytest.raises(ShapeError, match=rf"^{name}: expected shapes that broadcast .* got \(2,\) and \(3,\)"):
        REGISTRY[name].shape(None, TensorSpec((2,)), TensorSpec((3,)))
    with pytest.raises(ShapeError, match=r"^where: expected shapes that broadcast .* got \(1,\) and \(2,\) and \(3,\)"):
        REGISTRY["where"].shape(None, TensorSpec((1,), "bool"), TensorSpec((2,)), TensorSpec((3,)))


def test_unbroadcast_sums_new_dimensions_and_stretched_ones() -> None:
    grad = np.arange(24.0).reshape(2, 3, 4)
    np.testing.assert_array_equal(unbroadcast(grad, (3, 1)), grad.sum(axis=(0, 2)).reshape(3, 1))
    np.testing.assert_array_equal(unbroadcast(grad, ()), 23 * 24 / 2)
