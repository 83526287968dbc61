"""The figures of a training step, as lines below those of the network."""

from __future__ import annotations

from typing import TYPE_CHECKING

from netweight.results.profile import Profile
from netweight.units import Units, decimal, exact, scaled, scaled_count, scaled_part

if TYPE_CHECKING:
    from netweight.results.training import Training

_PARTS = {
    "parameters": "parameters",
    "parameter_gradients": "their gradients",
    "optimizer_state": "optimizer state",
    "saved": "kept for backward",
    "recomputed": "run again",
    "activations": "other activations",
    "gradients": "gradients of activations",
    "inputs": "inputs",
    "buffers": "buffers",
    "scratch": "scratch of the update",
}


def training_text(profile: Profile, *, units: Units = "si") -> list[tuple[str, str]]:
    """Name and text of each figure of a training step; nothing if it was not asked for."""
    found = profile.training
    if found is None:
        return []
    return [
        ("training step", _work(found, units)),
        (
            "backward",
            f"{exact(found.backward_macs, units=units)} MACs, {exact(found.backward_flops, units=units)} FLOPs",
        ),
        *_recomputed(found, units),
        ("kept for backward", _kept(found, units)),
        (f"training, {found.optimizer}", _peak(found, units)),
        ("at the peak", ", ".join(f"{_size(n, units)} {_PARTS[name]}" for name, n in _largest_first(found))),
    ]


def training_clause(profile: Profile, *, units: Units = "si") -> list[str]:
    """A training step in a few words: optimiser, what is trained, work, peak; nothing if it was not asked for."""
    found = profile.training
    if found is None:
        return []
    counted = decimal(units)
    trained = f"{scaled_count(found.trained_params, units=units)} params" if found.trained_params else "nothing"
    backward = f"{scaled_part(found.backward_macs, found.step_macs, units=counted)} of them backward"
    again = (
        f", {scaled_part(found.recomputed_macs, found.step_macs, units=counted)} run again" if found.checkpoint else ""
    )
    work = f"{scaled(found.step_macs, 'MACs', units=counted)} ({backward}{again})"
    flops = scaled(found.step_flops, "FLOP", units=counted)
    peak = f"peak {_size(found.peak_bytes, units)} ({found.convention})"
    return [f"a training step with {found.optimizer} trains {trained}: {work}, {flops}, {peak}"]


def _work(found: Training, units: Units) -> str:
    ratio = found.step_macs / found.forward_macs if found.forward_macs else 0
    trained = f"; {exact(found.trained_params, units=units)} params trained"
    shown = trained if found.freeze or not found.trained_params else ""
    work = f"{exact(found.step_macs, units=units)} MACs, {exact(found.step_flops, units=units)} FLOPs"
    return f"{work}; {ratio:.3g} times the MACs of the forward{shown}"


def _recomputed(found: Training, units: Units) -> list[tuple[str, str]]:
    if not found.checkpoint:
        return []
    return [("run again", f"{exact(found.recomputed_macs, units=units)} MACs in {', '.join(found.checkpoint)}")]


def _kept(found: Training, units: Units) -> str:
    size = _size(found.saved_activation_bytes, units)
    return f"{size} of activations{_ideal(found, 'saved_activation_bytes', units)}"


def _peak(found: Training, units: Units) -> str:
    where = f"in the {found.peak_phase} of {found.peak_layer}" if found.peak_layer else f"in the {found.peak_phase}"
    return f"peak {_size(found.peak_bytes, units)} {where}{_ideal(found, 'peak_bytes', units)}"


def _ideal(found: Training, figure: str, units: Units) -> str:
    """The same figure if only what the gradients need were kept, where another convention is shown."""
    if found.convention == "ideal" or "ideal" not in found.conventions:
        return ""
    return f" ({found.convention}; ideal {_size(getattr(found.conventions['ideal'], figure), units)})"


def _largest_first(found: Training) -> list[tuple[str, int]]:
    return sorted(found.peak_parts.items(), key=lambda part: -part[1])


def _size(nbytes: int, units: Units) -> str:
    return scaled(nbytes, "B", units=units)
