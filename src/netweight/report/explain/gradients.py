"""What backward does at a layer."""

from __future__ import annotations

from collections.abc import Iterator

from netweight.results.profile import LayerRow
from netweight.results.training import TrainingRow
from netweight.units import Units, exact, scaled


def gradient_rows(row: LayerRow, trained: TrainingRow, units: Units) -> Iterator[tuple[str, str]]:
    """Whose gradients are computed, at which cost, and what is kept for that."""
    wanted, left_out = trained.gradients, trained.no_gradients
    if not wanted:
        yield "gradients", "none: nothing here, or before it, is trained"
        return
    reason = "" if not left_out else f"; none of {_listed(left_out)}, as nothing before it is trained"
    yield "gradients", f"of {_listed(wanted)}{reason}"
    if row.macs and trained.backward_macs:
        times = trained.backward_macs / row.macs
        yield "", f"{exact(trained.backward_macs, units=units)} MACs are {times:.3g} times the forward"
    if trained.backward_flops:
        yield "backward FLOPs", exact(trained.backward_flops, units=units)
    if trained.saved_activation_bytes:
        yield "kept", f"{scaled(trained.saved_activation_bytes, 'B', units=units)} from forward to backward"
    if trained.gradient_bytes:
        yield "gradient size", f"{scaled(trained.gradient_bytes, 'B', units=units)} for the parameters"


def _listed(names: tuple[str, ...]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"
