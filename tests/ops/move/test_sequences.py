"""Sequences turned round and written into caches, attention by a state, pooling that tells where."""

from typing import Any

import numpy as np
import pytest

from netweight.errors import ShapeError
from netweight.ir import TensorSpec
from netweight.ops import REGISTRY, Cost
from netweight.ops.contract.attention import AttentionAttrs
from netweight.ops.contract.linear_attention import LinearAttentionAttrs
from netweight.ops.move.sequences import ReverseSequenceAttrs, WriteSequenceAttrs
from netweight.ops.sample.grid_sample import GridSampleAttrs
from netweight.ops.window.pool_indices import PoolIndicesAttrs, UnpoolAttrs

_INDEX, _STATE = TensorSpec((2,), "int64"), TensorSpec((2, 4, 8, 16))
_QUERY, _KEY, _VALUE = TensorSpec((2, 8, 5, 8)), TensorSpec((2, 4, 5, 8)), TensorSpec((2, 4, 5, 16))
_LINEAR = LinearAttentionAttrs(scale=1.0)
_POOL = PoolIndicesAttrs(kernel_size=(2, 2), stride=(2, 2), padding=((0, 0),) * 2, dilation=(1, 1))


def test_turning_round() -> None:
    x = np.array([[1, 2, 3, 4], [5, 6, 7, 8]])
    y = REGISTRY["reverse_sequence"].forward(ReverseSequenceAttrs(dim=1, batch_dim=0), x, np.array([3, 1]))
    np.testing.assert_array_equal(y, [[3, 2, 1, 4], [5, 6, 7, 8]])


def test_writing_into_a_cache() -> None:
    x, src = np.zeros((2, 4)), np.array([[1.0, 2], [3, 4]])
    write = REGISTRY["write_sequence"].forward
    np.testing.assert_array_equal(write(WriteSequenceAttrs(dim=1), x, src, None), [[1, 2, 0, 0], [3, 4, 0, 0]])
    starts = np.array([1, 2])
    np.testing.assert_array_equal(write(WriteSequenceAttrs(dim=1), x, src, starts), [[0, 1, 2, 0], [0, 0, 3, 4]])
    around = write(WriteSequenceAttrs(dim=1, circular=True), x, src, np.array([3, 0]))
    np.testing.assert_array_equal(around, [[2, 0, 0, 1], [3, 4, 0, 0]])


def test_positions_in_a_plane_and_across_planes() -> None:
    x = np.array([[[[1.0, 9], [2, 3]], [[4, 5], [8, 6]]]])
    pool = REGISTRY["max_pool_with_indices"].forward
    across = PoolIndicesAttrs(
        kernel_size=(2, 2), stride=(2, 2), padding=((0, 0),) * 2, dilation=(1, 1), across_planes=True
    )
    for attrs, expected in ((_POOL, [1, 2]), (across, [1, 4 + 2])):
        y, indices = pool(attrs, x)
        np.testing.assert_array_equal(y.ravel(), [9, 8])
        np.testing.assert_array_equal(indices.ravel(), expected)
        unpool = UnpoolAttrs(output_size=(2, 2), across_planes=attrs.across_planes)
        back = REGISTRY["max_unpool"].forward(unpool, y, indices)
        np.testing.assert_array_equal(back, [[[[0, 9], [0, 0]], [[0, 0], [8, 0]]]])


def test_unpooling_is_pytorchs() -> None:
    torch = pytest.importorskip("torch")
    x = np.random.default_rng(0).standard_normal((2, 3, 6, 8))
    y, indices = REGISTRY["max_pool_with_indices"].forward(_POOL, x)
    theirs, places = torch.nn.functional.max_pool2d(torch.from_numpy(x), 2, return_indices=True)
    np.testing.assert_array_equal(indices, places)
    back = REGISTRY["max_unpool"].forward(UnpoolAttrs(output_size=(6, 8)), y, indices)
    np.testing.assert_array_equal(back, torch.nn.functional.max_unpool2d(theirs, places, 2))


def test_a_state_by_hand() -> None:
    """One feature. Step 1: S = 2 * 3 = 6, y = 6. Step 2: half of it is left, the delta rule writes half the error."""
    query, key, value = np.array([1.0, 10]), np.array([2.0, 1]), np.array([3.0, 7])
    decay, beta = np.log([1.0, 0.5]), np.array([1.0, 0.5])
    shaped = [x.reshape(1, 1, 2, 1) for x in (query, key, value, decay, beta)]
    y, state = REGISTRY["linear_attention"].forward(LinearAttentionAttrs(scale=1.0), *shaped[:3], None, *shaped[3:])
    after = 6 / 2 + 1 * 0.5 * (7 - 6 / 2 * 1)
    np.testing.assert_allclose(y.ravel(), [6, 10 * after])
    np.testing.assert_allclose(state.ravel(), [after])


def test_costs() -> None:
    cost = REGISTRY["linear_attention"].cost
    attrs = LinearAttentionAttrs(scale=1.0)
    tokens, state = 2 * 5, 8 * 16
    plain = cost(attrs, _QUERY, _KEY, _VALUE, None, None, None)
    assert plain == Cost(macs=tokens * state * (4 + 8), muls=tokens * 8 * 16)
    decay, beta = TensorSpec((2, 4, 5, 1)), TensorSpec((2, 1, 5, 1))
    delta = cost(attrs, _QUERY, _KEY, _VALUE, _STATE, decay, beta)
    assert delta.macs == tokens * state * (4 + 4 + 8)
    assert (delta.exps, delta.adds) == (2 * 4 * 5, tokens * 4 * 16)
    assert delta.muls == tokens * 8 * 16 + tokens * 4 * state + tokens * 4 * 16
    assert REGISTRY["max_pool_with_indices"].cost(_POOL, TensorSpec((2, 3, 6, 8))) == Cost(compares=3 * 2 * 3 * 3 * 4)
    assert REGISTRY["max_unpool"].cost(UnpoolAttrs(output_size=(6, 8)), _STATE, _STATE) == Cost()


def test_gradients_of_linear_attention_take_twice_the_macs() -> None:
    op, specs = REGISTRY["linear_attention"], (_QUERY, _KEY, _VALUE, _STATE)
    beta, decay = TensorSpec((2, 4, 5, 1)), TensorSpec((2, 4, 5, 8))
    tokens, state = 2 * 5, 8 * 16
    plain, delta = (op.cost(_LINEAR, *specs, None, rate).macs for rate in (None, beta))
    assert op.backward_cost(_LINEAR, (True,) * 4 + (False,) * 2, *specs, None, None).macs == 2 * plain
    assert op.backward_cost(_LINEAR, (True,) * 4 + (False,) * 2, *specs, None, beta).macs == 2 * delta
    everything = op.backward_cost(_LINEAR, (True,) * 6, *specs, decay, beta).macs
    assert everything == 2 * delta + tokens * 4 * state + tokens * 4 * 16
    assert op.backward_cost(_LINEAR, (True, *(False,) * 5), *specs, decay, beta).macs == tokens * 8 * state


def test_a_soft_cap_and_an_offset() -> None:
    """Scores 6 and 3, capped at 2; with one key before the first query, both are seen."""
    query, key, value = np.array([[3.0]]), np.array([[2.0], [1.0]]), np.array([[1.0], [0.0]])
    attend = REGISTRY["scaled_dot_product_attention"]
    capped = [2 * np.tanh(6 / 2), 2 * np.tanh(3 / 2)]
    y, _ = attend.forward(AttentionAttrs(scale=1.0, softcap=2.0), query, key, value, None)
    np.testing.assert_allclose(y, [[1 / (1 + np.exp(capped[1] - capped[0]))]])
    first, _ = attend.forward(AttentionAttrs(scale=1.0, is_causal=True), query, key, value, None)
    both, _ = attend.forward(AttentionAttrs(scale=1.0, is_causal=True, causal_offset=1), query, key, value, None)
    np.testing.assert_allclose([first[0, 0], both[0, 0]], [1, 1 / (1 + np.exp(3 - 6))])


def test_costs_of_a_soft_cap() -> None:
    plain, capped = AttentionAttrs(scale=1.0), AttentionAttrs(scale=1.0, softcap=2.0)
    specs, scores = (_QUERY, _KEY, _VALUE, None), 2 * 8 * 5 * 5
    attend = REGISTRY["scaled_dot_product_attention"]
    assert attend.cost(capped, *specs) == attend.cost(plain, *specs) + Cost(muls=scores, tanhs=scores)
    back = [attend.backward_cost(attrs, (True, True, True, False), *specs) for attrs in (plain, capped)]
    assert back[1] == back[0] + Cost(muls=3 * scores, adds=scores)


def test_costs_of_a_cubic_grid() -> None:
    """16 corners: per position 4 shares along both coordinates, 16 weights; per element 16 products."""
    x, grid = TensorSpec((2, 3, 8, 8)), TensorSpec((2, 5, 7, 2))
    at, elements = 2 * 5 * 7, 2 * 3 * 5 * 7
    expected = Cost(
        muls=2 * at * (1 + 12) + at * 16 + elements * 16,
        adds=2 * at * (1 + 14) + elements * 15,
        compares=2 * at * (1 + 8),
    )
    assert REGISTRY["grid_sample"].cost(GridSampleAttrs(mode="cubic"), x, grid) == expected


@pytest.mark.parametrize(
    ("name", "attrs", "inputs", "message"),
    [
        ("reverse_sequence", ReverseSequenceAttrs(dim=0, batch_dim=0), (_QUERY, _INDEX), "expected different dims"),
        ("reverse_sequence", ReverseSequenceAttrs(dim=0, batch_dim=1), (_QUERY, _INDEX), r"shape \(8,\), got \(2,\)"),
        ("reverse_sequence", ReverseSequenceAttrs(dim=1, batch_dim=0), (_QUERY, TensorSpec((2,))), "an integer type"),
        ("write_sequence", WriteSequenceAttrs(dim=0), (_QUERY, _QUERY, None), "dim after that of the samples, got 0"),
        ("write_sequence", WriteSequenceAttrs(dim=1), (_KEY, _QUERY, None), "with at most 4 steps along dim 1"),
        ("write_sequence", WriteSequenceAttrs(dim=1), (_QUERY, _VALUE, None), "expected src as x"),
        (
            "write_sequence", WriteSequenceAttrs(dim=1), (_QUERY, _KEY, TensorSpec((3,), "int64")),
            r"start of shape \(2,\), got \(3,\)",
        ),
        ("max_pool_with_indices", _POOL, (_INDEX,), r"max_pool_with_indices: expected x with 2 \+ 2 dimensions"),
        ("max_unpool", UnpoolAttrs(output_size=(2,)), (_KEY, _KEY), "max_unpool: expected positions of an integer"),
        (
            "max_unpool", UnpoolAttrs(output_size=(2,)), (TensorSpec((2, 3, 4)), TensorSpec((2, 3, 5), "int64")),
            r"with 1 spatial dimensions, got \(2, 3, 4\) and \(2, 3, 5\)",
        ),
        ("linear_attention", _LINEAR, (_QUERY, _STATE, _VALUE, None, None, None), r"query \(N, H, T, K\), key"),
        (
            "linear_attention", _LINEAR,
            (TensorSpec((2, 6, 5, 8)), _KEY, _VALUE, None, None, None), "divisible by key heads, got 6 and 4",
        ),
        ("linear_attention", _LINEAR, (_QUERY, _KEY, _VALUE, _KEY, None, None), "expected state0 of shape"),
        ("linear_attention", _LINEAR, (_QUERY, _KEY, _VALUE, None, _VALUE, None), "expected decay of shape .* or .*"),
        ("linear_attention", _LINEAR, (_QUERY, _KEY, _VALUE, None, None, _KEY), "expected beta of shape"),
        (
            "scaled_dot_product_attention", AttentionAttrs(scale=1.0, softcap=-1.0), (_QUERY, _KEY, _VALUE, None),
            "expected softcap of at least 0, got -1.0",
        ),
    ],
)  # fmt: skip
def test_errors(name: str, attrs: Any, inputs: Any, message: str) -> None:
    with pytest.raises(ShapeError, match=message):
        REGISTRY[name].shape(attrs, *inputs)
