"""The lists of the official suite's cases: one per line, and after a tab what is to be said of it."""

from __future__ import annotations

from pathlib import Path

PASSES = Path(__file__).parent / "passes.txt"
UNSUPPORTED = Path(__file__).parent / "unsupported.txt"

SETTINGS = "shape depends on numbers that a network stores"
DATA = "shape depends on data"
"""What is said of a case that passes: its inputs have the numbers that shapes follow from. In a network some of them
are constants: axes, sizes, scales; where even these are not enough, it is the data themselves."""


def listed(place: Path) -> list[str]:
    """Lines of a list."""
    return place.read_text(encoding="utf-8").splitlines()
