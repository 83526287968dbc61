"""What a network costs in joules: plain data with the unit in every name, the same in Python and in JSON."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from netweight.results.as_json import fields_of
from netweight.results.profile import ModelInfo
from netweight.results.rows import Rows

SCHEMA = "netweight/energy/1"


@dataclass(frozen=True, slots=True, kw_only=True)
class KernelEnergy:
    """Energy of one kernel by the model; None where its work is unknown.

    Attributes:
        layer: The layer that it is called by.
        layers: All layers that run in it.
        op: Operator that it is called by.
        dtype: Element type of the arithmetic.
        macs: Multiply-accumulates.
        compute_j: Joules of the operations that have a price.
        unpriced_ops: Operations that have none.
        weights_j: Joules of its weights from DRAM.
        activations_low_j: Joules of its activations where they stay on the chip.
        activations_high_j: The same where all of them go through DRAM.
        low_j: Sum of the first three that is the lower.
        high_j: Sum that is the higher.
        share: Part of the network's lower sum, 0 to 1.
    """

    layer: str
    layers: tuple[str, ...]
    op: str
    dtype: str
    macs: int | None
    compute_j: float | None
    unpriced_ops: int | None
    weights_j: float | None
    activations_low_j: float | None
    activations_high_j: float | None
    low_j: float | None
    high_j: float | None
    share: float | None = None


class Kernels(Rows[KernelEnergy]):
    """The kernels, in execution order."""

    kind = "layer"
    path_field = "layer"


@dataclass(frozen=True, slots=True, kw_only=True)
class EnergyTotals:
    """Energy of one run of the whole network by the model; None where a kernel is unknown.

    Attributes:
        compute_j: Joules of the operations that have a price.
        macs_j: The part of it that multiply-accumulates take.
        unpriced: Operations without a price, by kind.
        weights_j: Joules of the weights, each once from DRAM.
        activations_low_j: Joules of activations on the chip, input and output of the network from DRAM.
        activations_high_j: The same where all activations go through DRAM.
        low_j: Lower end of the bracket.
        high_j: Upper end of it.
    """

    compute_j: float | None
    macs_j: float | None
    unpriced: Mapping[str, int]
    weights_j: float | None
    activations_low_j: float | None
    activations_high_j: float | None
    low_j: float | None
    high_j: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class TableInfo:
    """The prices.

    Attributes:
        name: What a user calls them.
        title: Process and voltage.
        source: Where they are written.
        dram_pj_per_word: Of one word from DRAM.
        dram_word_bits: Bits of that word.
        sram_pj_per_word: Of one word from SRAM.
        sram_word_bits: Bits of that word.
        operation_pj: What the operations of this network cost, by type and kind: ``{"fp32 muls": 3.7}``.
    """

    name: str
    title: str
    source: str
    dram_pj_per_word: float
    dram_word_bits: int
    sram_pj_per_word: float
    sram_word_bits: int
    operation_pj: Mapping[str, float]


@dataclass(frozen=True, slots=True, kw_only=True)
class Metered:
    """What a counter of energy says of one run; it is never mixed with the model.

    Attributes:
        status: Whether there was a counter.
        reason: Why not, and what to do.
        meter: Which counter.
        engine: What ran.
        calls: Runs that were measured together.
        energy_j: Joules of one run, the idle machine's taken off.
        idle_watts: What the machine took before, doing nothing.
        busy_watts: What it took while it ran.
        seconds: How long it ran.
    """

    status: Literal["measured", "unavailable", "not asked for"]
    reason: str = ""
    meter: str = ""
    engine: str = ""
    calls: int = 0
    energy_j: float | None = None
    idle_watts: float | None = None
    busy_watts: float | None = None
    seconds: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Rate:
    """What a user says a kilowatt-hour stands for.

    Attributes:
        per_kwh: How much of it.
        unit: ``"g CO2"``, ``"EUR"``.
        source: Where the user has it from.
    """

    per_kwh: float
    unit: str
    source: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Energy:
    """What a network costs in joules.

    Attributes:
        model: What was asked about.
        batch: Samples at once.
        table: The prices of the model.
        totals: One run of the whole network, modelled.
        layers: One row per kernel, in execution order; also by path: ``layers["conv1"]``.
        metered: What a counter says.
        rates: What a kilowatt-hour stands for, as the user says.
        notes: What a reader must know.
    """

    model: ModelInfo
    batch: int
    table: TableInfo
    totals: EnergyTotals
    layers: Kernels
    metered: Metered
    rates: tuple[Rate, ...] = ()
    notes: tuple[str, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """Nested dicts and lists of the JSON schema ``netweight/energy/1``."""
        return {"schema": SCHEMA, "kind": "modelled", **fields_of(self)}

    def to_json(self, *, indent: int | None = 2) -> str:
        """JSON text; joules are floats."""
        return json.dumps(self.to_dict(), indent=indent)
