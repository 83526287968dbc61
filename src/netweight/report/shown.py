"""A profile that shows itself: every report as a method. A report is imported when it is first asked for."""

from __future__ import annotations

from dataclasses import fields
from typing import Any

from netweight.results import profile


class Profile(profile.Profile):
    """What a network costs, layer by layer, with its reports; the figures are those of ``results.Profile``."""

    __slots__ = ()

    @classmethod
    def of(cls, found: profile.Profile) -> Profile:
        """The same figures."""
        return cls(**{f.name: getattr(found, f.name) for f in fields(found)})

    def to_csv(self) -> str:
        """One line per layer, every figure in full."""
        from netweight.report.delimited import to_csv

        return to_csv(self)

    def to_markdown(self) -> str:
        """A Markdown table and the summary."""
        from netweight.report.markdown import to_markdown

        return to_markdown(self)

    def to_pandas(self) -> Any:
        """A pandas DataFrame, one row per layer.

        Raises:
            MissingExtraError: If pandas is not installed.
        """
        from netweight.report.data_frame import to_pandas

        return to_pandas(self)

    def __str__(self) -> str:
        from netweight.report.terminal import to_text

        return to_text(self)

    def __rich__(self) -> Any:
        from netweight.report.terminal import to_renderable

        return to_renderable(self)

    def _repr_html_(self) -> str:
        from netweight.report.html import to_html

        return to_html(self)
