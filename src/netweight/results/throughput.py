"""Latency and throughput over the size of a batch: plain data, the same in Python and in JSON."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from netweight.results.as_json import fields_of
from netweight.results.latency import DeviceInfo, Estimate, Limit
from netweight.results.profile import ModelInfo

SCHEMA = "netweight/throughput/1"


@dataclass(frozen=True, slots=True, kw_only=True)
class Point:
    """One size of a batch.

    Attributes:
        batch: Samples at once.
        latency_bound_s: The least time of a whole batch, which each of its samples waits for.
        throughput_bound_per_second: Samples per second at that.
        limited_by: What that is.
        estimates: Predicted latencies of a batch, by engine.
    """

    batch: int
    latency_bound_s: float | None
    throughput_bound_per_second: float | None
    limited_by: Limit | None
    estimates: tuple[Estimate, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Stages:
    """The network in two stages on two such devices, each busy with another batch.

    Attributes:
        cut_before: Layer that the second stage begins with.
        batch: Samples at once.
        first_s: Bound of the first stage.
        second_s: Bound of the second.
        latency_s: Of a batch: the sum.
        throughput_per_second: Samples per second: a batch each time that the slower stage is done.
    """

    cut_before: str
    batch: int
    first_s: float
    second_s: float
    latency_s: float
    throughput_per_second: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Throughput:
    """Latency and throughput over the size of a batch.

    Attributes:
        model: What was asked about, at the first size.
        device: Where it runs.
        points: One per size, the smallest first.
        knee: The smallest size that reaches nine tenths of the largest throughput; None where a bound is unknown.
        stages: The network in two stages at the smallest size; None if it has one kernel, or a bound is unknown.
        notes: What a reader must know.
    """

    model: ModelInfo
    device: DeviceInfo
    points: tuple[Point, ...]
    knee: int | None
    stages: Stages | None
    notes: tuple[str, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """Nested dicts and lists of the JSON schema ``netweight/throughput/1``."""
        return {"schema": SCHEMA, **fields_of(self)}

    def to_json(self, *, indent: int | None = 2) -> str:
        """JSON text; seconds are floats."""
        return json.dumps(self.to_dict(), indent=indent)
