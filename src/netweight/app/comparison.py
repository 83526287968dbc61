"""What differs between two profiles, which shows itself."""

from __future__ import annotations

import html
from dataclasses import fields

from netweight.analysis.comparison import compare_profiles
from netweight.app.arguments import shown, text
from netweight.errors import UsageError, unknown_name
from netweight.results import comparison as results
from netweight.results.comparison import FIGURES
from netweight.results.profile import Profile


class Comparison(results.Comparison):
    """What ``netweight.compare`` returns: ``differs`` is the answer, ``print`` shows it, ``layers`` has each row."""

    __slots__ = ()

    @classmethod
    def of(cls, found: results.Comparison) -> Comparison:
        """The same figures."""
        return cls(**{f.name: getattr(found, f.name) for f in fields(found)})

    def to_text(self, *, figure: str = "macs", width: int | None = None, all_rows: bool = False) -> str:
        """The report as text.

        Args:
            figure: Whose change is explained.
            width: Characters of a line; None for the natural width.
            all_rows: Also layers that are the same.
        """
        from netweight.report.comparison.text import to_text

        return to_text(self, figure=figure_of(figure), width=width, all_rows=all_rows)

    def to_csv(self) -> str:
        """One line per layer of either side, every figure before and after."""
        from netweight.report.comparison.delimited import to_csv

        return to_csv(self)

    def to_markdown(self, *, figure: str = "macs", all_rows: bool = False) -> str:
        """The report as Markdown.

        Args:
            figure: Whose change is explained.
            all_rows: Also layers that are the same.
        """
        from netweight.report.comparison.text import to_markdown

        return to_markdown(self, figure=figure_of(figure), all_rows=all_rows)

    def __str__(self) -> str:
        return self.to_text().removesuffix("\n")

    def __repr__(self) -> str:
        from netweight.report.comparison.text import sentence
        from netweight.report.escape import plain

        return f"<{plain(sentence(self))}>"

    def _repr_html_(self) -> str:
        return f"<pre>{html.escape(str(self))}</pre>"


def figure_of(name: str) -> str:
    """The figure of that name, in any case, with dashes or spaces for underscores.

    Raises:
        UnknownNameError: If there is none.
    """
    found = text("figure", name).lower().replace("-", "_").replace(" ", "_")
    if found not in FIGURES:
        raise unknown_name("figure", found, FIGURES, fix=f"one of {', '.join(FIGURES)}")
    return found


def compared(before: Profile, after: Profile) -> Comparison:
    """What differs between two profiles.

    Raises:
        UsageError: If the second is none.
    """
    if not isinstance(after, Profile):
        raise UsageError(
            f"compare: expected a profile, got {shown(after)}",
            fix="netweight.compare(profile, model) also takes a model",
        )
    return Comparison.of(compare_profiles(before, after))
