"""How long a network takes on a device: plain data with the unit in every name, the same in Python and in JSON."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from netweight.results.as_json import fields_of
from netweight.results.profile import ModelInfo
from netweight.results.rows import Rows

SCHEMA = "netweight/latency/1"
Limit = Literal["compute", "memory", "nothing"]


@dataclass(frozen=True, slots=True, kw_only=True)
class KernelLatency:
    """Bound of one kernel: what a runtime runs as one; None where it is unknown.

    Attributes:
        layer: The layer that it is called by.
        layers: All layers that run in it.
        op: Operator that it is called by.
        kind: Sort of operator.
        dtype: Element type of the arithmetic.
        rate: Which peak of the device that is: ``"int8"``.
        macs: Multiply-accumulates.
        ops_total: Operations, a MAC two.
        weight_bytes: Bytes of weights that it reads.
        input_bytes: Bytes of activations that it reads.
        output_bytes: Bytes of activations that it writes.
        compute_s: Seconds of its operations at the peak rate.
        memory_s: Seconds of its bytes at the bandwidth of where they lie.
        bound_s: The larger of the two: no run takes less.
        limited_by: What that is.
        intensity: Operations per byte that is moved.
        share: Part of the serial bound of the network, 0 to 1.
        predicted_s: What a calibration expects, None without one.
        predicted_low_s: Lower end of its interval.
        predicted_high_s: Upper end of it.
    """

    layer: str
    layers: tuple[str, ...]
    op: str
    kind: str
    dtype: str
    rate: str
    macs: int | None
    ops_total: int | None
    weight_bytes: int | None
    input_bytes: int | None
    output_bytes: int | None
    compute_s: float | None
    memory_s: float | None
    bound_s: float | None
    limited_by: Limit | None
    intensity: float | None
    share: float | None = None
    predicted_s: float | None = None
    predicted_low_s: float | None = None
    predicted_high_s: float | None = None


class Kernels(Rows[KernelLatency]):
    """The kernels, in execution order."""

    kind = "layer"
    path_field = "layer"


@dataclass(frozen=True, slots=True, kw_only=True)
class Peak:
    """What a device can do at most, as far as it was used.

    Attributes:
        rate: Arithmetic.
        ops_per_second: Its peak, a MAC two operations.
        unit: What computes.
        ridge_ops_per_byte: Operations per byte above which arithmetic is the limit; None without a bandwidth.
        source: Where the peak is written.
    """

    rate: str
    ops_per_second: float
    unit: str
    ridge_ops_per_byte: float | None
    source: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DeviceInfo:
    """The device that was asked about.

    Attributes:
        name: What a user calls it.
        title: What its maker calls it.
        peaks: Peaks that the network meets.
        weights_in: Memory in which the weights lie.
        activations_in: Memory in which the activations lie.
        bytes_per_second: Bandwidth of each of the two by name; None where nobody says.
        sources: Where those are written.
    """

    name: str
    title: str
    peaks: tuple[Peak, ...]
    weights_in: str
    activations_in: str
    bytes_per_second: Mapping[str, float | None]
    sources: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Estimate:
    """Latency of the whole network that is no bound.

    Attributes:
        kind: ``"predicted"`` by a calibration, ``"measured"`` by a run.
        engine: What runs it.
        latency_s: Seconds.
        low_s: Lower end of the interval, or the fastest tenth of the runs.
        high_s: Upper end of it.
        coverage: Share of cases that the interval is meant to hold: 0.8.
        source: What says so.
    """

    kind: Literal["predicted", "measured"]
    engine: str
    latency_s: float
    low_s: float
    high_s: float
    coverage: float
    source: str


@dataclass(frozen=True, slots=True, kw_only=True)
class LatencyTotals:
    """Bounds of the whole network; None where a kernel is unknown.

    Attributes:
        macs: Multiply-accumulates.
        ops_total: Operations.
        weight_bytes: Bytes of weights read.
        activation_bytes: Bytes of activations read and written.
        compute_s: Sum of the kernels' arithmetic.
        memory_s: Sum of their transfers.
        serial_bound_s: Sum of the kernels' bounds: one after the other.
        overlap_bound_s: The larger of the two sums: all transfers run beside all arithmetic.
        throughput_bound_per_second: Samples per second at ``overlap_bound_s``.
        limited_by: What the larger of the two sums is.
    """

    macs: int | None
    ops_total: int | None
    weight_bytes: int | None
    activation_bytes: int | None
    compute_s: float | None
    memory_s: float | None
    serial_bound_s: float | None
    overlap_bound_s: float | None
    throughput_bound_per_second: float | None
    limited_by: Limit | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Latency:
    """How long a network takes.

    Attributes:
        model: What was asked about.
        batch: Samples at once.
        device: Where it runs.
        as_written: Whether every operator is a kernel of its own.
        totals: Bounds of the whole.
        layers: One row per kernel, in execution order; also by path: ``layers["conv1"]``.
        estimates: Predicted and measured latencies of the whole.
        notes: What a reader must know.
    """

    model: ModelInfo
    batch: int
    device: DeviceInfo
    as_written: bool
    totals: LatencyTotals
    layers: Kernels
    estimates: tuple[Estimate, ...] = ()
    notes: tuple[str, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """Nested dicts and lists of the JSON schema ``netweight/latency/1``."""
        return {"schema": SCHEMA, **fields_of(self)}

    def to_json(self, *, indent: int | None = 2) -> str:
        """JSON text; seconds are floats, all else has its unit in the key."""
        return json.dumps(self.to_dict(), indent=indent)
