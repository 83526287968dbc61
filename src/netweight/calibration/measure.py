"""A calibration, measured: networks run, laws fitted, other networks predicted and run."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

from netweight import progress
from netweight.analysis.latency.work import KernelWork, kernel_works
from netweight.calibration.calibration import KERNELS
from netweight.calibration.classes import class_of
from netweight.calibration.features import features_of
from netweight.calibration.fit import LEAST_SAMPLES, Fitted, fitted
from netweight.calibration.predict import weights_are_cold
from netweight.calibration.samples import Sample, samples_of
from netweight.calibration.whole import Whole, checked
from netweight.engines.engine import Engine, Kernel, Prepared, Session
from netweight.ir import Graph, is_floating
from netweight.lazy import np
from netweight.measuring.speed import Speed, Visit
from netweight.runtime.weights import initialize

_PASSES = 3
_MORE_PASSES = 2
"""Passes in which networks are measured again that met the machine disturbed each time."""
_ROUNDS = 4
_LOW = 0.0
"""Quantile of the rounds of a pass; what disturbs only adds."""
_CALLS = 12
_VISITS = 4
"""Looks at the speed of the machine among the calls of a whole network."""
_MORE_VISITS = 8
Ran = tuple[tuple[Kernel, ...], float]
"""Kernels of a network, and seconds of a call."""


def laws_of(samples: Sequence[Sample]) -> dict[str, Fitted]:
    """Law of each class that has enough samples."""
    by_class: dict[str, list[Sample]] = {}
    for sample in samples:
        by_class.setdefault(sample.class_name, []).append(sample)
    return {
        name: fitted([one.features for one in found], [one.seconds for one in found])
        for name, found in sorted(by_class.items())
        if len(found) >= LEAST_SAMPLES
    }


def measured_samples(
    engine: Engine, networks: Sequence[Graph], *, threads: int, cache_bytes: int, speed: Speed
) -> list[Sample]:
    """Samples of all kernels of networks, the least time of several passes over all of them.

    Profiles of engines have wall time, in which other programs take turns where a kernel is long. The kernels of a
    network are therefore scaled down where they take longer together than a whole call does by the clock. A pass that
    met the machine slow counts only where no other did, and then at the speed that the machine has undisturbed.

    Args:
        engine: What runs them.
        networks: What is run.
        threads: Threads of a call.
        cache_bytes: What a cache holds of weights.
        speed: Times the calls, and the machine beside them.
    """
    found: list[Sample] = []
    for graph, visits in zip(networks, _visits(engine, networks, threads, speed), strict=True):
        works = kernel_works(graph, KERNELS[engine.name])
        cold = weights_are_cold(works, cache_bytes)
        best = speed.best(visits)
        passes = [_faster(visit.found[0], speed.slowness(visit)) for visit in best]
        call = min(visit.found[1] / speed.slowness(visit) for visit in best)
        found.extend(samples_of(graph, works, _within(_least(passes), call), cold=cold))
    return found


def _visits(engine: Engine, networks: Sequence[Graph], threads: int, speed: Speed) -> list[list[Visit[Ran]]]:
    """What each network took in each pass; passes more for those that met no undisturbed moment."""
    found: list[list[Visit[Ran]]] = [[] for _ in networks]
    with ExitStack() as opened:
        sessions = []
        for graph in networks:
            progress.step(f"loading {graph.name}")
            sessions.append(opened.enter_context(_session(engine, graph, threads)))
        for at in range(_PASSES + _MORE_PASSES):
            for session, graph, visits in zip(sessions, networks, found, strict=True):
                if at < _PASSES or not any(map(speed.is_steady, visits)):
                    progress.step(f"{graph.name}, pass {at + 1} of {max(at + 1, _PASSES)}")
                    visits.append(speed.during(partial(_ran, session, speed)))
    return found


def _ran(session: Session, speed: Speed) -> Ran:
    kernels = session.kernels(_ROUNDS, _LOW)
    speed.look()
    return kernels, _least_call(session, speed, _CALLS // _PASSES)


def _faster(kernels: Sequence[Kernel], slowness: float) -> tuple[Kernel, ...]:
    """What they take on the machine undisturbed."""
    return tuple(replace(kernel, seconds=kernel.seconds / slowness) for kernel in kernels)


def _least(passes: Sequence[tuple[Kernel, ...]]) -> list[Kernel]:
    """Each kernel with the least of its times; of a pass that has other kernels nothing is taken."""
    first = passes[0]
    same = [one for one in passes if [kernel.layers for kernel in one] == [kernel.layers for kernel in first]]
    return [replace(kernel, seconds=min(one[at].seconds for one in same)) for at, kernel in enumerate(first)]


def _within(kernels: Sequence[Kernel], call_s: float) -> list[Kernel]:
    """The kernels, scaled down where they take longer together than the call that runs them."""
    scale = min(1.0, call_s / sum([kernel.seconds for kernel in kernels]))
    return [replace(kernel, seconds=kernel.seconds * scale) for kernel in kernels]


def measured_whole(
    engine: Engine, networks: Sequence[Graph], laws: dict[str, Fitted], *, threads: int, cache_bytes: int, speed: Speed
) -> Whole:
    """How far laws are off for whole networks that they were not fitted to.

    Args:
        engine: What runs them.
        networks: What is run; one with a kernel that no law covers says nothing.
        laws: Law of each class.
        threads: Threads of a call.
        cache_bytes: What a cache holds of weights.
        speed: Times the calls, and the machine beside them; the one that timed the samples.
    """
    found = []
    for graph in networks:
        works = kernel_works(graph, KERNELS[engine.name])
        expected = _sum_of_laws(graph, works, laws, cold=weights_are_cold(works, cache_bytes))
        if expected is not None:
            progress.step(graph.name)
            with _session(engine, graph, threads) as session:
                found.append((graph.name, undisturbed_call(session, speed), expected))
    return checked(found)


def undisturbed_call(session: Session, speed: Speed) -> float:
    """Seconds of a call on the machine undisturbed, the least of several.

    Args:
        session: A network in an engine.
        speed: Times the calls, and the machine beside them.
    """
    visits: list[Visit[float]] = []
    while len(visits) < _VISITS or (len(visits) < _MORE_VISITS and not any(map(speed.is_steady, visits))):
        visits.append(speed.during(partial(_least_call, session, speed, _CALLS // _VISITS)))
    return min(visit.found / speed.slowness(visit) for visit in speed.best(visits))


def _sum_of_laws(graph: Graph, works: Sequence[KernelWork], laws: dict[str, Fitted], *, cold: bool) -> float | None:
    whole = 0.0
    for work in works:
        law = laws.get(class_of(graph, work))
        if law is None and not work.is_free:
            return None
        whole += 0.0 if law is None else law.law.seconds(features_of(graph, work, cold=cold))
    return whole


def _least_call(session: Session, speed: Speed, calls: int) -> float:
    """Least time of so many calls, after one to warm up, with a look at the speed after each."""
    times = []
    for _ in range(calls + 1):
        start = speed.clock()
        session.call()
        times.append(speed.clock() - start)
        speed.look()
    return min(times[1:])


@contextmanager
def _session(engine: Engine, graph: Graph, threads: int) -> Iterator[Session]:
    """A network in the engine, with weights and inputs drawn from a seed."""
    with TemporaryDirectory() as folder:
        rng = np.random.default_rng(0)
        feeds = {}
        for name in graph.inputs:
            spec = graph.spec(name)
            drawn = rng.standard_normal(spec.shape) if is_floating(spec.dtype) else rng.integers(0, 100, spec.shape)
            feeds[name] = drawn.astype(spec.dtype)
        prepared = Prepared(graph=graph, weights=initialize(graph), feeds=feeds, folder=Path(folder))
        session = engine.load(prepared, threads=threads, precision=None)
        try:
            yield session
        finally:
            session.close()
