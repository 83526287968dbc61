"""Calibrations as JSON files, in the user's data folder by default; broken, foreign and outdated ones are refused."""

from __future__ import annotations

import json
import os
from dataclasses import asdict, fields
from math import isfinite
from pathlib import Path
from typing import Any

from netweight.calibration.calibration import KERNELS, Calibration, Conditions
from netweight.calibration.fit import Fitted
from netweight.calibration.law import Law
from netweight.calibration.whole import Checked, Whole
from netweight.errors import FormatError, UsageError
from netweight.files import write_text

SCHEMA = "netweight/calibration/1"
_WORDS = {
    "cpu": "processor", "sets": "instruction sets", "cores": "number of cores", "governor": "governor of the clock",
    "engine": "engine", "engine_version": "version of the engine", "netweight_version": "version of netweight",
    "threads": "number of threads",
}  # fmt: skip


def calibrations_folder() -> Path:
    """Where calibrations lie: ``$XDG_DATA_HOME/netweight/calibrations``."""
    data = os.environ.get("XDG_DATA_HOME") or str(Path.home() / ".local" / "share")
    return Path(data) / "netweight" / "calibrations"


def stored_at(engine: str, threads: int) -> Path:
    """File of the calibration of an engine."""
    return calibrations_folder() / f"{engine}-{threads}.json"


def to_json(calibration: Calibration) -> str:
    """The text of its file."""
    return json.dumps({"schema": SCHEMA, **asdict(calibration)}, indent=2) + "\n"


def write(calibration: Calibration, path: Path) -> None:
    """Write it, the whole of it or nothing; the folder is made where there is none.

    Raises:
        UsageError: If the file cannot be written.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UsageError(f"output: expected to write {str(path)!r}, got: {error.strerror}") from error
    write_text(path, to_json(calibration))


def read(path: Path) -> Calibration:
    """The calibration of a file.

    Raises:
        UsageError: If the file cannot be read.
        FormatError: If it is no calibration.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        raise UsageError(f"calibration: expected to read {str(path)!r}, got: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise _broken(path, "it is no text") from error
    try:
        data = json.loads(text)
        if not isinstance(data, dict) or data.get("schema") != SCHEMA:
            found = data.get("schema") if isinstance(data, dict) else data
            raise _broken(path, f"expected schema {SCHEMA!r}, got {str(found)[:60]!r}")
        return _checked(_calibration(data), path)
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
        if isinstance(error, FormatError):
            raise
        raise _broken(path, f"{type(error).__name__}: {error}") from error


def check(calibration: Calibration, here: Conditions, *, where: str) -> None:
    """Refuse a calibration of another machine, or of versions that are no longer there.

    Raises:
        UsageError: If anything in its conditions differs; each difference is a line.
    """
    there = calibration.conditions
    differences = []
    for name, word in _WORDS.items():
        old, new = _shown(getattr(there, name)), _shown(getattr(here, name))
        if old != new:
            differences.append(f"{word}: {old} when it was measured, {new} now")
    if differences:
        raise UsageError(
            f"calibration: {where} does not hold here",
            why="\n".join(differences),
            fix=f"netweight calibrate --engine {here.engine} --threads {here.threads}",
        )


def _shown(value: object) -> str:
    return ", ".join(value) if isinstance(value, tuple) else str(value) or "none to be seen"


def _broken(path: Path, what: str) -> FormatError:
    return FormatError(f"calibration: {path.name} is none: {what}", fix="netweight calibrate, which writes a new one")


def _calibration(data: dict[str, Any]) -> Calibration:
    conditions = {**data["conditions"], "sets": tuple(data["conditions"]["sets"])}
    whole = data["whole"]
    return Calibration(
        conditions=Conditions(**conditions),
        measured=str(data["measured"]),
        disturbed=tuple(map(str, data["disturbed"])),
        cache_bytes=int(data["cache_bytes"]),
        laws={
            str(name): Fitted(**{**found, "law": Law(**{**found["law"], "bends": tuple(found["law"]["bends"])})})
            for name, found in data["laws"].items()
        },
        whole=Whole(**{**whole, "networks": tuple(Checked(**one) for one in whole["networks"])}),
        probe_s=data.get("probe_s"),
    )


def _checked(found: Calibration, path: Path) -> Calibration:
    """The same, if every figure can be one.

    Raises:
        FormatError: If one cannot.
    """
    if found.conditions.engine not in KERNELS:
        raise _broken(path, f"engine {found.conditions.engine!r} is none of {', '.join(KERNELS)}")
    for name, fitted in found.laws.items():
        law = fitted.law
        plain = [getattr(law, f.name) for f in fields(law) if f.name != "bends"]
        figures = (*plain, fitted.low, fitted.high)
        if not all(_positive(value) for value in figures) or law.sharpness < 1:
            raise _broken(path, f"the law of {name} has figures that are not above 0")
        if not all(isfinite(bend) for bend in law.bends):
            raise _broken(path, f"the law of {name} has bends that are no numbers")
    if not all(_positive(value) for value in (found.whole.factor, found.whole.low, found.whole.high)):
        raise _broken(path, "whole networks have figures that are not above 0")
    if found.probe_s is not None and not _positive(found.probe_s):
        raise _broken(path, "probe_s is not above 0")
    return found


def _positive(value: Any) -> bool:
    return bool(type(value) in {int, float} and isfinite(value) and value > 0)
