"""A part of a program that runs again in backward, as it was recorded."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordedCheckpoint:
    """A part that runs again in backward.

    Attributes:
        values: What its operators wrote.
        keeps: Values that it was given.
        stored: Values that a policy keeps.
        whole: Whether all of it runs again.
    """

    values: tuple[str, ...]
    keeps: tuple[str, ...]
    stored: tuple[str, ...]
    whole: bool
