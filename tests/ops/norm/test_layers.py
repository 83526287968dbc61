from typing import Any

import numpy as np
import pytest

from netweight.errors import ShapeError
from netweight.ir import TensorSpec
from netweight.ops import REGISTRY
from netweight.ops.extent import Mixes
from netweight.ops.norm.batch_norm import (
    BatchNormAttrs,
    BatchNormTrainingAttrs,
    batch_norm_cost,
    batch_norm_forward,
    batch_norm_training_cost,
    batch_norm_training_forward,
)
from netweight.ops.norm.group_norm import (
    GroupNormAttrs,
    InstanceNormAttrs,
)
from netweight.ops.norm.layer_norm import (
    LayerNormAttrs,
)
from netweight.ops.reduce.vector_norm import VectorNormAttrs

PICTURE = TensorSpec((2, 3, 4, 5))  # 120 elements
CHANNEL = TensorSpec((3,))


def test_batch_norm_at_inference_is_a_scale_and_a_shift() -> None:
    x = np.array([[[1.0, 3.0]]])
    mean, var, weight, bias = (np.array([number]) for number in (2.0, 3.0, 4.0, 5.0))
    y = batch_norm_forward(BatchNormAttrs(eps=1.0), x, mean, var, weight, bias)
    # scale = 4 / sqrt(3 + 1) = 2, shift = 5 - 2 * 2 = 1
    np.testing.assert_array_equal(y, [[[2 * 1 + 1, 2 * 3 + 1]]])


def test_batch_norm_at_inference_costs_two_operations_per_element_and_the_folding_per_channel() -> None:
    cost = batch_norm_cost(BatchNormAttrs(), PICTURE, CHANNEL, CHANNEL, CHANNEL, CHANNEL)
    assert (cost.muls, cost.adds, cost.sqrts, cost.divs, cost.macs) == (120 + 3 * 2, 120 + 3 * 2, 3, 0, 0)
    plain = batch_norm_cost(BatchNormAttrs(), PICTURE, CHANNEL, CHANNEL, None, None)
    assert (plain.muls, plain.adds, plain.sqrts) == (120 + 3, 120 + 3, 3)


def test_batch_norm_in_training_takes_the_statistics_of_the_batch_and_moves_the_running_ones() -> None:
    x = np.array([[[1.0, 3.0]], [[5.0, 7.0]]])  # mean 4; squares of -3, -1, 1, 3 add up to 20
    attrs = BatchNormTrainingAttrs(eps=4.0, momentum=0.1)
    y, mean, var, *_ = batch_norm_training_forward(attrs, x, None, None, np.array([10.0]), np.array([1.0]))
    np.testing.assert_allclose(y.ravel(), [-1, -1 / 3, 1 / 3, 1])  # rstd = 1 / sqrt(20 / 4 + 4) = 1 / 3
    np.testing.assert_allclose(mean, [0.9 * 10 + 0.1 * 4])
    np.testing.assert_allclose(var, [0.9 * 1 + 0.1 * 20 / 3])  # unbiased: 20 / (4 - 1)


def test_batch_norm_in_training_costs_what_its_formula_does() -> None:
    cost = batch_norm_training_cost(BatchNormTrainingAttrs(), PICTURE, CHANNEL, CHANNEL, CHANNEL, CHANNEL)
    assert cost.adds == 120 * 4 + 3 + 3 * 2  # mean, centre, variance, bias; eps; two running statistics
    assert cost.muls == 120 * 3 + 3 * 2 * 2  # square, rstd, weight; two running statistics
    assert (cost.divs, cost.sqrts) == (3 * 2, 3)
    untracked = batch_norm_training_cost(BatchNormTrainingAttrs(), PICTURE, None, None, None, None)
    assert (untracked.adds, untracked.muls) == (120 * 3 + 3, 120 * 2)


def test_running_statistics_follow_pytorchs_module_over_several_batches() -> None:
    torch = pytest.importorskip("torch")
    module = torch.nn.BatchNorm2d(3, eps=1e-3, momentum=0.3, dtype=torch.float64)
    rng = np.random.default_rng(0)
    attrs = BatchNormTrainingAttrs(eps=1e-3, momentum=0.3)
    mean, var = np.zeros(3), np.ones(3)
    for _ in range(3):
        x = rng.standard_normal((2, 3, 4, 4)) * 2 + 5
        y, mean, var, *_ = batch_norm_training_forward(attrs, x, np.ones(3), np.zeros(3), mean, var)
        np.testing.assert_allclose(y, module(torch.from_numpy(x)).detach().numpy(), rtol=1e-12, atol=1e-12)
    np.testing.assert_allclose(mean, module.running_mean.numpy(), rtol=1e-12)
    np.testing.assert_allclose(var, module.running_var.numpy(), rtol=1e-12)


def test_layer_norm_by_hand() -> None:
    x, weight, bias = np.array([[1.0, 3.0, 5.0]]), np.array([1.0, 2.0, 3.0]), np.array([0.0, 0.0, 10.0])
    # mean 3, variance (4 + 0 + 4) / 3, rstd = 1 / sqrt(8 / 3 + 4 / 3) = 1 / 2
    y, mean, rstd = REGISTRY["layer_norm"].forward(LayerNormAttrs(normalized_shape=(3,), eps=4 / 3), x, weight, bias)
    np.testing.assert_allclose(y, [[-1 * 1, 0 * 2, 1 * 3 + 10]])
    np.testing.assert_allclose((mean.item(), rstd.item()), (3, 0.5))


def test_layer_norm_of_a_transformer_block() -> None:
    x, parameter = TensorSpec((1, 197, 768)), TensorSpec((768,))
    cost = REGISTRY["layer_norm"].cost(LayerNormAttrs(normalized_shape=(768,)), x, parameter, parameter)
    assert cost.adds == 197 * 768 * 4 + 197 == 605_381  # mean, centre, variance, bias; eps
    assert cost.muls == 197 * 768 * 3 == 453_888  # square, rstd, weight
    assert (cost.divs, cost.sqrts) == (197 * 2, 197)


def test_rms_norm_by_hand() -> None:
    y, rrms = REGISTRY["rms_norm"].forward(LayerNormAttrs(normalized_shape=(2,), eps=0.0), np.array([1.0, 7.0]), None)
    np.testing.assert_allclose(y, [0.2, 1.4])  # mean square (1 + 49) / 2 = 5 * 5
    np.testing.assert_allclose(rrms, [0.2])
    cost = REGISTRY["rms_norm"].cost(LayerNormAttrs(normalized_shape=(8,)), TensorSpec((6, 8)), TensorSpec((8,)))
    assert (cost.adds, cost.muls, cost.divs, cost.sqrts) == (6 * 8 + 6, 6 * 8 * 3, 6, 6)


def test_group_norm_keeps_groups_apart() -> None:
    x = np.array([[1.0, 3.0, 10.0, 20.0]])  # means 2 and 15, deviations 1 and 5
    y, _, _ = REGISTRY["group_norm"].forward(
        GroupNormAttrs(num_groups=2, eps=0.0), x, None, np.array([0.0, 0.0, 0.0, 7.0])
    )
    np.testing.assert_allclose(y, [[-1, 1, -1, 1 + 7]])
    cost = REGISTRY["group_norm"].cost(GroupNormAttrs(num_groups=3), PICTURE, CHANNEL, CHANNEL)
    assert (cost.adds, cost.muls, cost.divs, cost.sqrts) == (120 * 4 + 2 * 3, 120 * 3, 2 * 3 * 2, 2 * 3)


def test_instance_norm_keeps_channels_apart() -> None:
    x = np.array([[[1.0, 3.0], [10.0, 20.0]]])
    y, _, _ = REGISTRY["instance_norm"].forward(InstanceNormAttrs(eps=0.0), x, np.array([1.0, 2.0]), None)
    np.testing.assert_allclose(y, [[[-1, 1], [-2, 2]]])


def test_statistics_of_a_sample_see_all_of_space() -> None:
    assert REGISTRY["group_norm"].extent(GroupNormAttrs(num_groups=1), PICTURE) == Mixes((1, 2, 3))
    assert REGISTRY["instance_norm"].extent(InstanceNormAttrs(), PICTURE) == Mixes((2, 3))
    assert REGISTRY["layer_norm"].extent(LayerNormAttrs(normalized_shape=(4, 5)), PICTURE) == Mixes((-2, -1))


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_a_constant_far_from_zero_has_no_variance(dtype: Any) -> None:
    x = np.full((1, 8), 1e4, dtype)
    y, _, _ = REGISTRY["layer_norm"].forward(LayerNormAttrs(normalized_shape=(8,)), x, None, None)
    np.testing.assert_array_equal(y, np.zeros((1, 8), dtype))


@pytest.mark.parametrize(
    ("op", "attrs", "shapes", "message"),
    [
        (
            "batch_norm",
            BatchNormAttrs(),
            [(4,), (4,), (4,), None, None],
            r"batch_norm: expected x \(N, C, .* got \(4,\)",
        ),
        ("batch_norm", BatchNormAttrs(), [(1, 4), (3,), (4,), None, None], r"running_mean of shape \(4,\), got \(3,\)"),
        ("batch_norm", BatchNormAttrs(), [(1, 4), (4,), (1,), None, None], r"running_var of shape \(4,\), got \(1,\)"),
        ("batch_norm", BatchNormAttrs(), [(1, 4), (4,), (4,), (4, 1), None], r"weight of shape \(4,\), got \(4, 1\)"),
        ("batch_norm", BatchNormAttrs(), [(1, 4), (4,), (4,), None, (2,)], r"bias of shape \(4,\), got \(2,\)"),
        (
            "batch_norm_training",
            BatchNormTrainingAttrs(),
            [(1, 4, 1, 1), None, None, None, None],
            r"more than one element per channel, got x of shape \(1, 4, 1, 1\)",
        ),
        (
            "batch_norm_training",
            BatchNormTrainingAttrs(),
            [(2, 4), None, None, (4,), None],
            r"both running statistics or none, got float32\[4\] and None",
        ),
        ("layer_norm", LayerNormAttrs(normalized_shape=(4,)), [(2, 3), None, None], r"end in .* \(4,\), got \(2, 3\)"),
        ("layer_norm", LayerNormAttrs(normalized_shape=()), [(2, 3), None, None], r"end in normalized_shape \(\)"),
        (
            "layer_norm",
            LayerNormAttrs(normalized_shape=(3,)),
            [(2, 3), (2,), None],
            r"weight of shape \(3,\), got \(2,\)",
        ),
        (
            "layer_norm",
            LayerNormAttrs(normalized_shape=(3,)),
            [(2, 3), None, (2,)],
            r"bias of shape \(3,\), got \(2,\)",
        ),
        ("rms_norm", LayerNormAttrs(normalized_shape=(4,)), [(2, 3), None], r"rms_norm: expected x to end in"),
        (
            "rms_norm",
            LayerNormAttrs(normalized_shape=(3,)),
            [(2, 3), (1,)],
            r"rms_norm: expected weight of shape \(3,\)",
        ),
        ("group_norm", GroupNormAttrs(num_groups=3), [(1, 4), None, None], r"divisible by num_groups, got 4, 3"),
        ("group_norm", GroupNormAttrs(num_groups=0), [(1, 4), None, None], r"divisible by num_groups, got 4, 0"),
        ("instance_norm", InstanceNormAttrs(), [(2, 4, 1), None, None], r"more than one element per channel, got x"),
    ],
)
def test_errors_name_what_was_expected_and_what_came(op: str, attrs: Any, shapes: list[Any], message: str) -> None:
    specs = [None if shape is None else TensorSpec(shape) for shape in shapes]
    with pytest.raises(ShapeError, match=message):
        REGISTRY[op].shape(attrs, *specs)


@pytest.mark.parametrize("name", ["layer_norm", "rms_norm", "group_norm"])
def test_squares_that_are_too_large_for_16_bits(name: str) -> None:
    """300² is above 65504, the largest number of float16."""
    x = np.array([[[-300, 300]]], np.float16)
    attrs = GroupNormAttrs(num_groups=1) if name == "group_norm" else LayerNormAttrs(normalized_shape=(2,))
    nothing = (None,) if name == "rms_norm" else (None, None)
    y = REGISTRY[name].forward(attrs, x, *nothing)[0]
    np.testing.assert_array_equal(y, [[[-1, 1]]])
    assert y.dtype == np.float16


def test_a_length_of_which_the_square_is_too_large_for_16_bits() -> None:
    y = REGISTRY["vector_norm"].forward(VectorNormAttrs(), np.array([300, 400], np.float16))
    assert (y, y.dtype) == (500, np.float16)
