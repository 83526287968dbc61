"""What gradients cost, by hand; that nothing is counted where nothing is wanted is a law."""

from typing import Any

import pytest

from netweight.ir import TensorSpec
from netweight.ops import REGISTRY, Cost
from netweight.ops.contract.attention import AttentionAttrs
from netweight.ops.contract.conv import ConvAttrs
from netweight.ops.contract.einsum import EinsumAttrs
from netweight.ops.loss.classes import CrossEntropyAttrs, NllLossAttrs
from netweight.ops.move.slicing import ConcatAttrs, SliceAttrs
from netweight.ops.norm.layer_norm import LayerNormAttrs
from netweight.ops.recurrent.lstm import LstmAttrs
from netweight.ops.table import COPIED, FREE
from netweight.ops.window.pool import PoolAttrs
from netweight.ops.window.pool_average import AvgPoolAttrs


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
    found = cost("nll_loss", NllLossAttrs(reduction="mean"), "weight", spec(3, 4), spec(3, dtype="int64"), spec(4))
    assert found == Cost(muls=3, adds=2 * 3)
