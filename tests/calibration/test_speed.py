"""A machine that slows down while it is measured: the figures are those of the machine undisturbed."""

from __future__ import annotations

from collections.abc import Callable
from random import Random

import pytest
from tests.calibration.fakes import CACHE_BYTES, LAWS, PROBE_S, FakeEngine, fake_speed, law

from netweight.calibration import measure
from netweight.calibration.fit import Fitted
from netweight.calibration.measure import laws_of, measured_samples, measured_whole
from netweight.calibration.networks import calibration_networks
from netweight.calibration.samples import Sample
from netweight.calibration.whole import Whole
from netweight.ir import Graph
from netweight.measuring.speed import Speed, products, swings

pytest.importorskip("scipy")
Pace = Callable[[float], float]
FAMILIES = ("calibration-residual", "calibration-separable")


@pytest.fixture(scope="module")
def networks() -> list[Graph]:
    return [graph for graph in calibration_networks() if graph.name in FAMILIES]


@pytest.fixture(scope="module")
def undisturbed(networks: list[Graph]) -> list[Sample]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(measure, "initialize", lambda _graph: {})
        samples, _, speed = measured(networks, lambda _now: 1.0)
    assert speed.swing == pytest.approx(0.0)
    assert swings(speed) == ()
    return samples


@pytest.fixture(autouse=True)
def _no_weights(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(measure, "initialize", lambda _graph: {})


def measured(networks: list[Graph], pace: Pace) -> tuple[list[Sample], Whole, Speed]:
    engine = FakeEngine()
    engine.pace = pace
    speed = fake_speed(engine)
    samples = measured_samples(engine, networks, threads=1, cache_bytes=CACHE_BYTES, speed=speed)
    exact = {
        name: Fitted(law=LAWS.get(name, law()), samples=9, low=0.9, high=1.1, error=0.0)
        for name in {sample.class_name for sample in samples}
    }
    whole = measured_whole(engine, networks, exact, threads=1, cache_bytes=CACHE_BYTES, speed=speed)
    return samples, whole, speed


def every_other(window_s: float) -> Pace:
    """30 % slower in every other window of time, beginning with a slow one."""
    return lambda now: 1.3 if int(now / window_s) % 2 == 0 else 1.0


def drawn(window_s: float) -> Pace:
    """30 % slower in half of the windows of time, drawn."""
    rng = Random(7)
    slow = [rng.random() < 0.5 for _ in range(100_000)]
    return lambda now: 1.3 if slow[int(now / window_s)] else 1.0


def mostly(share: float, window_s: float) -> Pace:
    """30 % slower for this share of each window."""
    return lambda now: 1.3 if now % window_s < share * window_s else 1.0


@pytest.mark.parametrize(
    "pace",
    [drawn(0.02), every_other(0.11), every_other(1.0), drawn(0.05), drawn(0.3), mostly(0.8, 0.7)],
    ids=["drawn 20 ms", "110 ms", "1 s", "drawn 50 ms", "drawn 300 ms", "mostly"],
)
def test_a_machine_that_is_slower_half_of_the_time_gives_the_same_figures(
    networks: list[Graph], undisturbed: list[Sample], pace: Pace
) -> None:
    found, whole, speed = measured(networks, pace)
    assert speed.swing == pytest.approx(0.3)
    assert speed.probe_s == pytest.approx(PROBE_S)
    assert [one.seconds for one in found] == pytest.approx([one.seconds for one in undisturbed], rel=0.03)
    assert [one.measured_s for one in whole.networks] == pytest.approx(
        [one.predicted_s for one in whole.networks], rel=0.03
    )
    assert swings(speed) == ("the machine slowed down by up to 30 %",)


def test_and_the_same_laws(networks: list[Graph], undisturbed: list[Sample]) -> None:
    expected = laws_of(only(undisturbed, "depthwise"))
    found = laws_of(only(measured(networks, drawn(0.3))[0], "depthwise"))
    assert found["depthwise"].law.ops_per_second == pytest.approx(expected["depthwise"].law.ops_per_second, rel=0.03)


def test_networks_that_never_met_it_undisturbed_are_brought_to_its_speed(
    networks: list[Graph], undisturbed: list[Sample]
) -> None:
    """Only the probe does: what it says of the speed corrects what no pass can measure."""
    engine = FakeEngine()
    speed = fake_speed(engine)
    for _ in range(60):
        speed.during(lambda: None)
    engine.pace = lambda _now: 1.3
    found = measured_samples(engine, networks, threads=1, cache_bytes=CACHE_BYTES, speed=speed)
    assert [one.seconds for one in found] == pytest.approx([one.seconds for one in undisturbed], rel=1e-6)


@pytest.mark.parametrize("share", [0.5, 2.0], ids=["kernels slow down more than the probe", "less"])
def test_passes_are_repeated_until_one_met_it_undisturbed(
    networks: list[Graph], undisturbed: list[Sample], share: float
) -> None:
    engine = FakeEngine()
    speed = Speed(engine.process_time, lambda: probe(engine, share))
    for _ in range(200):
        speed.during(lambda: None)
    engine.pace = lambda _now: 1.3 if engine.passes <= 3 * len(networks) else 1.0
    found = measured_samples(engine, networks, threads=1, cache_bytes=CACHE_BYTES, speed=speed)
    assert engine.passes == 4 * len(networks) + 1  # the first call of a fourth pass was still slow
    assert [one.seconds for one in found] == pytest.approx([one.seconds for one in undisturbed], rel=1e-6)


def probe(engine: FakeEngine, share: float) -> None:
    engine.now += PROBE_S * (1 + share * (engine.pace(engine.now) - 1))


def test_a_machine_that_is_slow_all_along_says_so_by_its_probe(networks: list[Graph]) -> None:
    _, _, speed = measured(networks, lambda _now: 1.3)
    assert speed.probe_s == pytest.approx(1.3 * PROBE_S)
    assert speed.swing == pytest.approx(0.0)


def test_one_lucky_look_does_not_decide() -> None:
    times = iter([0.5, *[1.0] * 59])
    now = [0.0]

    def work() -> None:
        now[0] += next(times)

    speed = Speed(lambda: now[0], work)
    visits = [speed.during(lambda: None) for _ in range(5)]
    assert (speed.probe_s, speed.slowness(visits[-1])) == (0.5, 2.0)  # one of ten looks is lucky
    visits += [speed.during(lambda: None) for _ in range(5)]
    assert (speed.probe_s, speed.slowness(visits[-1])) == (1.0, 1.0)  # one of twenty


def test_a_clock_that_does_not_move_says_nothing() -> None:
    speed = Speed(lambda: 0.0, lambda: None)
    visit = speed.during(lambda: "found")
    assert (visit.found, speed.slowness(visit), speed.swing) == ("found", 1.0, 0.0)


def test_the_probe_computes_what_it_says() -> None:
    from netweight.measuring.speed import _matrices

    products()
    assert (_matrices()[2] == 64 * 0.25).all()


def only(samples: list[Sample], name: str) -> list[Sample]:
    return [one for one in samples if one.class_name == name]
