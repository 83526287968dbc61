"""Laws are found again in times that they made, some far off; intervals hold their share."""

from __future__ import annotations

from math import sqrt

import numpy as np
import pytest
from tests.calibration.fakes import features, law

from netweight.calibration.features import Features
from netweight.calibration.fit import fit, fitted
from netweight.calibration.law import Law, smooth_larger

pytest.importorskip("scipy")


def spread_out(count: int, seed: int) -> list[Features]:
    rng = np.random.default_rng(seed)
    return [
        features(10 ** rng.uniform(4, 9), 10 ** rng.uniform(3, 7), weights=10 ** rng.uniform(2, 7), cold=bool(at % 2))
        for at in range(count)
    ]


def away(found: Law, true: Law, points: list[Features]) -> float:
    return max(abs(found.seconds(one) / true.seconds(one) - 1) for one in points)


def test_a_law_by_hand() -> None:
    one = law(sharpness=2.0)
    # 60e9 op/s: 180e6 operations take 3 ms; 12e9 B/s: 48 MB take 4 ms; together 5 ms by Pythagoras, and 4 us overhead.
    assert one.seconds(features(180e6, 48e6)) == pytest.approx(5.004e-3)
    # weights: 8 MB at 8e9 B/s take 1 ms from memory, at 24e9 B/s a third of that from a cache
    assert one.seconds(features(0, 0, weights=8e6, cold=True)) == pytest.approx(1.004e-3)
    assert one.seconds(features(0, 0, weights=8e6)) == pytest.approx(1e-3 / 3 + 4e-6)
    assert one.seconds(features(0, 0)) == pytest.approx(4e-6)


def test_bends_change_the_rate_of_arithmetic_alone() -> None:
    bent = law(bends=(0.5, 0.0, 0.0, 0.0, 0.0))
    deep = Features(ops=60e6, active_bytes=0, cached_bytes=0, cold_bytes=0, shape=(2.0, 0, 0, 0, 0))
    assert bent.seconds(deep) == pytest.approx(1e-3 / np.e + 4e-6)


def test_the_smooth_larger_of_two() -> None:
    assert smooth_larger(1.0, 1.0, 2.0) == pytest.approx(sqrt(2))
    assert smooth_larger(1.0, 2.0, 100.0) == pytest.approx(2.0)
    assert smooth_larger(0.0, 0.0, 3.0) == 0.0


@pytest.mark.parametrize("sharpness", [1.3, 2.0, 4.0])
def test_a_law_is_found_again(sharpness: float) -> None:
    true = law(sharpness=sharpness)
    points = spread_out(60, 1)
    found = fit(points, [true.seconds(one) for one in points])
    assert away(found, true, spread_out(60, 2)) < 0.05
    assert found.ops_per_second == pytest.approx(true.ops_per_second, rel=0.05)
    assert found.active_bytes_per_second == pytest.approx(true.active_bytes_per_second, rel=0.1)
    assert found.cold_bytes_per_second == pytest.approx(true.cold_bytes_per_second, rel=0.1)
    assert found.overhead_s == pytest.approx(true.overhead_s, rel=0.2)


def test_times_that_are_far_off_change_little() -> None:
    true = law()
    points = spread_out(60, 1)
    times = [true.seconds(one) * (8.0 if at % 12 == 0 else 1.0) for at, one in enumerate(points)]
    assert away(fit(points, times), true, spread_out(60, 2)) < 0.1


def test_intervals_hold_eight_of_ten() -> None:
    true, rng = law(), np.random.default_rng(3)
    points = spread_out(80, 1)
    found = fitted(points, [true.seconds(one) * float(np.exp(rng.normal(0, 0.2))) for one in points])
    new = spread_out(400, 4)
    inside = 0
    for one in new:
        took, expected = true.seconds(one) * float(np.exp(rng.normal(0, 0.2))), found.law.seconds(one)
        inside += expected * found.low <= took <= expected * found.high
    assert 0.72 < inside / len(new) < 0.88
    # the middle half of a normal distribution lies within 0.6745 standard deviations
    assert found.error == pytest.approx(0.2 * 0.6745, rel=0.3)


def test_few_samples_give_a_law_that_stays_near_a_plain_guess() -> None:
    found = fitted([features(0, 1e6)], [1e-4])
    assert found.samples == 1
    assert found.law.seconds(features(0, 1e6)) == pytest.approx(1e-4, rel=0.1)
    assert found.law.seconds(features(0, 4e6)) == pytest.approx(4e-4, rel=0.2)
