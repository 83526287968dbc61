"""A calibration, measured: networks run, laws fitted, other networks predicted and run."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import replace
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
from netweight.runtime.weights import initialize

_PASSES = 3
_ROUNDS = 4
_LOW = 0.0
"""Quantile of the rounds of a pass; what disturbs only adds."""
_CALLS = 12
Clock = Callable[[], float]


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


def measured_samples(engine: Engine, networks: Sequence[Graph], *, threads: int, cache_bytes: int) -> list[Sample]:
    """Samples of all kernels of networks, the least time of several passes over all of them.

    Args:
        engine: What runs them.
        networks: What is run.
        threads: Threads of a call.
        cache_bytes: What a cache holds of weights.
    """
    ran: list[list[tuple[Kernel, ...]]] = [[] for _ in networks]
    with ExitStack() as opened:
        sessions = []
        for graph in networks:
            progress.step(f"loading {graph.name}")
            sessions.append(opened.enter_context(_session(engine, graph, threads)))
        for at in range(_PASSES):
            for session, graph, passes in zip(sessions, networks, ran, strict=True):
                progress.step(f"{graph.name}, pass {at + 1} of {_PASSES}")
                passes.append(session.kernels(_ROUNDS, _LOW))
    found: list[Sample] = []
    for graph, passes in zip(networks, ran, strict=True):
        works = kernel_works(graph, KERNELS[engine.name])
        cold = weights_are_cold(works, cache_bytes)
        found.extend(samples_of(graph, works, _least(passes), cold=cold))
    return found


def _least(passes: Sequence[tuple[Kernel, ...]]) -> list[Kernel]:
    """Each kernel with the least of its times; of a pass that has other kernels nothing is taken."""
    first = passes[0]
    same = [one for one in passes if [kernel.layers for kernel in one] == [kernel.layers for kernel in first]]
    return [replace(kernel, seconds=min(one[at].seconds for one in same)) for at, kernel in enumerate(first)]


def measured_whole(
    engine: Engine, networks: Sequence[Graph], laws: dict[str, Fitted], *, threads: int, cache_bytes: int,
    clock: Clock | None = None,
) -> Whole:  # fmt: skip
    """How far laws are off for whole networks that they were not fitted to.

    Args:
        engine: What runs them.
        networks: What is run; one with a kernel that no law covers says nothing.
        laws: Law of each class.
        threads: Threads of a call.
        cache_bytes: What a cache holds of weights.
        clock: What times a call: by default processor time where one thread runs, which others do not disturb.
    """
    clock = clock or (time.process_time if threads == 1 else time.perf_counter)
    found = []
    for graph in networks:
        works = kernel_works(graph, KERNELS[engine.name])
        expected = _sum_of_laws(graph, works, laws, cold=weights_are_cold(works, cache_bytes))
        if expected is not None:
            progress.step(graph.name)
            with _session(engine, graph, threads) as session:
                found.append((graph.name, _least_call(session, clock), expected))
    return checked(found)


def _sum_of_laws(graph: Graph, works: Sequence[KernelWork], laws: dict[str, Fitted], *, cold: bool) -> float | None:
    whole = 0.0
    for work in works:
        law = laws.get(class_of(graph, work))
        if law is None and not work.is_free:
            return None
        whole += 0.0 if law is None else law.law.seconds(features_of(graph, work, cold=cold))
    return whole


def _least_call(session: Session, clock: Clock) -> float:
    times = []
    for _ in range(_CALLS):
        start = clock()
        session.call()
        times.append(clock() - start)
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
