"""Errors of whole networks, each left out in turn."""

from __future__ import annotations

from math import exp, log, sqrt

import pytest

from netweight.calibration.whole import checked


def test_each_network_is_corrected_by_the_others() -> None:
    found = checked([("a", 2.0, 1.0), ("b", 2.0, 1.0), ("c", 4.0, 1.0)])
    assert found.factor == pytest.approx(16 ** (1 / 3))
    # a by b and c: sqrt(2 * 4) = 2.83 predicted, 2 measured; c by a and b: 2 predicted, 4 measured
    assert [one.error for one in found.networks] == pytest.approx([sqrt(2) - 1, sqrt(2) - 1, -0.5])
    assert found.error == pytest.approx((2 * (sqrt(2) - 1) + 0.5) / 3)


def test_the_interval_is_that_of_one_more_network() -> None:
    found = checked([("a", 1.1, 1.0), ("b", 1 / 1.1, 1.0)])
    # two logarithms, log 1.1 and its negative: their deviation is sqrt(2) log 1.1; Student's t of one degree is 3.078
    half = 3.078 * sqrt(2) * log(1.1) * sqrt(1 + 1 / 2)
    assert (found.low, found.high) == pytest.approx((exp(-half), exp(half)))


def test_networks_that_are_met_exactly_leave_no_doubt() -> None:
    found = checked([("a", 1.0, 1.0), ("b", 3.0, 3.0)])
    assert (found.factor, found.low, found.high, found.error) == pytest.approx((1, 1, 1, 0))
