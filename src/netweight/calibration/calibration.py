"""What a calibration holds: the laws of an engine on a machine, and how far they are to be trusted."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from netweight.calibration.fit import Fitted
from netweight.calibration.whole import Whole

KERNELS = {"onnxruntime": "onnxruntime", "openvino": "openvino", "torch": "written"}
"""Engines to calibrate, with what each runs as one kernel: a name in ``deployed.KERNELS``, or ``"written"``."""
COVERAGE = 0.8
"""Share of cases that intervals are meant to hold."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Conditions:
    """Under what it was measured; a calibration is valid where all of this is the same.

    Attributes:
        cpu: Name of the processor.
        sets: Its instruction sets.
        cores: Processors that programs may use.
        governor: What sets the clock; empty where that is not to be seen.
        engine: What ran.
        engine_version: Version of its package.
        netweight_version: Version of netweight, whose classes and networks these are.
        threads: Threads of a call.
    """

    cpu: str
    sets: tuple[str, ...]
    cores: int
    governor: str
    engine: str
    engine_version: str
    netweight_version: str
    threads: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Calibration:
    """Laws of an engine on a machine.

    Attributes:
        conditions: Under what it was measured.
        measured: When, as a date and a time of day.
        disturbed: What disturbed the measurement, in words.
        cache_bytes: Weights of networks up to this size stay in a cache from run to run.
        laws: Law of each class.
        whole: How far predictions of whole networks are off.
        probe_s: Seconds of the probe of ``netweight.measuring.speed`` on the machine undisturbed: its speed, which
            the laws describe; None in files that do not have it.
    """

    conditions: Conditions
    measured: str
    disturbed: tuple[str, ...]
    cache_bytes: int
    laws: Mapping[str, Fitted]
    whole: Whole
    probe_s: float | None = None
