"""Calibrations of engines on this machine: measured, stored, and found again where they still hold."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from netweight import progress
from netweight.analysis.devices.detect import machine
from netweight.app.arguments import takes, text, unless_none
from netweight.app.engine_arguments import threads_of
from netweight.calibration.calibration import KERNELS, Calibration, Conditions
from netweight.calibration.store import check, read, stored_at, to_json, write
from netweight.engines.engine import Engine
from netweight.engines.table import engine as engine_of
from netweight.errors import UsageError, unknown_name
from netweight.measuring.speed import speed_of
from netweight.version import __version__

_NO_CACHE = 32 << 20
"""Bytes of the largest cache where the system does not say."""


class Calibrated:
    """What ``netweight.calibrate`` returns: ``print`` shows it, ``path`` is the file.

    Attributes:
        calibration: The laws, each with its errors.
        path: Where it is stored.
        seconds: How long it took.
    """

    def __init__(self, calibration: Calibration, path: Path, seconds: float) -> None:
        self.calibration, self.path, self.seconds = calibration, path, seconds

    def to_text(self, *, width: int | None = None) -> str:
        """The report as text.

        Args:
            width: Characters of a line; None for the natural width.
        """
        from netweight.report.calibration import to_text

        return to_text(self.to_dict(), width=width)

    def to_dict(self) -> dict[str, Any]:
        """What its file has, and where that is."""
        import json

        return {**json.loads(to_json(self.calibration)), "path": str(self.path), "seconds": self.seconds}

    def to_json(self) -> str:
        """JSON text of ``to_dict``."""
        import json

        return json.dumps(self.to_dict(), indent=2)

    def __str__(self) -> str:
        return self.to_text().removesuffix("\n")

    def __repr__(self) -> str:
        conditions = self.calibration.conditions
        return f"<calibration of {conditions.engine} on {conditions.cpu!r}, {len(self.calibration.laws)} laws>"


def _engine(value: Any) -> str:
    name = text("engine", value)
    if name not in KERNELS:
        raise unknown_name("engine", name, tuple(KERNELS), fix=f"engines that can be calibrated: {', '.join(KERNELS)}")
    return name


@takes(threads=threads_of, output=unless_none(text))
def calibrate(engine: str = "onnxruntime", *, threads: int = 1, output: str | None = None) -> Calibrated:
    """Measure how long an engine takes on this machine, by class of operators, and store it for ``latency``.

    Args:
        engine: ``"onnxruntime"``, ``"openvino"`` or ``"torch"``.
        threads: Threads of a call.
        output: File to write instead of the one in the user's data folder.

    Raises:
        NetweightError: If the engine or SciPy is not installed, or the file cannot be written.
    """
    started = time.perf_counter()
    engine = _engine(engine)
    path = Path(output) if output is not None else stored_at(engine, threads)
    if output is not None and not path.parent.is_dir():
        raise UsageError(f"output: expected an existing folder, got {str(path.parent)!r}")
    found = measured(engine_of(engine), threads)
    write(found, path)
    return Calibrated(found, path, time.perf_counter() - started)


def measured(engine: Engine, threads: int) -> Calibration:
    """The calibration of an engine, measured now.

    Args:
        engine: What is measured.
        threads: Threads of a call.
    """
    from netweight.calibration.fit import scipy
    from netweight.calibration.measure import laws_of, measured_samples, measured_whole
    from netweight.calibration.networks import calibration_networks
    from netweight.calibration.witnesses import witnesses
    from netweight.measuring.quality import disturbances, moment
    from netweight.measuring.speed import swings

    scipy()
    here = conditions(engine, threads)
    cache = max(machine().caches.values(), default=_NO_CACHE)
    speed = speed_of(threads)
    before, started, own = moment(), time.perf_counter(), time.process_time()
    with progress.stage(f"calibrating {engine.name}"):
        samples = measured_samples(engine, calibration_networks(), threads=threads, cache_bytes=cache, speed=speed)
        progress.step("fitting laws")
        laws = laws_of(samples)
        whole = measured_whole(engine, tuple(witnesses()), laws, threads=threads, cache_bytes=cache, speed=speed)
    took, own = time.perf_counter() - started, time.process_time() - own
    return Calibration(
        conditions=here,
        measured=datetime.now(tz=UTC).isoformat(timespec="seconds"),
        disturbed=(*disturbances(before, moment(), seconds=took, own_s=own), *swings(speed)),
        probe_s=speed.probe_s,
        cache_bytes=cache,
        laws=laws,
        whole=whole,
    )


def conditions(engine: Engine, threads: int) -> Conditions:
    """What this machine and this engine are now.

    Raises:
        MissingExtraError: If the engine is not installed.
        EngineError: If it is installed and does not import.
    """
    here = machine()
    return Conditions(
        cpu=here.cpu,
        sets=here.sets,
        cores=here.cores,
        governor=here.governor,
        engine=engine.name,
        engine_version=engine.version(),
        netweight_version=__version__,
        threads=threads,
    )


def calibration_for(engine: str | None, path: str | None, threads: int) -> tuple[Calibration, str]:
    """The calibration that holds here, and what to call it: that of a file, else the stored one of an engine.

    Args:
        engine: Its engine; None for that of the file, else for the first engine that has one stored.
        path: File of it, None for the stored one.
        threads: Threads of a call, for a stored one.

    Raises:
        UsageError: If there is none, or it does not hold here.
        FormatError: If the file is no calibration.
    """
    file = Path(path) if path is not None else _stored(engine, threads)
    found = read(file)
    if engine is not None and engine != found.conditions.engine:
        raise UsageError(
            f"calibration: expected one of {engine}, got {file.name}, which is of {found.conditions.engine}",
            fix=f"netweight calibrate --engine {engine}",
        )
    where = f"{file.name} of {found.measured[:10]}"
    check(found, conditions(engine_of(found.conditions.engine), found.conditions.threads), where=where)
    return found, where


def _stored(engine: str | None, threads: int) -> Path:
    names = (_engine(engine),) if engine is not None else tuple(KERNELS)
    for name in names:
        if stored_at(name, threads).exists():
            return stored_at(name, threads)
    of = engine or "any engine"
    raise UsageError(
        f"latency: expected a device, or a calibration of {of} on this machine; none is stored for {threads} threads"
        if threads != 1
        else f"latency: expected a device, or a calibration of {of} on this machine; none is stored",
        fix=f"netweight calibrate --engine {engine or 'onnxruntime'}"
        + (f" --threads {threads}" if threads != 1 else "")
        + "\n--device h100, or another that `netweight devices` has",
    )
