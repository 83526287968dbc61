"""What gradients cost, by hand; that nothing is counted where nothing is wanted is a law."""

from typing import Any

import pytest

from netweight.ir import TensorSpec
from netweight.ops import REGISTRY, Cost
from netweight.ops.contract.attention import AttentionAttrs
from netweight.ops.contract.conv import ConvAttrs
from netweight.ops.contract.deform_conv import DeformConvAttrs
from netweight.ops.contract.einsum import EinsumAttrs
from netweight.ops.contract.linear_attention import LinearAttentionAttrs
from netweight.ops.loss.classes import CrossEntropyAttrs, NllLossAttrs
from netweight.ops.move.copies import RepeatInterleaveAttrs
from netweight.ops.move.diagonals import StridedViewAttrs
from netweight.ops.move.embedding_bag import EmbeddingBagAttrs
from netweight.ops.move.slicing import ConcatAttrs, SliceAttrs
from netweight.ops.norm.batch_norm import BatchNormTrainingAttrs
from netweight.ops.norm.layer_norm import LayerNormAttrs
from netweight.ops.recurrent.lstm import LstmAttrs
from netweight.ops.table import COPIED, FREE
from netweight.ops.window.adaptive_pool import AdaptivePoolAttrs
from netweight.ops.window.pool import PoolAttrs
from netweight.ops.window.pool_average import AvgPoolAttrs
from netweight.ops.window.unfold import UnfoldAttrs


def spec(*shape: int, dtype: str = "float32") -> TensorSpec:
    return TensorSpec(shape, dtype)


def cost(name: str, attrs: Any, wanted: str, *specs: TensorSpec | None) -> Cost:
    """``wanted`` names the tensors by their slots."""
    op = REGISTRY[name]
    slots = op.slot_names(len(specs))
    return op.backward_cost(attrs, tuple(slot in wanted.split() for slot in slots), *specs)


CONV = ConvAttrs(stride=(2, 2), padding=((1, 1), (1, 1)), dilation=(1, 1), groups=2)


@pytest.mark.parametrize(
    ("wanted", "expected"),
    [
        ("x", Cost(macs=5 * 8 * 3 * 9 * 16)),  # n c_out c_in/groups taps positions
        ("weight", Cost(macs=5 * 8 * 3 * 9 * 16)),
        ("x weight bias", Cost(macs=2 * 5 * 8 * 3 * 9 * 16, adds=5 * 8 * 16)),
        ("bias", Cost(adds=5 * 8 * 16)),
        ("", FREE),
    ],
)
def test_conv(wanted: str, expected: Cost) -> None:
    assert cost("conv", CONV, wanted, spec(5, 6, 8, 8), spec(8, 3, 3, 3), spec(8)) == expected


def test_conv_adds_what_its_padding_copied() -> None:
    around = ConvAttrs(stride=(1,), padding=((1, 2),), dilation=(1,), padding_mode="circular")
    # 7 + 3 padded positions, of which 3 are copies: in 2 samples of 4 channels.
    found = cost("conv", around, "x", spec(2, 4, 7), spec(6, 4, 3), None)
    assert found == Cost(macs=2 * 6 * 4 * 3 * 8, adds=2 * 4 * 3)


def test_broadcast_operands_are_summed_back() -> None:
    # a (3, 4, 5) meets b (5, 6) three times.
    found = cost("matmul", None, "a b", spec(3, 4, 5), spec(5, 6))
    assert found == Cost(macs=2 * 3 * 4 * 5 * 6, adds=(3 - 1) * 5 * 6)
    assert cost("add", None, "x other", spec(4, 5), spec(4, 5)) is FREE
    assert cost("add", None, "other", spec(4, 5), spec(5)) == Cost(adds=(4 - 1) * 5)
    assert cost("mul", None, "x", spec(4, 5), spec(5)) == Cost(muls=20)
    assert cost("div", None, "other", spec(4, 5), spec(5)) == Cost(muls=2 * 20, divs=20, adds=15)


def test_einsum() -> None:
    three = EinsumAttrs(equation="ij,jk,kl->il")
    sizes = spec(2, 3), spec(3, 4), spec(4, 5)
    # ij,jk->ik then ik,kl->il: 24 and 40 MACs; gradients of both pairs twice that, and ik again for the last tensor's.
    assert cost("einsum", three, "x0 x1 x2", *sizes) == Cost(macs=2 * 40 + 2 * 24 + 24)
    assert cost("einsum", three, "x0", *sizes) == Cost(macs=40 + 24)  # back to ik, and on to ij
    assert cost("einsum", three, "x2", *sizes) == Cost(macs=24 + 40)  # ik again
    assert cost("einsum", EinsumAttrs(equation="ij->i"), "x0", spec(2, 3)) is COPIED


def test_attention() -> None:
    attrs = AttentionAttrs(scale=0.5)
    # 2 samples, 3 heads, 4 queries of 5 features, 6 keys, values of 7.
    tensors = spec(2, 3, 4, 5), spec(2, 3, 6, 5), spec(2, 3, 6, 7), None
    pairs, rows = 2 * 3 * 4 * 6, 2 * 3 * 4
    assert cost("scaled_dot_product_attention", attrs, "value", *tensors) == Cost(macs=pairs * 7)
    everything = cost("scaled_dot_product_attention", attrs, "query key value", *tensors)
    assert everything.macs == 2 * pairs * (5 + 7)
    # A product and a subtraction per score, grad_y . y per query, and the scale.
    assert everything.adds == pairs + rows * 7
    assert everything.muls == pairs + rows * 7 + 2 * 3 * 4 * 5 + 2 * 3 * 6 * 5


def test_recurrent() -> None:
    # 4 steps, 3 samples, 5 features, 6 hidden.
    tensors = spec(4, 3, 5), None, None, spec(24, 5), spec(24, 6), spec(24), spec(24)
    gates, states = 4 * 3 * 4 * 6, 4 * 3 * 6
    everything = cost("lstm", LstmAttrs(), "x weight_ih weight_hh bias_ih bias_hh", *tensors)
    assert everything == Cost(macs=gates * (2 * 5 + 2 * 6), tanhs=states, muls=16 * states, adds=7 * states + 2 * gates)
    assert cost("lstm", LstmAttrs(), "x", *tensors).macs == gates * (5 + 6)  # through time, and to x


def test_normalisation() -> None:
    x, weight = spec(2, 3, 4, 5), spec(3)
    everything = cost("batch_norm_training", None, "x weight bias", x, weight, weight, None, None)
    assert everything == Cost(adds=120 * (1 + 1 + 1 + 4), muls=120 * (1 + 1 + 4), divs=3 * 2)
    assert cost("batch_norm_training", None, "bias", x, weight, weight, None, None) == Cost(adds=120)
    fixed = cost("batch_norm", None, "x", x, weight, weight, weight, weight)
    assert fixed == Cost(muls=120)
    rows = cost("layer_norm", LayerNormAttrs(normalized_shape=(5,)), "x", spec(4, 5), None, None)
    assert rows == Cost(adds=20 * (1 + 4), muls=20 * (1 + 3), divs=4 * 2)
    root = cost("rms_norm", LayerNormAttrs(normalized_shape=(5,)), "x weight", spec(4, 5), spec(5))
    assert root == Cost(adds=20 * (1 + 2), muls=20 * (1 + 1 + 4), divs=4)


def test_pooling() -> None:
    window = {"kernel_size": (3, 3), "stride": (2, 2), "padding": ((1, 1), (1, 1))}
    x = spec(2, 3, 8, 8)  # 4 x 4 windows
    assert cost("max_pool", PoolAttrs(**window, dilation=(1, 1)), "x", x) == Cost(adds=2 * 3 * 16)
    assert cost("avg_pool", AvgPoolAttrs(**window), "x", x) == Cost(divs=2 * 3 * 16, adds=2 * 3 * 16 * 9)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("relu", Cost(compares=6)),
        ("sigmoid", Cost(muls=12, adds=6)),
        ("silu", Cost(exps=6, adds=18, divs=6, muls=18)),
        ("exp", Cost(muls=6)),
        ("log", Cost(divs=6, muls=6)),
        ("floor", COPIED),
    ],
)
def test_functions_of_each_element(name: str, expected: Cost) -> None:
    assert cost(name, None, "x", spec(2, 3)) == expected


def test_cross_entropy() -> None:
    found = cost("cross_entropy", CrossEntropyAttrs(), "x", spec(4, 10), spec(4, dtype="int64"))
    assert found == Cost(exps=40, adds=40, muls=40, divs=1)


def test_lookups_add_up() -> None:
    assert cost("embedding", None, "weight", spec(4, 5, dtype="int64"), spec(100, 8)) == Cost(adds=4 * 5 * 8)


def test_what_takes_no_work_may_take_memory() -> None:
    assert cost("concat", ConcatAttrs(dim=0), "x0 x1", spec(2, 3), spec(2, 3)) is FREE
    assert cost("slice", SliceAttrs(dim=0, start=0, stop=1), "x", spec(2, 3)) is COPIED
    assert COPIED == FREE
    assert COPIED is not FREE


def test_bias_of_a_bilinear_layer_is_summed_over_rows() -> None:
    assert cost("bilinear", None, "bias", spec(7, 3), spec(7, 4), spec(5, 3, 4), spec(5)) == Cost(adds=7 * 5)


def test_weights_of_classes() -> None:
    """Of each of 3 targets: its loss less the mean, times the gradient's share, added to its class."""
    tensors = spec(3, 4), spec(3, dtype="int64"), spec(4)
    assert cost("nll_loss", NllLossAttrs(), "weight", *tensors) == Cost(muls=3, adds=2 * 3, divs=1)
    assert cost("nll_loss", NllLossAttrs(reduction="sum"), "weight", *tensors) == Cost(muls=3, adds=3)
    # The share is one division for both; the position's weight is a product with it.
    assert cost("nll_loss", NllLossAttrs(), "x weight", *tensors) == Cost(muls=3 + 3, adds=2 * 3, divs=1)


@pytest.mark.parametrize("name", ["huber_loss", "l1_loss", "mse_loss", "smooth_l1_loss"])
def test_the_gradient_of_the_target_is_a_sign_once_that_of_x_is_there(name: str) -> None:
    attrs = REGISTRY[name].attrs(reduction="none")
    of_x, of_both = (cost(name, attrs, wanted, spec(3, 4), spec(3, 4)) for wanted in ("x", "x target"))
    assert of_both == of_x + Cost(adds=3 * 4)


def test_running_statistics_are_kept_by_a_share() -> None:
    tensors = spec(2, 3, 4), None, None, spec(3), spec(3)
    attrs = BatchNormTrainingAttrs()
    assert cost("batch_norm_training", attrs, "running_mean running_var", *tensors) == Cost(muls=2 * 3)


def test_elements_seen_more_than_once_add_up() -> None:
    seen = StridedViewAttrs(size=(3, 2), stride=(1, 1), offset=0)
    assert cost("strided_view", seen, "x", spec(4)) == Cost(adds=3 * 2)


def test_elements_of_several_windows_add_up() -> None:
    window = UnfoldAttrs(kernel_size=(3, 2), stride=(2, 1), padding=((1, 1), (0, 0)), dilation=(1, 1))
    # 5 x 4 elements are seen in 3 x 3 windows of 3 x 2.
    assert cost("unfold", window, "x", spec(2, 3, 5, 4)) == Cost(adds=2 * 3 * 9 * 6)


@pytest.mark.parametrize(
    ("mode", "scale", "wanted", "expected"),
    [
        ("sum", None, "weight", Cost(adds=2 * 3 * 5)),  # 2 bags of 3 rows of 5
        ("mean", None, "weight", Cost(adds=2 * 3 * 5, divs=2 * 5)),
        ("max", None, "weight", Cost(adds=2 * 5)),  # to the largest alone
        ("sum", (2, 3), "weight", Cost(adds=2 * 3 * 5, muls=2 * 3 * 5)),
        ("sum", (2, 3), "scale", Cost(adds=2 * 3 * 5, muls=2 * 3 * 5)),  # a dot product per row
        ("sum", (2, 3), "", FREE),
    ],
)
def test_rows_of_bags_add_up(mode: Any, scale: tuple[int, ...] | None, wanted: str, expected: Cost) -> None:
    factors = None if scale is None else spec(*scale)
    tensors = spec(2, 3, dtype="int64"), spec(7, 5), None, factors
    assert cost("embedding_bag", EmbeddingBagAttrs(mode=mode), wanted, *tensors) == expected


_STATE, _READ = 2 * 3 * 4 * 5 * 7, 2 * 6 * 4 * 5 * 7
"""Numbers of the states of 2 samples, 3 heads and 4 tokens, of 5 features by 7; what 6 query heads read of them."""


@pytest.mark.parametrize(
    ("given", "wanted", "expected"),
    [
        # The scale of y's gradient, then the state times it.
        ("", "query", Cost(macs=_READ, muls=2 * 6 * 4 * 7)),
        # Into the gradient of the state, and from there on.
        ("", "key", Cost(macs=_READ + _STATE, muls=2 * 6 * 4 * 7)),
        ("", "value", Cost(macs=_READ + _STATE, muls=2 * 6 * 4 * 7)),
        ("", "query key value", Cost(macs=2 * _READ + 2 * _STATE, muls=2 * 6 * 4 * 7)),
        ("", "state0", Cost(macs=_READ, muls=2 * 6 * 4 * 7)),
        # The gradient of the state fades as the state does.
        ("decay", "value", Cost(macs=_READ + _STATE, muls=2 * 6 * 4 * 7 + _STATE)),
        ("decay", "decay", Cost(macs=_READ + _STATE, muls=2 * 6 * 4 * 7 + _STATE)),
        # The delta rule: what was written and its rate; the key twice, and its part taken off the state.
        ("beta", "value", Cost(macs=_READ + 2 * _STATE, muls=2 * 6 * 4 * 7 + 2 * 3 * 4 * 7)),
        (
            "beta",
            "key",
            Cost(macs=_READ + 4 * _STATE, muls=2 * 6 * 4 * 7 + 2 * 3 * 4 * 7, adds=2 * 3 * 4 * 5),
        ),
        ("beta", "beta", Cost(macs=_READ + 2 * _STATE + 2 * 3 * 4 * 7, muls=2 * 6 * 4 * 7 + 2 * 3 * 4 * 7)),
        ("beta", "query", Cost(macs=_READ, muls=2 * 6 * 4 * 7)),
        ("decay beta", "", FREE),
    ],
)
def test_linear_attention(given: str, wanted: str, expected: Cost) -> None:
    decay = spec(2, 3, 4, 5) if "decay" in given else None
    beta = spec(2, 3, 4, 1) if "beta" in given else None
    tensors = spec(2, 6, 4, 5), spec(2, 3, 4, 5), spec(2, 3, 4, 7), spec(2, 3, 5, 7), decay, beta
    assert cost("linear_attention", LinearAttentionAttrs(scale=0.5), wanted, *tensors) == expected


_PLAIN, _READS, _PLACES = 2 * 6 * 2 * 9 * 36, 2 * 4 * 9 * 36, 2 * 2 * 9 * 36
"""MACs of 2 samples, 6 output channels of 2 input channels, 9 taps, 36 positions; numbers read; places of 2 groups."""


@pytest.mark.parametrize(
    ("mask", "wanted", "expected"),
    [
        (False, "weight", Cost(macs=_PLAIN)),
        (False, "bias", Cost(adds=2 * 6 * 36)),
        (False, "x", Cost(macs=_PLAIN, muls=4 * _READS, adds=4 * _READS)),  # to the 4 corners of each
        # Each corner's share of the gradient, times a slope of two factors, added up per coordinate.
        (False, "offset", Cost(macs=_PLAIN, muls=4 * _READS + _PLACES * 4 * 2 * 2, adds=4 * _READS + _PLACES * 4 * 2)),
        (True, "x", Cost(macs=_PLAIN, muls=4 * _READS + _READS, adds=4 * _READS)),
        (True, "mask", Cost(macs=_PLAIN, muls=_READS, adds=_READS)),
        (True, "x weight", Cost(macs=2 * _PLAIN, muls=4 * _READS + _READS, adds=4 * _READS)),
        (True, "", FREE),
    ],
)
def test_deformed_convolution(mask: bool, wanted: str, expected: Cost) -> None:
    plain = {"stride": (1, 1), "padding": ((0, 0), (0, 0)), "dilation": (1, 1)}
    attrs = DeformConvAttrs(**plain, groups=2, offset_groups=2)
    per_tap = spec(2, 2 * 9, 6, 6) if mask else None
    tensors = spec(2, 4, 8, 8), spec(6, 2, 3, 3), spec(2, 2 * 9 * 2, 6, 6), per_tap, spec(6)
    assert cost("deform_conv", attrs, wanted, *tensors) == expected


def test_copies_of_an_element_add_up() -> None:
    attrs = RepeatInterleaveAttrs(dim=1, repeats=3)
    assert cost("repeat_interleave", attrs, "x", spec(2, 4)) == Cost(adds=2 * 4 * (3 - 1))


def test_an_adaptive_mean_goes_back_to_its_window() -> None:
    """5 elements in 2 windows: 0 to 2 and 2 to 4."""
    found = cost("adaptive_avg_pool", AdaptivePoolAttrs(output_size=(2,)), "x", spec(2, 3, 5))
    assert found == Cost(adds=2 * 3 * (3 + 3), divs=2 * 3 * 2)


def test_capped_scores_have_a_slope() -> None:
    """1 - t * t of each score's tanh, times its gradient: three products with that of the cap, and a subtraction."""
    tensors = spec(2, 3, 4, 5), spec(2, 3, 6, 5), spec(2, 3, 6, 7), None
    plain, capped = (
        cost("scaled_dot_product_attention", AttentionAttrs(scale=0.5, softcap=cap), "query", *tensors)
        for cap in (0.0, 5.0)
    )
    pairs = 2 * 3 * 4 * 6
    assert (capped.muls, capped.adds) == (plain.muls + 3 * pairs, plain.adds + pairs)
