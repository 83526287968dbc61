from typing import Any

import numpy as np
import pytest

from netweight.errors import ShapeError
from netweight.ir import TensorSpec
from netweight.ops import REGISTRY, Cost
from netweight.ops.extent import Mixes
from netweight.ops.move.embedding_bag import EmbeddingBagAttrs

TABLE = np.array([[1.0, 2.0], [3.0, 1.0], [5.0, 0.0]])
_BAGS, _LIST, _WEIGHT = TensorSpec((4, 5), "int64"), TensorSpec((20,), "int64"), TensorSpec((100, 8))


@pytest.mark.parametrize(
    ("mode", "expected"),
    [("sum", [[1 + 5, 2 + 0], [3 + 3, 1 + 1]]), ("mean", [[3, 1], [3, 1]]), ("max", [[5, 2], [3, 1]])],
)
def test_bags_in_rows(mode: Any, expected: Any) -> None:
    attrs = EmbeddingBagAttrs(mode=mode)
    y, _ = REGISTRY["embedding_bag"].forward(attrs, np.array([[0, 2], [1, 1]]), TABLE, None, None)
    np.testing.assert_array_equal(y, expected)


def test_bags_in_a_list_with_an_empty_one_and_a_row_left_out() -> None:
    """Bags 0 2 | | 1 2: the second is empty, row 2 counts nowhere."""
    attrs = EmbeddingBagAttrs(mode="mean", padding_idx=2)
    inputs = np.array([0, 2, 1, 2]), TABLE, np.array([0, 2, 2]), None
    y, chosen = REGISTRY["embedding_bag"].forward(attrs, *inputs)
    np.testing.assert_array_equal(y, [[1, 2], [0, 0], [3, 1]])
    grad = REGISTRY["embedding_bag"].backward(attrs, np.ones((3, 2)), *inputs, chosen=chosen)[1]
    np.testing.assert_array_equal(grad, [[1, 1], [1, 1], [0, 0]])


def test_a_row_left_out_is_as_pytorch_leaves_it_out() -> None:
    torch = pytest.importorskip("torch")
    indices = np.array([[0, 2, 1], [2, 2, 2]])
    for mode in ("sum", "mean", "max"):
        attrs = EmbeddingBagAttrs(mode=mode, padding_idx=2)
        y, _ = REGISTRY["embedding_bag"].forward(attrs, indices, TABLE, None, None)
        theirs = torch.nn.functional.embedding_bag(
            torch.from_numpy(indices), torch.from_numpy(TABLE), mode=mode, padding_idx=2
        )
        np.testing.assert_allclose(y, theirs.numpy())


def test_work_of_bags() -> None:
    """20 lookups in 4 bags: 16 rows of 8 are added to another."""
    op, offsets = REGISTRY["embedding_bag"], TensorSpec((4,), "int64")
    assert op.cost(EmbeddingBagAttrs(mode="sum"), _BAGS, _WEIGHT, None, None) == Cost(adds=16 * 8)
    assert op.cost(EmbeddingBagAttrs(), _LIST, _WEIGHT, offsets, None) == Cost(adds=16 * 8, divs=4 * 8)
    assert op.cost(EmbeddingBagAttrs(mode="max"), _BAGS, _WEIGHT, None, None) == Cost(compares=16 * 8)
    scale = TensorSpec((20,))
    weighed = op.cost(EmbeddingBagAttrs(mode="sum"), _LIST, _WEIGHT, offsets, scale)
    assert weighed == Cost(adds=16 * 8, muls=20 * 8)
    assert op.extent(EmbeddingBagAttrs(), _BAGS, _WEIGHT, None, None) == Mixes((1,))
    last = EmbeddingBagAttrs(include_last_offset=True)
    assert op.shape(last, _LIST, _WEIGHT, offsets, None)[0] == TensorSpec((3, 8))


def test_bilinear_by_hand() -> None:
    """[1 2] weight [3 4]ᵀ with weight [[1 0] [0 10]] is 1 * 1 * 3 + 2 * 10 * 4."""
    weight = np.array([[[1.0, 0.0], [0.0, 10.0]]])
    y = REGISTRY["bilinear"].forward(None, np.array([1.0, 2.0]), np.array([3.0, 4.0]), weight, np.array([0.5]))
    np.testing.assert_array_equal(y, [3 + 80 + 0.5])
    specs = TensorSpec((7, 2)), TensorSpec((7, 3)), TensorSpec((5, 2, 3)), TensorSpec((5,))
    assert REGISTRY["bilinear"].cost(None, *specs) == Cost(macs=7 * 5 * 2 * 3 + 7 * 5 * 2, adds=7 * 5)


_SCALE = TensorSpec((4, 5))
_WRONG: Any = "median"


@pytest.mark.parametrize(
    ("name", "attrs", "inputs", "message"),
    [
        (
            "embedding_bag",
            EmbeddingBagAttrs(),
            (_LIST, _WEIGHT, None, None),
            r"offsets \(bags,\), got \(20,\) and None",
        ),
        ("embedding_bag", EmbeddingBagAttrs(), (_BAGS, _WEIGHT, _LIST, None), r"got \(4, 5\) and \(20,\)"),
        (
            "embedding_bag",
            EmbeddingBagAttrs(),
            (_LIST, _WEIGHT, TensorSpec((2,)), None),
            "positions of an integer type",
        ),
        (
            "embedding_bag",
            EmbeddingBagAttrs(),
            (_SCALE, _WEIGHT, None, None),
            "embedding_bag: expected positions of an",
        ),
        ("embedding_bag", EmbeddingBagAttrs(mode=_WRONG), (_BAGS, _WEIGHT, None, None), "mode 'sum', .* got 'median'"),
        ("embedding_bag", EmbeddingBagAttrs(), (_BAGS, _LIST, None, None), r"weight \(num_embeddings, .* got \(20,\)"),
        (
            "embedding_bag",
            EmbeddingBagAttrs(padding_idx=100),
            (_BAGS, _WEIGHT, None, None),
            "padding_idx < 100, got 100",
        ),
        ("embedding_bag", EmbeddingBagAttrs(), (_BAGS, _WEIGHT, None, _SCALE), "a scale per index .* and mode 'mean'"),
        (
            "embedding_bag",
            EmbeddingBagAttrs(mode="sum"),
            (_BAGS, _WEIGHT, None, _WEIGHT),
            r"got \(100, 8\) for \(4, 5\)",
        ),
        ("bilinear", None, (_SCALE, _SCALE, _SCALE, None), r"weight \(out, in1, in2\), got \(4, 5\)"),
        ("bilinear", None, (_SCALE, _SCALE, TensorSpec((2, 5, 4)), None), r"x1 \(..., 5\) and x2 \(..., 4\), got"),
        ("bilinear", None, (_SCALE, TensorSpec((5,)), TensorSpec((2, 5, 5)), None), r"got \(4, 5\) and \(5,\)"),
        ("bilinear", None, (_SCALE, _SCALE, TensorSpec((2, 5, 5)), _SCALE), r"bias of shape \(2,\), got \(4, 5\)"),
    ],
)
def test_errors(name: str, attrs: Any, inputs: tuple[Any, ...], message: str) -> None:
    with pytest.raises(ShapeError, match=message):
        REGISTRY[name].shape(attrs, *inputs)
