"""Engines that are measured against each other: loaded, called in turns, asked for their kernels, and ended."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from netweight import progress
from netweight.analysis.cost import samples_of
from netweight.engines.engine import Kernel, Prepared
from netweight.engines.table import engine as engine_of
from netweight.errors import NetweightError
from netweight.measuring.quality import WIDE, disturbances, moment
from netweight.measuring.statistics import spread
from netweight.measuring.turns import Measured, in_turns
from netweight.measuring.worker import Local, Wanted, Worker
from netweight.results.bench import EngineTimes, KernelTime

_ROUNDS = 15
"""Rounds of a profile: kernels get the median of them."""


@dataclass
class Entrant:
    """An engine with a network in it, and what was measured of it."""

    wanted: Wanted
    network: Prepared
    measured: Measured = field(default_factory=Measured)
    caller: Worker | Local | None = None
    kernels: tuple[Kernel, ...] = ()
    kernels_reason: str = ""
    disturbed: tuple[str, ...] = ()
    precision: str = ""
    version: str = ""

    def start(self) -> None:
        """Load the engine; what it raises is why it has no times."""
        try:
            found = engine_of(self.wanted.engine)
            self.version = found.version()
            if self.network.module is not None and self.wanted.engine.startswith("torch"):
                session = found.load(self.network, threads=self.wanted.threads, precision=self.wanted.precision)
                self.caller = Local(session)
            else:
                self.caller = Worker(self.wanted, _without_module(self.network))
            self.precision = self.caller.precision
        except NetweightError as error:
            self.measured.error = error

    def profile(self) -> None:
        """Ask the engine for its kernels."""
        if self.caller is None or self.measured.error is not None:
            return
        try:
            self.kernels = self.caller.kernels(_ROUNDS)
        except NetweightError as error:
            self.kernels_reason = str(error.args[0])

    def row(self) -> EngineTimes:
        """What is said of it."""
        measured, samples = self.measured, samples_of(self.network.graph)
        common: dict[str, Any] = {
            "engine": self.wanted.engine,
            "version": self.version,
            "batch": samples,
            "threads": self.wanted.threads,
            "precision": self.precision,
            "asked_precision": self.wanted.precision or "",
        }
        reason = "" if measured.error is None else _words(measured.error)
        if not measured.times:
            return EngineTimes(**common, state="failed", reason=reason or "it was not its turn yet")
        found = spread(measured.times)
        total = sum(kernel.seconds for kernel in self.kernels) if self.kernels else None
        wide = (
            (f"the middle half of the calls spreads over {100 * found.iqr:.0f} % of the median",)
            if found.iqr > WIDE
            else ()
        )
        return EngineTimes(
            **common,
            state="measured" if measured.complete else "partial",
            reason=reason,
            count=found.count,
            warm_up=len(measured.warming),
            least_s=found.least_s,
            p50_s=found.p50_s,
            p90_s=found.p90_s,
            p99_s=found.p99_s,
            iqr=found.iqr,
            throughput_per_second=samples / found.p50_s if found.p50_s else None,
            kernels=tuple(_kernel(kernel) for kernel in self.kernels),
            kernels_s=total,
            remainder_s=None if total is None else found.p50_s - total,
            kernels_reason=self.kernels_reason,
            disturbed=(*self.disturbed, *wide),
        )

    def close(self) -> None:
        """End its process."""
        if self.caller is not None:
            with contextlib.suppress(NetweightError, OSError):
                self.caller.close()
            self.caller = None


def measure(entrants: Sequence[Entrant], seconds: float, *, layers: bool) -> None:
    """Measure all of them in turns; their processes end whatever happens."""
    try:
        for entrant in entrants:
            with progress.stage(f"loading {entrant.wanted.engine}"):
                entrant.start()
        ready = [entrant for entrant in entrants if entrant.caller is not None]
        with progress.stage("measuring"):
            for at, _ in in_turns(
                [_Watched(entrant) for entrant in ready], seconds=seconds, clock=time.perf_counter,
                found=[entrant.measured for entrant in ready],
            ):  # fmt: skip
                progress.step(ready[at].wanted.engine, len(ready[at].measured.times), 0)
        for entrant in ready:
            if layers:
                with progress.stage(f"profiling {entrant.wanted.engine}"):
                    entrant.profile()
    finally:
        for entrant in entrants:
            entrant.close()


class _Watched:
    """An entrant whose turns are watched for what disturbs them."""

    def __init__(self, entrant: Entrant) -> None:
        assert entrant.caller is not None
        self._entrant, self._caller = entrant, entrant.caller

    def turn(self, seconds: float, most: int) -> list[float]:
        """As its caller's."""
        before, cpu, start = moment(), self._caller.cpu_s(), time.perf_counter()
        times = self._caller.turn(seconds, most)
        if seconds:
            found = disturbances(
                before, moment(), seconds=time.perf_counter() - start, own_s=self._caller.cpu_s() - cpu
            )  # fmt: skip
            if len(found) > len(self._entrant.disturbed):
                self._entrant.disturbed = found
        return times


def _without_module(network: Prepared) -> Prepared:
    """The network as another process takes it; what all of them read is written once."""
    return replace(network, module=None, arguments=())


def _kernel(kernel: Kernel) -> KernelTime:
    return KernelTime(
        name=kernel.name,
        op=kernel.op,
        layers=kernel.layers,
        measured_s=kernel.seconds,
        precision=kernel.precision,
        implementation=kernel.implementation,
    )


def _words(error: Exception) -> str:
    """What an engine refused, and what to do."""
    fix = getattr(error, "fix", "")
    message = str(error.args[0]) if error.args else type(error).__name__
    return f"{message}; {fix}" if fix else message
