"""What is said of many times, by hand and beside NumPy."""

from __future__ import annotations

import numpy as np
import pytest

from netweight.measuring.statistics import is_warm, spread
from netweight.quantile import quantile


def test_quantiles_are_times_that_were_measured() -> None:
    times = [float(t) for t in np.random.default_rng(0).permutation(101)]
    found = spread(times)
    assert (found.count, found.least_s, found.p50_s, found.p90_s, found.p99_s) == (101, 0.0, 50.0, 90.0, 99.0)
    for part in (0.01, 0.25, 0.5, 0.75, 0.9, 0.99, 1.0):
        ours = quantile(sorted(times), part)
        assert ours == np.quantile(times, part, method="inverted_cdf")


def test_the_spread_is_that_of_the_middle_half() -> None:
    assert spread([1.0, 2.0, 3.0, 4.0]).iqr == pytest.approx((3.0 - 1.0) / 2.0)
    assert spread([2.0] * 9 + [100.0]).iqr == 0
    assert spread([5.0]) == spread([5.0])
    assert (spread([5.0]).p99_s, spread([5.0]).iqr, spread([0.0]).iqr) == (5.0, 0.0, 0.0)


def test_calls_are_warm_when_they_stop_to_get_faster() -> None:
    assert not is_warm([1.0] * 9)
    assert is_warm([1.0] * 10)
    assert not is_warm([2.0] * 5 + [1.0] * 5)
    assert is_warm([2.0] * 5 + [1.0] * 10)
    assert not is_warm([1.0] * 5 + [0.96] * 5)
    assert is_warm([1.0] * 5 + [0.98] * 5)
    assert is_warm([1.0] * 5 + [3.0] * 5)  # somebody else disturbs: it will not get warmer
