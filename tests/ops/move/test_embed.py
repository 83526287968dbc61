import numpy as np
import pytest

from netweight.errors import ShapeError
from netweight.ir import TensorSpec
from netweight.ops import REGISTRY, Cost
from netweight.ops.extent import Permutes
from netweight.ops.move.embed import EmbeddingAttrs

_PLAIN = EmbeddingAttrs()
_TABLE = TensorSpec((5, 2))


def test_rows_by_hand() -> None:
    weight = np.array([[0.0, 1.0], [10.0, 11.0], [20.0, 21.0]])
    indices = np.array([[2, 0, 2]])
    y = REGISTRY["embedding"].forward(_PLAIN, indices, weight)
    np.testing.assert_array_equal(y, [[[20, 21], [0, 1], [20, 21]]])
    none, grad = REGISTRY["embedding"].backward(_PLAIN, np.ones((1, 3, 2)), indices, weight)
    assert none is None
    np.testing.assert_array_equal(grad, [[1, 1], [0, 0], [2, 2]])  # row 2 was read twice


def test_the_padding_row_is_read_and_not_learned_as_in_pytorch() -> None:
    functional = pytest.importorskip("torch.nn.functional")
    torch = pytest.importorskip("torch")
    indices, weight = np.array([2, 0, 2, 1]), np.random.default_rng(0).standard_normal((3, 2))
    table = torch.tensor(weight, requires_grad=True)
    expected = functional.embedding(torch.from_numpy(indices), table, padding_idx=2)
    expected.sum().backward()
    attrs = EmbeddingAttrs(padding_idx=2)
    np.testing.assert_array_equal(REGISTRY["embedding"].forward(attrs, indices, weight), expected.detach().numpy())
    _, grad = REGISTRY["embedding"].backward(attrs, np.ones((4, 2)), indices, weight)
    np.testing.assert_array_equal(grad, table.grad.numpy())
    np.testing.assert_array_equal(grad, [[1, 1], [1, 1], [0, 0]])


def test_a_lookup_is_no_work_and_keeps_the_type_of_the_table() -> None:
    indices = TensorSpec((3, 4), "int32")
    assert REGISTRY["embedding"].cost(_PLAIN, indices, _TABLE) == Cost()
    assert REGISTRY["embedding"].shape(_PLAIN, indices, TensorSpec((5, 2), "int8")) == TensorSpec((3, 4, 2), "int8")
    assert REGISTRY["embedding"].extent(_PLAIN, indices, _TABLE) == Permutes((0, 1, None))


@pytest.mark.parametrize(
    ("attrs", "indices", "weight", "message"),
    [
        (_PLAIN, TensorSpec((3,)), _TABLE, "embedding: expected positions of an integer type, got float32"),
        (_PLAIN, TensorSpec((3,), "bool"), _TABLE, "embedding: expected positions of an integer type, got bool"),
        (_PLAIN, TensorSpec((3,), "int64"), TensorSpec((5,)), r"weight \(num_embeddings, embedding_dim\), got \(5,\)"),
        (EmbeddingAttrs(padding_idx=5), TensorSpec((3,), "int64"), _TABLE, "expected 0 <= padding_idx < 5, got 5"),
    ],
)
def test_errors(attrs: EmbeddingAttrs, indices: TensorSpec, weight: TensorSpec, message: str) -> None:
    with pytest.raises(ShapeError, match=message):
        REGISTRY["embedding"].shape(attrs, indices, weight)
