import warnings
from typing import Any

import hypothesis.strategies as st
import numpy as np
import pytest
import torch
from hypothesis import given

from cases.reduce.reduction import CASES
from netweight.count import formula
from netweight.errors import ShapeError
from netweight.ir import TensorSpec
from netweight.ops import REGISTRY, Cost
from netweight.ops.extent import Mixes
from netweight.ops.reduce.cumulative import CumsumAttrs
from netweight.ops.reduce.reduction import ReduceAttrs, VarAttrs, var_backward, var_forward
from netweight.ops.reduce.vector_norm import VectorNormAttrs
from netweight.testing import check_batch

_MAPS = TensorSpec((8, 64, 7, 7))
_ROWS = ReduceAttrs(dims=(1,))


def test_mean_of_feature_maps() -> None:
    """512 averages of 7 * 7 == 49 elements: 48 additions and one division each."""
    cost = REGISTRY["mean"].cost(ReduceAttrs(dims=(2, 3)), _MAPS)
    assert cost == Cost(adds=512 * 48, divs=512)
    assert formula(cost.adds) == "512 * 48"


def test_variance_by_hand() -> None:
    """1 2 3 6 around 3: (4 + 1 + 0 + 9) / (4 - 1)."""
    attrs, x = VarAttrs(dims=(1,)), np.array([[1.0, 2.0, 3.0, 6.0]])
    np.testing.assert_allclose(REGISTRY["var"].forward(attrs, x), [14 / 3], rtol=1e-15)
    grad = REGISTRY["var"].backward(attrs, np.ones(1), x)[0]
    np.testing.assert_allclose(grad, [[-4 / 3, -2 / 3, 0, 2]], rtol=1e-15)  # 2 (x - 3) / 3
    # A sum of 4, 4 deviations and a sum of 4 squares; 4 squares; two divisions.
    assert REGISTRY["var"].cost(attrs, TensorSpec((1, 4))) == Cost(adds=3 + 4 + 3, muls=4, divs=2)


@pytest.mark.parametrize(
    ("name", "kind"),
    [("sum", "adds"), ("prod", "muls"), ("amax", "compares"), ("amin", "compares"), ("argmax", "compares"),
     ("argmin", "compares")],
)  # fmt: skip
def test_one_operation_fewer_than_elements(name: str, kind: str) -> None:
    assert REGISTRY[name].cost(_ROWS, TensorSpec((5, 10))) == Cost(**{kind: 5 * 9})
    assert REGISTRY[name].cost(ReduceAttrs(), TensorSpec((5, 10))) == Cost(**{kind: 49})


def test_a_zero_factor_leaves_the_product_of_the_others() -> None:
    grad = REGISTRY["prod"].backward(_ROWS, np.array([1.0, 1.0]), np.array([[2.0, 0.0, 3.0], [2.0, 0.0, 0.0]]))[0]
    np.testing.assert_array_equal(grad, [[0, 6, 0], [0, 0, 0]])


def test_the_first_of_equal_elements_is_picked_and_gets_the_gradient() -> None:
    x = np.array([[1.0, 5.0, 5.0], [4.0, 2.0, 2.0]])
    y, indices = REGISTRY["amax"].forward(_ROWS, x)
    np.testing.assert_array_equal([y, indices], [[5, 4], [1, 0]])
    grad = REGISTRY["amax"].backward(_ROWS, np.array([10.0, 20.0]), x, indices=indices)[0]
    np.testing.assert_array_equal(grad, [[0, 10, 0], [20, 0, 0]])
    np.testing.assert_array_equal(REGISTRY["argmin"].forward(_ROWS, x), [0, 1])
    np.testing.assert_array_equal(REGISTRY["argmax"].forward(ReduceAttrs(), x), 1)


def test_running_sum_by_hand() -> None:
    op, attrs = REGISTRY["cumsum"], CumsumAttrs(dim=1)
    np.testing.assert_array_equal(op.forward(attrs, np.array([[1.0, 2.0, 3.0]])), [[1, 3, 6]])
    grad = op.backward(attrs, np.ones((1, 3)), np.ones((1, 3)))[0]
    np.testing.assert_array_equal(grad, [[3, 2, 1]])  # the first is in all three sums
    assert op.cost(attrs, TensorSpec((4, 3))) == Cost(adds=4 * 2)
    assert op.extent(attrs, TensorSpec((4, 3))) == Mixes((1,))


@pytest.mark.parametrize(("name", "attrs"), [("sum", _ROWS), ("prod", _ROWS), ("cumsum", CumsumAttrs(dim=1))])
def test_types(name: str, attrs: Any) -> None:
    for dtype, expected in (("bool", "int64"), ("int8", "int8"), ("int32", "int32"), ("float32", "float32")):
        assert REGISTRY[name].shape(attrs, TensorSpec((2, 3), dtype)).dtype == expected  # type: ignore[union-attr]
        assert REGISTRY[name].forward(attrs, np.ones((2, 3), dtype)).dtype == expected


def test_a_reduction_mixes_what_it_reduces() -> None:
    assert REGISTRY["mean"].extent(ReduceAttrs(dims=(2, 3)), _MAPS) == Mixes((2, 3))
    assert REGISTRY["mean"].extent(ReduceAttrs(), _MAPS) == Mixes((0, 1, 2, 3))


@pytest.mark.parametrize("name", list(CASES))
@given(data=st.data())
def test_samples_cost_the_same_apart_as_together(name: str, data: st.DataObject) -> None:
    """Where the samples are not what is reduced."""
    attrs, (x,) = data.draw(CASES[name].filter(lambda case: case[0].dims and 0 not in case[0].dims))
    check_batch(REGISTRY[name], attrs, (x,), ("x",))


@pytest.mark.parametrize(
    ("name", "attrs", "x", "message"),
    [
        ("sum", ReduceAttrs(dims=(2,)), (3, 4), r"sum: expected different dims from 0 to 1, got 2 for shape \(3, 4\)"),
        ("amin", ReduceAttrs(dims=(-1,)), (3, 4), "amin: expected different dims from 0 to 1, got -1"),
        ("mean", ReduceAttrs(dims=(1, 1)), (3, 4), r"mean: expected different dims from 0 to 1, got \(1, 1\)"),
        ("amax", ReduceAttrs(dims=(1,)), (3, 0), r"amax: expected at least one element to reduce, got shape \(3, 0\)"),
        ("var", VarAttrs(correction=-1), (2,), r"var: expected a correction of 0 or more, got -1"),
        ("argmax", ReduceAttrs(dims=(0, 1)), (3, 4), r"argmax: expected one dim or none for all, got \(0, 1\)"),
        ("argmin", ReduceAttrs(dims=(0, 1)), (3, 4), r"argmin: expected one dim or none for all, got \(0, 1\)"),
        ("cumsum", CumsumAttrs(dim=2), (3, 4), "cumsum: expected different dims from 0 to 1, got 2"),
    ],
)
def test_errors(name: str, attrs: Any, x: tuple[int, ...], message: str) -> None:
    with pytest.raises(ShapeError, match=message):
        REGISTRY[name].shape(attrs, TensorSpec(x))


def test_length_by_hand() -> None:
    """3 4 is 5 long; 1 and -2 add up to 3; the cube root of 1 + 8."""
    op = REGISTRY["vector_norm"]
    rows = np.array([[3.0, 4.0], [1.0, -2.0]])
    np.testing.assert_allclose(op.forward(VectorNormAttrs(dims=(1,)), rows), [5, 5**0.5])
    np.testing.assert_allclose(op.forward(VectorNormAttrs(dims=(1,), ord=1.0), rows), [7, 3])
    np.testing.assert_allclose(op.forward(VectorNormAttrs(dims=(1,), ord=3.0), rows), [91 ** (1 / 3), 9 ** (1 / 3)])
    # Per row two squares, one sum, one root; absolute values instead of squares; powers, and one of the sum.
    spec = TensorSpec((2, 2))
    assert op.cost(VectorNormAttrs(dims=(1,)), spec) == Cost(muls=4, adds=2, sqrts=2)
    assert op.cost(VectorNormAttrs(dims=(1,), ord=1.0), spec) == Cost(compares=4, adds=2)
    assert op.cost(VectorNormAttrs(dims=(1,), ord=3.0), spec) == Cost(compares=4, adds=2, pows=4 + 2)


def test_the_origin_has_no_direction() -> None:
    attrs, x = VectorNormAttrs(dims=(1,)), np.array([[3.0, 4.0], [0.0, 0.0]])
    grad = REGISTRY["vector_norm"].backward(attrs, np.ones(2), x, y=np.array([5.0, 0.0]))[0]
    np.testing.assert_allclose(grad, [[0.6, 0.8], [0, 0]])


@pytest.mark.parametrize("power", [0.0, float("inf"), float("nan")])
def test_length_needs_a_finite_exponent(power: float) -> None:
    with pytest.raises(ShapeError, match=r"vector_norm: expected ord other than 0 and finite, got"):
        REGISTRY["vector_norm"].shape(VectorNormAttrs(ord=power), _MAPS)


@pytest.mark.parametrize("shape", [(1,), (3, 2)])
@pytest.mark.parametrize("correction", [2, 3])
def test_variance_of_too_few(shape: tuple[int, ...], correction: int) -> None:
    """PyTorch divides by zero where the correction takes every element; so do we, forward and backward."""
    attrs, x = VarAttrs(dims=(len(shape) - 1,), correction=correction), np.arange(float(np.prod(shape))).reshape(shape)
    theirs = torch.tensor(x, requires_grad=True)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        y = torch.var(theirs, -1, correction=correction)
    y.sum().backward()
    np.testing.assert_allclose(var_forward(attrs, x), y.detach().numpy(), rtol=1e-12)
    np.testing.assert_allclose(var_backward(attrs, np.ones(shape[:-1]), x)[0], theirs.grad.numpy(), rtol=1e-12)
    assert REGISTRY["var"].shape(attrs, TensorSpec(shape)).shape == shape[:-1]
