"""What is known of the memory of a training step: its worst moments, and what it keeps for backward."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Peak:
    """The worst moment of a training step.

    Attributes:
        nbytes: Bytes alive.
        phase: ``"forward"``, ``"backward"`` or ``"update"``.
        layer: Layer that runs.
        parts: What the bytes are.
    """

    nbytes: int
    phase: str
    layer: str
    parts: Mapping[str, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainingMemory:
    """Memory of a training step.

    Attributes:
        peaks: The worst moment of each phase.
        saved: Bytes kept for backward, by the step of the call that is the first to keep them.
        sums: Elements added where several readers pass a gradient back, by the step of the reader that is added.
    """

    peaks: Mapping[str, Peak]
    saved: Mapping[int, int]
    sums: Mapping[int, int]

    @property
    def peak(self) -> Peak:
        """The worst moment, the first of equal ones."""
        return max(self.peaks.values(), key=lambda peak: peak.nbytes)
