import numpy as np
import pytest

from netweight.count import formula, named_formula
from netweight.errors import ShapeError
from netweight.ir import TensorSpec
from netweight.ops import REGISTRY
from netweight.ops.contract.matmul import matmul_backward, matmul_cost, matmul_extent, matmul_shape
from netweight.ops.extent import Mixes

A = TensorSpec((8, 1, 5, 7))
B = TensorSpec((3, 7, 2))


def test_batched_product_by_hand() -> None:
    assert matmul_shape(None, A, B).shape == (8, 3, 5, 2)
    macs = matmul_cost(None, A, B).macs
    assert macs == 8 * 3 * 5 * 2 * 7 == 1_680
    assert formula(macs) == "8 * 3 * 5 * 7 * 2"
    assert named_formula(macs) == "8 (batch0) * 3 (batch1) * 5 (m) * 7 (k) * 2 (n)"


def test_vectors_are_rows_on_the_left_and_columns_on_the_right() -> None:
    vector = TensorSpec((7,))
    assert matmul_shape(None, vector, B).shape == (3, 2)
    assert matmul_shape(None, A, vector).shape == (8, 1, 5)
    assert matmul_shape(None, vector, vector).shape == ()
    assert matmul_cost(None, vector, vector).macs == 7


def test_gradient_of_a_stretched_operand_is_the_sum_over_its_copies() -> None:
    a, b = np.array([[1.0, 2.0]]), np.array([[[3.0], [4.0]], [[5.0], [6.0]]])
    grad_a, grad_b = matmul_backward(None, np.array([[[1.0]], [[10.0]]]), a, b)
    np.testing.assert_array_equal(grad_a, [[3 + 50, 4 + 60]])
    np.testing.assert_array_equal(grad_b, [[[1], [2]], [[10], [20]]])


@pytest.mark.parametrize(
    ("a", "b", "mixed"),
    [
        ((2, 9, 4), (4, 3), (-1,)),  # a weight on the right: every position for itself
        ((2, 9, 4), (4,), (-1,)),
        ((9, 9), (2, 9, 4), (-2,)),  # a weight on the left
        ((2, 9, 4), (2, 4, 9), (-2, -1)),
        ((4,), (4, 3), (-2, -1)),
    ],
)
def test_reach_tells_weights_from_samples(a: tuple[int, ...], b: tuple[int, ...], mixed: tuple[int, ...]) -> None:
    assert matmul_extent(None, TensorSpec(a), TensorSpec(b)) == Mixes(mixed)


@pytest.mark.parametrize(
    ("a", "b", "message"),
    [
        ((), (3,), r"matmul: expected operands with at least one dimension, got \(\) and \(3,\)"),
        ((2, 3), (4, 2), r"last size of a to be b's second to last, got \(2, 3\) and \(4, 2\)"),
        ((2, 2, 3), (4, 3, 2), r"matmul: expected shapes that broadcast .*, got \(2,\) and \(4,\)"),
    ],
)
def test_errors_name_what_was_expected_and_what_came(a: tuple[int, ...], b: tuple[int, ...], message: str) -> None:
    with pytest.raises(ShapeError, match=message):
        matmul_shape(None, TensorSpec(a), TensorSpec(b))


def test_a_linear_layer_takes_a_matrix() -> None:
    with pytest.raises(ShapeError, match=r"linear: expected weight \(out_features, in_features\), got \(2, 3, 4\)"):
        REGISTRY["linear"].shape(None, TensorSpec((5, 4)), TensorSpec((2, 3, 4)), None)
