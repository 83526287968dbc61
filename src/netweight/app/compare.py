"""What differs between two models, layer by layer."""

from __future__ import annotations

import html
from collections.abc import Mapping
from dataclasses import fields
from typing import Any, TypeAlias

from netweight.analysis.comparison import compare_profiles
from netweight.app.arguments import BITS, MODEL, takes, text
from netweight.app.asked import Inputs
from netweight.app.identify import Model
from netweight.app.revision import file_at
from netweight.app.weigh import weigh
from netweight.errors import unknown_name
from netweight.own_rules import OwnRules
from netweight.results import comparison as results
from netweight.results.comparison import FIGURES
from netweight.results.profile import Profile

Side: TypeAlias = "Model | Profile"


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


@takes(**{name: door for name, door in MODEL.items() if name != "model"}, bits=BITS)
def compare(
    before: Side,
    after: Side,
    inputs: Inputs = None,
    *,
    batch: int | None = None,
    bits: int | str | None = None,
    training: bool = False,
    dims: Mapping[str, int] | None = None,
    rules: OwnRules | None = None,
    as_written: bool = False,
) -> Comparison:
    """What differs between two models: which layers are the same, changed, moved, renamed, added, removed, and by what.

    >>> import netweight
    >>> found = netweight.compare("resnet18", "resnet34")
    >>> found.totals["macs"].difference, found.counts["removed"]
    (1849688064, 0)

    Args:
        before: Anything that ``netweight.weigh`` takes, a stored report, a ``Profile``, or a file as a revision of git
            had it: ``"model.onnx@main"``.
        after: The same.
        inputs: Shape of the input of both, batch included, or spec, array or tensor; several as a tuple or a dict.
        batch: Samples at once, where ``inputs`` does not say; 1 where nobody says.
        bits: Bit widths of both: ``8``, ``"w8a8"``; as described by default.
        training: Batch normalisation uses batch statistics and dropout drops.
        dims: Sizes of the dimensions that an ONNX model leaves open under a name.
        rules: What operators of your own cost, for this call.
        as_written: What a quantised model converts stays as it is written.

    Raises:
        NetweightError: If a model, its input or another argument is not one that fits; the error says what does.
    """
    asked: dict[str, Any] = {
        "inputs": inputs, "batch": batch, "bits": bits, "training": training, "dims": dims, "rules": rules,
        "as_written": as_written,
    }  # fmt: skip
    return Comparison.of(compare_profiles(_profile(before, asked), _profile(after, asked)))


def _profile(side: Side, asked: Mapping[str, Any]) -> Profile:
    if isinstance(side, Profile):
        return side
    if not isinstance(side, str):
        return weigh(side, **asked)
    with file_at(side) as model:
        return weigh(model, **asked)
