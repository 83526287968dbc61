import math

import numpy as np
import pytest

from netweight.count import formula
from netweight.errors import ShapeError
from netweight.ir import TensorSpec
from netweight.ops import REGISTRY
from netweight.ops.contract.attention import (
    AttentionAttrs,
    attention_backward,
    attention_cost,
    attention_forward,
    attention_shape,
)
from netweight.ops.table import Cost
from netweight.testing import check_batch

PLAIN = AttentionAttrs(scale=1.0)
QUERY, KEY, VALUE = TensorSpec((2, 8, 5, 16)), TensorSpec((2, 4, 6, 16)), TensorSpec((2, 4, 6, 3))


def test_cost_by_hand() -> None:
    scores = 2 * 8 * 5 * 6
    macs = attention_cost(PLAIN, QUERY, KEY, VALUE, None).macs
    assert macs == scores * (16 + 3) == 9_120
    assert formula(macs) == "2 * 8 * 5 * 6 * (16 + 3)"
    plain = Cost(macs=macs, muls=scores, adds=2 * scores, exps=scores, divs=scores, compares=scores)
    assert attention_cost(PLAIN, QUERY, KEY, VALUE, None) == plain


def test_masks_cost_additions_or_logic_and_save_no_products() -> None:
    plain = attention_cost(PLAIN, QUERY, KEY, VALUE, None)
    scores = 2 * 8 * 5 * 6
    causal = AttentionAttrs(scale=1.0, is_causal=True)
    keep = TensorSpec((5, 6), "bool")
    assert attention_cost(PLAIN, QUERY, KEY, VALUE, TensorSpec((5, 6))) == plain + Cost(adds=scores)
    assert attention_cost(PLAIN, QUERY, KEY, VALUE, keep) == plain + Cost(logics=scores)
    assert attention_cost(causal, QUERY, KEY, VALUE, keep) == plain + Cost(logics=2 * scores)


@pytest.mark.parametrize("mask", [None, TensorSpec((6, 6), "bool")])
def test_samples_cost_the_same_apart_as_together(mask: TensorSpec | None) -> None:
    rng = np.random.default_rng(0)
    keep = None if mask is None else np.ones(mask.shape, dtype=bool)
    inputs = (*(rng.standard_normal((1, 2, 6, 4)) for _ in range(3)), keep)
    check_batch(REGISTRY["scaled_dot_product_attention"], PLAIN, inputs, ("query", "key", "value"))


def test_two_keys_by_hand() -> None:
    query, key, value = np.array([[2.0]]), np.array([[0.0], [math.log(3)]]), np.array([[8.0], [4.0]])
    # scores 0 and log 3: weights 1/4 and 3/4
    y, logsumexp = attention_forward(AttentionAttrs(scale=0.5), query, key, value, None)
    np.testing.assert_allclose(y, [[8 / 4 + 4 * 3 / 4]])
    np.testing.assert_allclose(logsumexp, [math.log(1 + 3)])


def test_neighbouring_query_heads_share_a_key_head() -> None:
    key, value = np.zeros((2, 1, 1)), np.array([[[1.0]], [[2.0]]])
    y, _ = attention_forward(PLAIN, np.zeros((4, 1, 1)), key, value, None)
    np.testing.assert_array_equal(y.ravel(), [1, 1, 2, 2])


def test_a_query_with_nothing_to_attend_to_gives_zeros_and_passes_no_gradient() -> None:
    query, key, value = np.ones((3, 2, 4))
    mask = np.array([[True, True], [False, False]])
    for nothing in (mask, np.where(mask, 0, -np.inf)):
        y, logsumexp = attention_forward(PLAIN, query, key, value, nothing)
        np.testing.assert_array_equal(y, [[1] * 4, [0] * 4])
        grads = attention_backward(PLAIN, np.ones((2, 4)), query, key, value, nothing, y=y, logsumexp=logsumexp)
        np.testing.assert_array_equal(grads[0][1], 0)
        np.testing.assert_allclose(grads[2], 0.5)


def test_large_scores_do_not_overflow() -> None:
    y, _ = attention_forward(PLAIN, np.array([[1e4]]), np.array([[1.0], [2.0]]), np.array([[1.0], [5.0]]), None)
    np.testing.assert_array_equal(y, [[5]])


@pytest.mark.parametrize(
    ("query", "key", "value", "mask", "message"),
    [
        ((4,), (4,), (4,), None, r"expected query \(\*batch, H, L, E\), .* got \(4,\), \(4,\) and \(4,\)"),
        ((5, 4), (6, 3), (6, 3), None, r"expected query .* got \(5, 4\), \(6, 3\)"),
        ((5, 4), (6, 4), (7, 4), None, r"expected query .* got \(5, 4\), \(6, 4\) and \(7, 4\)"),
        ((2, 8, 5, 4), (3, 8, 5, 4), (3, 8, 5, 4), None, r"expected query .* got \(2, 8, 5, 4\)"),
        ((1, 6, 5, 4), (1, 4, 5, 4), (1, 4, 5, 4), None, r"query heads divisible by key heads, got 6 and 4"),
        ((2, 5, 4), (2, 6, 4), (2, 6, 4), (1, 2, 5, 6), r"mask that broadcasts to \(2, 5, 6\), got \(1, 2, 5, 6\)"),
        ((2, 1, 4), (2, 6, 4), (2, 6, 4), (2, 3, 6), r"mask that broadcasts to \(2, 1, 6\), got \(2, 3, 6\)"),
        ((2, 5, 4), (2, 6, 4), (2, 6, 4), (5, 5), r"attention: expected shapes that broadcast"),
    ],
)
def test_errors_name_what_was_expected_and_what_came(
    query: tuple[int, ...], key: tuple[int, ...], value: tuple[int, ...], mask: tuple[int, ...] | None, message: str
) -> None:
    with pytest.raises(ShapeError, match=message):
        attention_shape(
            PLAIN, TensorSpec(query), TensorSpec(key), TensorSpec(value), None if mask is None else TensorSpec(mask)
        )
