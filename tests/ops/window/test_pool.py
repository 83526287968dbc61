"""Pooling by hand, by plain loops that count their work, and what it refuses."""

import itertools
import math
from fractions import Fraction
from typing import Any

import hypothesis.strategies as st
import numpy as np
import pytest
from hypothesis import given

from cases.window.pool import adaptive_cases, avg_pool_cases, lp_pool_cases, pool_cases
from netweight.errors import ShapeError
from netweight.ir import TensorSpec
from netweight.ops import REGISTRY
from netweight.ops.extent import Slides, Spreads
from netweight.ops.window.adaptive_pool import AdaptivePoolAttrs
from netweight.ops.window.pool import PoolAttrs
from netweight.ops.window.pool_average import AvgPoolAttrs, LpPoolAttrs
from netweight.testing import specs_of


def _row(*values: float) -> Any:
    return np.array(values, dtype=float).reshape(1, 1, -1)


def _taps(attrs: Any, x: Any, position: Any, dilation: Any, padding: Any) -> Any:
    """Positions of one window along ``x``, one entry per tap, outside ones included."""
    starts = [p * s - before for p, s, (before, _) in zip(position, attrs.stride, padding, strict=True)]
    edges = zip(starts, attrs.kernel_size, dilation, strict=True)
    return itertools.product(*(range(first, first + k * d, d) for first, k, d in edges))


def _inside(at: Any, x: Any) -> bool:
    return all(0 <= i < size for i, size in zip(at, x.shape[2:], strict=True))


@pytest.mark.parametrize(("name", "better"), [("max_pool", np.greater), ("min_pool", np.less)])
@given(case=pool_cases())
def test_extremes_by_plain_loops_that_count_comparisons(name: str, better: Any, case: Any) -> None:
    attrs, (x,) = case
    y, indices = REGISTRY[name].forward(attrs, x)
    compares = 0
    for n, c, *position in np.ndindex(*y.shape):
        best, best_at = None, -1
        for number, at in enumerate(_taps(attrs, x, position, attrs.dilation, attrs.padding)):
            compares += number > 0  # padding takes part, and never wins
            if _inside(at, x) and (best is None or better(x[(n, c, *at)], best)):
                best, best_at = x[(n, c, *at)], int(np.ravel_multi_index(at, x.shape[2:]))
        assert y[(n, c, *position)] == best
        assert indices[(n, c, *position)] == best_at
    assert REGISTRY[name].cost(attrs, *specs_of((x,))).compares == compares


@given(case=avg_pool_cases())
def test_average_by_plain_loops_that_count_additions(case: Any) -> None:
    attrs, (x,) = case
    y = REGISTRY["avg_pool"].forward(attrs, x)
    adds = divs = 0
    limits = [(-b, size + a) for (b, a), size in zip(attrs.padding, x.shape[2:], strict=True)]
    for n, c, *position in np.ndindex(*y.shape):
        total, in_input, in_padding = 0.0, 0, 0
        for number, at in enumerate(_taps(attrs, x, position, (1,) * len(position), attrs.padding)):
            adds += number > 0
            total += x[(n, c, *at)] if _inside(at, x) else 0.0
            in_input += _inside(at, x)
            in_padding += all(low <= i < high for i, (low, high) in zip(at, limits, strict=True))
        divs += 1
        divisor = attrs.divisor_override or (in_padding if attrs.count_include_pad else in_input)
        expected = total / divisor if divisor else 0.0  # a window of padding alone
        np.testing.assert_allclose(y[(n, c, *position)], expected, rtol=1e-12, atol=1e-12)
    cost = REGISTRY["avg_pool"].cost(attrs, *specs_of((x,)))
    assert (cost.adds, cost.divs) == (adds, divs)


@given(case=lp_pool_cases())
def test_power_mean_by_plain_loops_that_count_powers(case: Any) -> None:
    attrs, (x,) = case
    y = REGISTRY["lp_pool"].forward(attrs, x)
    p, taps = attrs.norm_type, math.prod(attrs.kernel_size)
    no_padding = ((0, 0),) * len(attrs.stride)
    powers = adds = 0
    for n, c, *position in np.ndindex(*y.shape):
        window = list(_taps(attrs, x, position, (1,) * len(position), no_padding))
        inside = [x[(n, c, *at)] for at in window if _inside(at, x)]
        powers += len(window)
        adds += len(window) - 1
        expected = (sum(value**p for value in inside) * taps / len(inside)) ** (1 / p)
        np.testing.assert_allclose(y[(n, c, *position)], expected, rtol=1e-10)
    cost = REGISTRY["lp_pool"].cost(attrs, *specs_of((x,)))
    assert cost.adds == adds
    scaled = y.size if any(_cut(attrs, x, y)) else 0
    expected_work = {1.0: (scaled, 0, 0), 2.0: (powers + scaled, 0, y.size)}.get(p, (scaled, powers + y.size, 0))
    assert (cost.muls, cost.pows, cost.sqrts) == expected_work


def _cut(attrs: Any, x: Any, y: Any) -> Any:
    parts = zip(x.shape[2:], y.shape[2:], attrs.kernel_size, attrs.stride, strict=True)
    return ((out - 1) * step + k > size for size, out, k, step in parts)


@pytest.mark.parametrize("name", ["adaptive_avg_pool", "adaptive_max_pool"])
@given(case=adaptive_cases())
def test_adaptive_by_plain_loops_that_count_every_window(name: str, case: Any) -> None:
    attrs, (x,) = case
    y = REGISTRY[name].forward(attrs, x)
    y, pool = (y, np.mean) if name == "adaptive_avg_pool" else (y[0], np.max)
    between = 0
    for n, c, *position in np.ndindex(*y.shape):
        window = x[
            (n, c, *(slice(math.floor(i * size / out), math.ceil((i + 1) * size / out))
                     for i, size, out in zip(position, x.shape[2:], attrs.output_size, strict=True)))
        ]  # fmt: skip
        between += window.size - 1
        np.testing.assert_allclose(y[(n, c, *position)], pool(window), rtol=1e-12)
    cost = REGISTRY[name].cost(attrs, *specs_of((x,)))
    if name == "adaptive_avg_pool":
        assert (cost.adds, cost.divs, cost.compares) == (between, y.size, 0)
    else:
        assert (cost.adds, cost.divs, cost.compares) == (0, 0, between)


@pytest.mark.parametrize(
    ("count_include_pad", "divisor_override", "expected"),
    [
        # windows at -1, 1 and 3 of 1 2 3 4: sums 0+1+2, 2+3+4 and 4+0 (one element of padding, one beyond it)
        (True, None, [3 / 3, 9 / 3, 4 / 2]),
        (False, None, [3 / 2, 9 / 3, 4 / 1]),
        (True, 6, [3 / 6, 9 / 6, 4 / 6]),
    ],
)
def test_average_of_a_row_by_hand(count_include_pad: bool, divisor_override: int | None, expected: Any) -> None:
    attrs = AvgPoolAttrs(
        kernel_size=(3,),
        stride=(2,),
        padding=((1, 1),),
        ceil_mode=True,
        count_include_pad=count_include_pad,
        divisor_override=divisor_override,
    )
    np.testing.assert_allclose(REGISTRY["avg_pool"].forward(attrs, _row(1, 2, 3, 4))[0, 0], expected)


def test_power_mean_of_a_row_by_hand() -> None:
    attrs = LpPoolAttrs(norm_type=2.0, kernel_size=(2,), stride=(2,), ceil_mode=True)
    y = REGISTRY["lp_pool"].forward(attrs, _row(3, 4, 6))
    np.testing.assert_allclose(y[0, 0], [5, 6 * math.sqrt(2)])  # sqrt(9 + 16); 36 counted twice for the missing one


def test_power_mean_has_no_slope_at_zero() -> None:
    attrs = LpPoolAttrs(norm_type=2.0, kernel_size=(2,), stride=(2,))
    (grad_x,) = REGISTRY["lp_pool"].backward(attrs, _row(1, 1), _row(0, 0, 3, 4), y=_row(0, 5))
    np.testing.assert_allclose(grad_x[0, 0], [0, 0, 3 / 5, 4 / 5])


def test_adaptive_windows_of_five_elements_by_hand() -> None:
    attrs = AdaptivePoolAttrs(output_size=(3,))
    x = TensorSpec((2, 4, 5))
    y = REGISTRY["adaptive_avg_pool"].forward(attrs, _row(1, 2, 4, 8, 16))
    np.testing.assert_allclose(y[0, 0], [(1 + 2) / 2, (2 + 4 + 8) / 3, (8 + 16) / 2])
    cost = REGISTRY["adaptive_avg_pool"].cost(attrs, x)
    assert cost.adds == 2 * 4 * (1 + 2 + 1)
    assert cost.divs == 2 * 4 * 3
    assert REGISTRY["adaptive_avg_pool"].extent(attrs, x) == Spreads((3,), (Fraction(3, 5),))


def test_global_pooling_of_resnet() -> None:
    attrs = AdaptivePoolAttrs(output_size=(1, 1))
    cost = REGISTRY["adaptive_avg_pool"].cost(attrs, TensorSpec((1, 2048, 7, 7)))
    assert cost.adds == 2048 * (7 * 7 - 1) == 98_304
    assert cost.divs == 2048
    assert REGISTRY["adaptive_avg_pool"].extent(attrs, TensorSpec((1, 2048, 7, 7))) == Slides((7, 7), (7, 7), (1, 1))


def test_max_pool_of_resnet_counts_eight_comparisons_per_output() -> None:
    attrs = PoolAttrs(kernel_size=(3, 3), stride=(2, 2), padding=((1, 1), (1, 1)), dilation=(1, 1))
    cost = REGISTRY["max_pool"].cost(attrs, TensorSpec((1, 64, 112, 112)))
    assert cost.compares == 64 * 56 * 56 * (3 * 3 - 1) == 1_605_632


def test_overlapping_windows_add_their_gradients_at_the_shared_maximum() -> None:
    attrs = PoolAttrs(kernel_size=(3,), stride=(1,), padding=((0, 0),), dilation=(1,))
    y, indices = REGISTRY["max_pool"].forward(attrs, _row(1, 5, 2, 4, 3))
    np.testing.assert_array_equal(y[0, 0], [5, 5, 4])
    np.testing.assert_array_equal(indices[0, 0], [1, 1, 3])
    (grad_x,) = REGISTRY["max_pool"].backward(attrs, _row(10, 20, 30), _row(0, 0, 0, 0, 0), indices=indices)
    np.testing.assert_array_equal(grad_x[0, 0], [0, 10 + 20, 0, 30, 0])


def test_of_equal_elements_the_first_is_taken() -> None:
    attrs = PoolAttrs(kernel_size=(3,), stride=(3,), padding=((0, 0),), dilation=(1,))
    for name in ("max_pool", "min_pool"):
        _, indices = REGISTRY[name].forward(attrs, _row(7, 7, 7))
        assert indices[0, 0, 0] == 0


def test_a_window_that_steps_over_the_input_is_empty_and_passes_no_gradient() -> None:
    """Taps at -1 and 2 of a row of two, as PyTorch allows them."""
    attrs = PoolAttrs(kernel_size=(2,), stride=(1,), padding=((1, 1),), dilation=(3,))
    y, indices = REGISTRY["max_pool"].forward(attrs, _row(1, 2))
    assert y[0, 0, 0] == -np.inf
    assert indices[0, 0, 0] == -1
    (grad_x,) = REGISTRY["max_pool"].backward(attrs, np.ones(y.shape), _row(1, 2), indices=indices)
    np.testing.assert_array_equal(grad_x[0, 0], [0, 0])


def test_integers_pool_as_integers_and_padding_never_wins() -> None:
    attrs = PoolAttrs(kernel_size=(2,), stride=(2,), padding=((1, 1),), dilation=(1,))
    x = np.array([[[-128, 127]]], dtype=np.int8)
    for name in ("max_pool", "min_pool"):
        y, _ = REGISTRY[name].forward(attrs, x)
        assert y.dtype == np.int8
        np.testing.assert_array_equal(y[0, 0], [-128, 127])


_MAX = {"kernel_size": (3, 3), "stride": (2, 2), "padding": ((1, 1), (1, 1)), "dilation": (1, 1)}
_AVG = {"kernel_size": (3, 3), "stride": (2, 2), "padding": ((1, 1), (1, 1))}


@pytest.mark.parametrize(
    ("name", "attrs", "x", "message"),
    [
        ("max_pool", PoolAttrs(**_MAX), (1, 3, 8), r"max_pool: expected x with 2 \+ 2 dimensions, got \(1, 3, 8\)"),
        ("min_pool", PoolAttrs(**_MAX), (3, 8, 8), r"min_pool: expected x with 2 \+ 2 dimensions, got \(3, 8, 8\)"),
        (
            "max_pool",
            PoolAttrs(**{**_MAX, "padding": ((0, 0), (3, 0))}),
            (1, 3, 8, 8),
            r"max_pool: expected padding of at least 0 and below the kernel span \(3, 3\), got \(\(0, 0\), \(3, 0\)\)",
        ),
        ("avg_pool", AvgPoolAttrs(**{**_AVG, "padding": ((0, -1), (0, 0))}), (1, 3, 8, 8), r"padding of at least 0"),
        ("max_pool", PoolAttrs(**{**_MAX, "stride": (0, 1)}), (1, 3, 8, 8), r"stride .* of at least 1, .* \(0, 1\)"),
        (
            "avg_pool",
            AvgPoolAttrs(**{**_AVG, "padding": ((0, 0), (0, 0))}),
            (1, 3, 2, 8),
            r"avg_pool: .* kernel to fit in the padded input, got kernel span \(3, 3\) for input size \(2, 8\)",
        ),
        ("avg_pool", AvgPoolAttrs(**_AVG, divisor_override=0), (1, 3, 8, 8), r"divisor_override other than 0, got 0"),
        (
            "lp_pool",
            LpPoolAttrs(norm_type=math.inf, kernel_size=(2,), stride=(2,)),
            (1, 1, 4),
            r"lp_pool: expected a positive, finite norm_type, got inf",
        ),
        (
            "adaptive_avg_pool",
            AdaptivePoolAttrs(output_size=(7, 7)),
            (1, 3, 8),
            r"adaptive_avg_pool: expected x with 2 \+ 2 dimensions, got \(1, 3, 8\)",
        ),
        (
            "adaptive_max_pool",
            AdaptivePoolAttrs(output_size=(7, 0)),
            (1, 3, 8, 8),
            r"adaptive_max_pool: expected spatial sizes of at least 1, got \(8, 8\) and output_size \(7, 0\)",
        ),
        ("adaptive_avg_pool", AdaptivePoolAttrs(output_size=()), (1, 3), r"spatial sizes of at least 1, got \(\)"),
    ],
)
def test_errors_name_what_was_expected_and_what_came(name: str, attrs: Any, x: tuple[int, ...], message: str) -> None:
    with pytest.raises(ShapeError, match=message):
        REGISTRY[name].shape(attrs, TensorSpec(x))


@given(size=st.integers(1, 40), out=st.integers(1, 40))
def test_adaptive_cost_is_exact_for_any_pair_of_sizes(size: int, out: int) -> None:
    cost = REGISTRY["adaptive_max_pool"].cost(AdaptivePoolAttrs(output_size=(out, out)), TensorSpec((1, 1, size, size)))
    along = sum(-(-(i + 1) * size // out) - i * size // out for i in range(out))
    assert cost.compares == along**2 - out**2  # all elements of all windows, less one per window
