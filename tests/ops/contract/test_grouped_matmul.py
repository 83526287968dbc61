import numpy as np
import pytest

from netweight.errors import ShapeError
from netweight.ir import TensorSpec
from netweight.ops import REGISTRY

OP = REGISTRY["grouped_matmul"]


def spec(*shape: int, dtype: str = "float32") -> TensorSpec:
    return TensorSpec(shape, dtype)


def test_each_row_meets_one_matrix() -> None:
    cost = OP.cost(None, spec(6, 4), spec(8, 4, 5), spec(8, dtype="int32"))
    assert cost.macs == 6 * 4 * 5  # not times 8 groups


def test_groups_by_hand() -> None:
    a = np.array([[1.0], [2.0], [3.0], [4.0]])
    b = np.array([[[10.0]], [[100.0]], [[1000.0]]])
    y = OP.forward(None, a, b, np.array([1, 1, 3]))
    # Row 0 in group 0; group 1 is empty; rows 1 and 2 in group 2; row 3 in none.
    np.testing.assert_array_equal(y, [[10.0], [2000.0], [3000.0], [0.0]])


@pytest.mark.parametrize(
    ("a", "b", "groups"), [((6, 4), (8, 3, 5), 8), ((6, 4), (8, 4, 5), 7), ((2, 6, 4), (8, 4, 5), 8)]
)
def test_what_does_not_fit(a: tuple[int, ...], b: tuple[int, ...], groups: int) -> None:
    with pytest.raises(ShapeError, match=r"grouped_matmul: expected a \(rows, k\), b \(groups, k, n\)"):
        OP.shape(None, spec(*a), spec(*b), spec(groups, dtype="int32"))


def test_offsets_are_integers() -> None:
    with pytest.raises(ShapeError, match="grouped_matmul: expected positions of an integer type, got float32"):
        OP.shape(None, spec(6, 4), spec(8, 4, 5), spec(8))
