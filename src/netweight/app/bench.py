"""How long a model takes on engines that are installed here, measured."""

from __future__ import annotations

import contextlib
import html
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from netweight import progress
from netweight.analysis.cost import model_info
from netweight.analysis.devices.detect import machine
from netweight.app.arguments import MODEL, flag, shown, takes, text, texts, unless_none, whole_number
from netweight.app.prepared import prepared
from netweight.engines.engine import PRECISIONS, Kernel, Prepared
from netweight.engines.table import engine as engine_of
from netweight.errors import NetweightError, UsageError, unknown_name
from netweight.measuring.quality import WIDE, disturbances, moment
from netweight.measuring.statistics import spread
from netweight.measuring.turns import Measured, in_turns
from netweight.measuring.worker import Local, Wanted, Worker
from netweight.results import bench as results
from netweight.results.bench import EngineTimes, KernelTime

_ROUNDS = 15
"""Rounds of a profile: kernels get the median of them."""
_LONGEST_S = 3600.0


class Bench(results.Bench):
    """What ``netweight.bench`` returns: ``print`` shows it, ``rows`` has the times."""

    __slots__ = ()

    @classmethod
    def of(cls, found: results.Bench) -> Bench:
        """The same figures."""
        return cls(**{f.name: getattr(found, f.name) for f in fields(found)})

    def to_text(self, *, width: int | None = None, layers: bool = False) -> str:
        """The report as text.

        Args:
            width: Characters of a line; None for the natural width.
            layers: Also every kernel.
        """
        from netweight.report.bench.text import to_text

        return to_text(self, width=width, layers=layers)

    def to_csv(self) -> str:
        """One line per engine and batch."""
        from netweight.report.bench.delimited import to_csv

        return to_csv(self)

    def __str__(self) -> str:
        return self.to_text().removesuffix("\n")

    def __repr__(self) -> str:
        return f"<bench of {self.model.name!r}: {', '.join(f'{r.engine} {r.p50_s} s' for r in self.rows)}>"

    def _repr_html_(self) -> str:
        return f"<pre>{html.escape(str(self))}</pre>"


def seconds_of(name: str, value: Any) -> float:
    """A time to measure.

    Raises:
        UsageError: If it is none, or too long.
    """
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 < value <= _LONGEST_S:
        raise UsageError(f"{name}: expected seconds above 0 and up to {_LONGEST_S:.0f}, got {shown(value)}")
    return float(value)


def _threads(name: str, value: Any) -> int:
    number = whole_number(name, value)
    if not 1 <= number <= 1024:
        raise UsageError(f"{name}: expected 1 to 1024 threads, got {number}")
    return number


def _precision(name: str, value: Any) -> str:
    if text(name, value) not in PRECISIONS:
        raise unknown_name("precision", value, PRECISIONS, fix=f"known: {', '.join(PRECISIONS)}")
    return str(value)


def batches_of(name: str, value: Any) -> tuple[int, ...]:
    """Sizes of batches.

    Raises:
        UsageError: If one is no whole number, or below 1.
    """
    found = tuple(value) if isinstance(value, Sequence) and not isinstance(value, str) else (value,)
    numbers = tuple(whole_number(name, one) for one in found)
    if not numbers or min(numbers) < 1:
        raise UsageError(f"{name}: expected at least 1 sample, got {shown(value)}")
    return tuple(dict.fromkeys(numbers))


@takes(
    engine=texts, batch=unless_none(batches_of), threads=_threads, precision=unless_none(_precision),
    seconds=seconds_of, seed=whole_number, dims=MODEL["dims"], layers=flag,
)  # fmt: skip
def bench(
    model: Any,
    inputs: Any = None,
    *,
    engine: str | Sequence[str] = "onnxruntime",
    batch: int | Sequence[int] | None = None,
    threads: int = 1,
    precision: str | None = None,
    seconds: float = 3.0,
    seed: int = 0,
    dims: Mapping[str, int] | None = None,
    layers: bool = True,
) -> Bench:
    """How long a model takes on engines, each in a process of its own, in turns.

    Every engine warms up until its calls stop to get faster. What it computes in, and which kernels ran how long, the
    engine itself says. A measurement that other programs disturbed is marked.

    Args:
        model: Anything that ``netweight.run`` takes. A PyTorch module runs as it is on the engine ``torch``, in this
            process.
        inputs: Arrays or shapes, as ``netweight.run`` takes them.
        engine: Names of engines: ``"onnxruntime"``, ``"openvino"``, ``"litert"``, ``"torch"``, ``"torch-compile"``,
            ``"reference"``.
        batch: Samples at once, or several such numbers; 1 where nobody says.
        threads: Threads that a call may use.
        precision: Element type to compute in: ``"fp32"``, ``"bf16"``, ``"fp16"``, ``"int8"``; by default what the
            engine does by itself.
        seconds: How long each engine is measured at each batch.
        seed: Of random inputs and weights.
        dims: Sizes of the dimensions that an ONNX model leaves open under a name.
        layers: Whether the engines' own profiles are asked for as well.

    Raises:
        NetweightError: If the model, its input or another argument is not one that fits; the error says what does.
            An engine that is missing or refuses the network is a row that says so.
    """
    names = tuple(engine)
    if not names:
        raise UsageError("engine: expected one at least, got none", fix="engine='onnxruntime'")
    for name in names:
        engine_of(name)
    batches: Sequence[int | None] = tuple(batch) if batch is not None else (None,)  # type: ignore[arg-type]
    rows: list[EngineTimes] = []
    notes: dict[str, None] = {}
    info = None
    try:
        for samples in batches:
            with tempfile.TemporaryDirectory(prefix="netweight-") as folder:
                found, loaded, said = prepared(
                    "bench", model, inputs, Path(folder), batch=samples, seed=seed, dims=dims
                )  # fmt: skip
                notes.update(dict.fromkeys(said))
                info = info or model_info(found.graph, loaded.source)
                entrants = [_Entrant(Wanted(engine=n, threads=threads, precision=precision), found) for n in names]
                _measure(entrants, seconds, layers=layers)
                rows += [entrant.row() for entrant in entrants]
    except KeyboardInterrupt:
        if info is None or not entrants or not any(entrant.measured.times for entrant in entrants):
            raise
        rows += [entrant.row() for entrant in entrants]
        notes["interrupted: what was measured until then"] = None
    here = machine()
    assert info is not None
    return Bench(
        model=info, cpu=here.cpu, cores=here.cores, day=datetime.now(tz=UTC).date().isoformat(), rows=tuple(rows),
        notes=tuple(notes),
    )  # fmt: skip


@dataclass
class _Entrant:
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
        graph, measured = self.network.graph, self.measured
        shapes = [graph.spec(name).shape for name in graph.inputs]
        samples = next((shape[0] for shape in shapes if shape), 1)
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


def _measure(entrants: Sequence[_Entrant], seconds: float, *, layers: bool) -> None:
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

    def __init__(self, entrant: _Entrant) -> None:
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
