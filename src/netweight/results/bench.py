"""How long a network took on engines: plain data with the unit in every name, the same in Python and in JSON."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any, Literal

from netweight.results.as_json import fields_of
from netweight.results.profile import ModelInfo

SCHEMA = "netweight/bench/1"


@dataclass(frozen=True, slots=True, kw_only=True)
class KernelTime:
    """One kernel that an engine ran.

    Attributes:
        name: What the engine calls it.
        op: Its operator, in the engine's words.
        layers: Layers of the network that it runs; none for what the engine adds.
        measured_s: Median seconds.
        precision: Element type of its arithmetic, as the engine says; empty where it does not.
        implementation: Which code it was; empty where the engine does not say.
    """

    name: str
    op: str
    layers: tuple[str, ...]
    measured_s: float
    precision: str
    implementation: str


@dataclass(frozen=True, slots=True, kw_only=True)
class EngineTimes:
    """What was measured on one engine at one batch; None where nothing was.

    Attributes:
        engine: Its name.
        version: Version of its package.
        batch: Samples at once.
        threads: Threads that a call may use.
        precision: Element types that it computed in, by its own account, the most frequent first.
        asked_precision: What was asked for; empty for what it does by itself.
        state: Whether it was measured to the end, in part, or not at all.
        reason: Why not.
        count: Calls that were measured.
        warm_up: Calls before them.
        least_s: The shortest.
        p50_s: Median latency.
        p90_s: Latency that nine of ten calls keep: single-stream, as MLPerf has it.
        p99_s: Latency that ninety-nine of a hundred keep.
        iqr: Interquartile range as a part of the median.
        throughput_per_second: Samples per second at the median: offline, as MLPerf has it, at this batch.
        kernels: What ran, by the engine's own profile.
        kernels_s: Sum of the kernels.
        remainder_s: Median of a whole call less that sum: what no kernel accounts for.
        kernels_reason: Why there are no kernels.
        disturbed: What disturbed the measurement.
    """

    engine: str
    version: str
    batch: int
    threads: int
    precision: str
    asked_precision: str
    state: Literal["measured", "partial", "failed"]
    reason: str = ""
    count: int = 0
    warm_up: int = 0
    least_s: float | None = None
    p50_s: float | None = None
    p90_s: float | None = None
    p99_s: float | None = None
    iqr: float | None = None
    throughput_per_second: float | None = None
    kernels: tuple[KernelTime, ...] = ()
    kernels_s: float | None = None
    remainder_s: float | None = None
    kernels_reason: str = ""
    disturbed: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Bench:
    """How long a network took.

    Attributes:
        model: What ran.
        cpu: Name of the processor.
        cores: Processors that programs may use.
        day: When.
        rows: Every engine at every batch.
        notes: What a reader must know.
    """

    model: ModelInfo
    cpu: str
    cores: int
    day: str
    rows: tuple[EngineTimes, ...]
    notes: tuple[str, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """Nested dicts and lists of the JSON schema ``netweight/bench/1``; all times are measured."""
        return {"schema": SCHEMA, "kind": "measured", **fields_of(self)}

    def to_json(self, *, indent: int | None = 2) -> str:
        """JSON text; seconds are floats."""
        return json.dumps(self.to_dict(), indent=indent)
