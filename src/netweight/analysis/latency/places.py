"""Where weights and activations lie on a device while a network runs."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from netweight.results.device import Device, Store

Resident = Literal["none", "weights", "all"]
"""What may stay on the chip from one run to the next where it fits."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Places:
    """Names of the stores that are read and written.

    Attributes:
        weights: Where the weights lie.
        activations: Where the activations lie.
        notes: What does not fit where it should.
    """

    weights: str
    activations: str
    notes: tuple[str, ...] = ()


def places(device: Device, *, weight_bytes: int, peak_bytes: int, resident: Resident = "weights") -> Places:
    """Where they lie: in the smallest memory that holds them, caches only for what may stay on the chip.

    Args:
        device: The device.
        weight_bytes: Of all weights.
        peak_bytes: Of the activations that are alive together.
        resident: What may stay in caches.
    """
    memory = device.memory
    writable = {name: store for name, store in memory.items() if store.holds == "all" and not store.cache}
    activations = _smallest(writable, peak_bytes)
    notes = []
    if peak_bytes > memory[activations].nbytes:
        notes.append(_too_much(device, "activations", peak_bytes, activations))
    if resident == "all":
        activations = next(_on_chip(device, peak_bytes), activations)
    taken = {activations: peak_bytes}
    weights = next(_on_chip(device, weight_bytes, taken), "") if resident != "none" else ""
    if not weights:
        kept = {name: store for name, store in memory.items() if not store.cache and not store.on_chip} or writable
        weights = _smallest(kept, weight_bytes)
        if weight_bytes > memory[weights].nbytes:
            notes.append(_too_much(device, "weights", weight_bytes, weights))
    return Places(weights=weights, activations=activations, notes=tuple(notes))


def _too_much(device: Device, what: str, nbytes: int, store: str) -> str:
    return f"{what} take {nbytes:,} bytes, {store} of {device.name} has {device.memory[store].nbytes:,}"


def _smallest(stores: dict[str, Store], nbytes: int) -> str:
    """The smallest that holds so much, else the largest."""
    by_size = sorted(stores, key=lambda name: stores[name].nbytes)
    return next((name for name in by_size if stores[name].nbytes >= nbytes), by_size[-1])


def _on_chip(device: Device, nbytes: int, taken: dict[str, int] | None = None) -> Iterator[str]:
    """Memory on the chip with so much room, the smallest first."""
    taken = taken or {}
    for name, store in sorted(device.memory.items(), key=lambda item: item[1].nbytes):
        if store.on_chip and store.holds == "all" and store.nbytes - taken.get(name, 0) >= nbytes:
            yield name
