"""One random program: what PyTorch does, what netweight says, and where they differ."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from eager.figures import our_figures, real_figures
from eager.lines import LINES, NAMES
from eager.otherwise import may_differ
from eager.programs import Program, program, shrunk


@dataclass
class Outcome:
    """What came of a seed.

    Attributes:
        seed: The seed.
        sort: ``"equal"``; ``"equal in part"``: figures that a line is listed for are left out; ``"different"``;
            ``"unknown"``: it has an operator that netweight says it does not know; ``"none"``: PyTorch runs no such
            program.
        drawn: The program, if there is one.
        differences: Figure to PyTorch's and ours.
    """

    seed: int
    sort: str
    drawn: Program | None = None
    differences: dict[str, Any] = field(default_factory=dict)


def compared(seed: int) -> Outcome:
    """The program of a seed, run and weighed."""
    drawn = program(seed, LINES, NAMES)
    if drawn is None:
        return Outcome(seed, "none")
    found = differences(drawn)
    if found is None:
        return Outcome(seed, "unknown", drawn)
    if found:
        return Outcome(seed, "different", drawn, found)
    return Outcome(seed, "equal in part" if may_differ(drawn.source) else "equal", drawn)


def differences(drawn: Program) -> dict[str, Any] | None:
    """Figures that differ and may not; None if netweight says that it does not know an operator."""
    real = real_figures(drawn)
    ours, profile = our_figures(drawn)
    if not ours:
        return {"partial": profile.notes[-1]}
    if profile.coverage.unknown:
        return None
    names = real.keys() - may_differ(drawn.source)
    return {name: (real[name], ours[name]) for name in real if name in names and real[name] != ours[name]}


def shown(outcome: Outcome, *, report: bool = False) -> str:
    """The outcome as text, without the lines that a difference does not need."""
    drawn = outcome.drawn
    if drawn is None:
        return f"seed {outcome.seed}: no program"
    lines = [f"seed {outcome.seed}: {outcome.sort}", drawn.source]
    if outcome.differences:
        small = shrunk(drawn, lambda less: bool((differences(less) or {}).keys() & outcome.differences.keys()))
        lines = [f"seed {outcome.seed}: PyTorch's figure and ours: {differences(small)}", small.source]
    if report:
        lines.append(str(our_figures(drawn)[1]))
    return "\n".join(lines)
