import numpy as np
import pytest

from netweight.errors import ShapeError
from netweight.ir import TensorSpec
from netweight.ops import REGISTRY, Cost
from netweight.ops.contract.rotary import RotaryAttrs

_OP = REGISTRY["rotary_embedding"]


def test_quarter_turns() -> None:
    """An angle of a quarter makes (a, b) to (-b, a); the fifth feature stays."""
    x = np.array([1.0, 2.0, 3.0, 4.0, 5.0]).reshape(1, 1, 1, 5)
    cos, sin = np.zeros((1, 1, 2)), np.ones((1, 1, 2))
    neighbours = _OP.forward(RotaryAttrs(interleaved=True), x, cos, sin)
    np.testing.assert_array_equal(neighbours.ravel(), [-2, 1, -4, 3, 5])
    halves = _OP.forward(RotaryAttrs(), x, cos, sin)
    np.testing.assert_array_equal(halves.ravel(), [-3, -4, 1, 2, 5])


def test_cost() -> None:
    """2 samples, 3 heads, 4 positions and 5 pairs; angles shared by samples and heads."""
    specs = TensorSpec((2, 3, 4, 12)), TensorSpec((1, 4, 5)), TensorSpec((1, 4, 5))
    pairs = 2 * 3 * 4 * 5
    assert _OP.cost(RotaryAttrs(), *specs) == Cost(muls=4 * pairs, adds=2 * pairs)
    of_cos = _OP.backward_cost(RotaryAttrs(), (False, True, False), *specs)
    assert of_cos == Cost(muls=2 * pairs, adds=pairs + (pairs - 4 * 5))
    assert _OP.backward_cost(RotaryAttrs(), (False, False, False), *specs) == Cost()


@pytest.mark.parametrize(
    ("x", "cos"),
    [((2, 3, 4), (1, 4, 1)), ((2, 3, 4, 8), (3, 4, 4)), ((2, 3, 4, 8), (2, 5, 4)), ((2, 3, 4, 8), (2, 4, 5))],
)
def test_angles_of_other_positions(x: tuple[int, ...], cos: tuple[int, ...]) -> None:
    with pytest.raises(
        ShapeError, match=r"rotary_embedding: expected x \(N, H, T, E\), cos and sin \(N or 1, T, W / 2\)"
    ):
        _OP.shape(RotaryAttrs(), TensorSpec(x), TensorSpec(cos), TensorSpec(cos))
