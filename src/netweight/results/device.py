"""What a device is to a network: how fast it computes, how fast it moves bytes, how many it holds."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Literal

SCHEMA = "netweight/devices/1"
Kind = Literal["gpu", "cpu", "soc", "mcu", "npu"]
KINDS = ("gpu", "cpu", "soc", "mcu", "npu")


@dataclass(frozen=True, slots=True, kw_only=True)
class Product:
    """A peak as a product.

    Attributes:
        units: What computes side by side: cores, or lanes of all of them.
        clock_hz: Cycles per second.
        ops_per_cycle: Operations that one of them does in a cycle.
    """

    units: float
    clock_hz: float
    ops_per_cycle: float

    @property
    def ops_per_second(self) -> float:
        """The peak."""
        return self.units * self.clock_hz * self.ops_per_cycle

    def __str__(self) -> str:
        return f"{self.units:,.0f} x {self.clock_hz / 1e6:,.0f} MHz x {self.ops_per_cycle:,g} operations"


@dataclass(frozen=True, slots=True, kw_only=True)
class Rate:
    """Peak of one arithmetic.

    Attributes:
        ops_per_second: Operations per second, a multiply-accumulate two, without sparsity.
        sparse_ops_per_second: The same where the data sheet counts weights that are skipped; None where it has none.
        accumulate: Type of the sums; empty where nobody says.
        unit: What computes: ``"tensor cores"``.
        product: What was multiplied where it is no printed figure.
        formula: The same in words: ``"4 x 2,400 MHz x 32 operations"``; empty where it is a printed figure.
        source: Where that is written.
        entered: When it was written down here.
        note: What else is to be known of it.
    """

    ops_per_second: float
    sparse_ops_per_second: float | None = None
    accumulate: str = ""
    unit: str = ""
    product: Product | None = None
    formula: str = ""
    source: str
    entered: date
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Store:
    """Memory of one kind.

    Attributes:
        nbytes: What it holds.
        bytes_per_second: How fast it is read; None where nobody says.
        on_chip: Whether it lies beside what computes.
        cache: Whether the hardware fills it; a program cannot choose what lies there.
        holds: ``"weights"`` where a program can read it and not write it, as flash; else ``"all"``.
        source: Where that is written.
        entered: When it was written down here.
        note: What else is to be known of it.
    """

    nbytes: int
    bytes_per_second: float | None = None
    on_chip: bool = False
    cache: bool = False
    holds: Literal["all", "weights"] = "all"
    source: str
    entered: date
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Power:
    """What a device takes at most.

    Attributes:
        tdp_watts: Its thermal design power.
        source: Where that is written.
        entered: When it was written down here.
        note: What else is to be known of it.
    """

    tdp_watts: float
    source: str
    entered: date
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Device:
    """A chip, or a board with one.

    Attributes:
        name: What a user calls it.
        title: What its maker calls it.
        kind: Sort of device.
        cores: What computes in it.
        compute: Peak rates by arithmetic: ``"fp32"``, ``"tf32"``, ``"fp16"``, ``"bf16"``, ``"fp8"``, ``"int8"`` ...
        memory: Stores by kind: ``"dram"``, ``"l2"``, ``"sram"`` for what a program writes, ``"flash"`` for what it is
            stored in.
        power: What it takes at most, None where nobody says.
        aliases: Other names that a user may call it by.
        origin: The user's file that it was read from; empty for one that comes with netweight.
        notes: What else is to be known of it, as what a virtual machine hides.
    """

    name: str
    title: str
    kind: Kind
    cores: str
    compute: Mapping[str, Rate] = field(default_factory=dict)
    memory: Mapping[str, Store] = field(default_factory=dict)
    power: Power | None = None
    aliases: tuple[str, ...] = ()
    origin: str = ""
    notes: tuple[str, ...] = ()
