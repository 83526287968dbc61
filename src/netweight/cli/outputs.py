"""Where a report goes and in which format; a flag that a format cannot follow is refused, never dropped."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from netweight.cli.options import check_units
from netweight.cli.streams import is_terminal, out_rendered
from netweight.cli.values import form_of
from netweight.errors import UsageError
from netweight.files import write_text
from netweight.report.table import Options

if TYPE_CHECKING:
    from netweight.app.profile import Profile

FORMATS = ("table", "json", "csv", "markdown", "html")
SUFFIXES = {
    ".json": "json", ".csv": "csv", ".md": "markdown", ".markdown": "markdown", ".html": "html", ".htm": "html",
    ".txt": "table",
}  # fmt: skip

_OF_LINES = ("depth", "sort", "top", "columns", "fold")
"""Flags that choose lines or columns."""


class Target(NamedTuple):
    """One place for the report.

    Attributes:
        form: One of ``FORMATS``.
        path: File, None for stdout.
    """

    form: str
    path: Path | None = None


def targets_of(given: Mapping[str, Any]) -> tuple[Target, ...]:
    """Files, and stdout where no file is named or a format of its own is; nothing on stdout beside the sentence of -q.

    Args:
        given: Flags of the command that the user gave, by name.

    Raises:
        UsageError: If a file's ending says no format, or a format cannot follow a flag.
    """
    form = given.get("form", "table")
    quiet = bool(given.get("quiet"))
    if quiet and form != "table":
        raise UsageError(
            f"quiet: expected the sentence alone on stdout, got --format {form} beside it",
            fix=f"-q -o FILE with the ending of {form}, or --format {form} without -q",
        )
    targets = [Target(form_of(Path(name), SUFFIXES), Path(name)) for name in given.get("outputs", ())]
    if not quiet and ("form" in given or not targets):
        targets.append(Target(form))
    for target in targets:
        _check(target.form, given)
    return tuple(targets)


def _check(form: str, given: Mapping[str, Any]) -> None:
    """Refuse what a format cannot follow.

    Raises:
        UsageError: If it is asked for.
    """
    lines = [name for name in _OF_LINES if form == "json" and given.get(name) not in (None, False)]
    if lines:
        raise UsageError(
            f"{lines[0]}: expected a format with lines to choose, got json, which has every layer and every figure",
            fix=f"csv follows --{lines[0]}: --format csv, -o FILE.csv",
        )
    check_units(form, given.get("units", "raw"))
    if form != "table" and given.get("color") == "always":
        raise UsageError(f"color: expected a table, got {form}, which has none", fix="leave it out")


def deliver(profile: Profile, options: Options, targets: Sequence[Target], given: Mapping[str, Any]) -> None:
    """Write a report to each of its places, stdout last.

    Args:
        profile: What was weighed.
        options: What the user wants to see.
        targets: The places.
        given: Flags of the command that the user gave, by name.

    Raises:
        UsageError: If a file cannot be written.
    """
    color = given.get("color", "auto")
    for target in targets:
        if target.path is None and target.form == "table":
            from netweight.report.terminal import to_text

            out_rendered(to_text(profile, options, width=_width(), color=_wants_color(color)))
            continue
        text = _csv(profile, options, given) if target.form == "csv" else _text(profile, options, target.form, color)
        if target.path is None:
            out_rendered(text)
        else:
            write_text(target.path, text)


def _width() -> int | None:
    """Columns of the terminal; None where the result goes elsewhere."""
    if not is_terminal():
        return None
    from shutil import get_terminal_size

    return get_terminal_size((80, 24)).columns


def _text(profile: Profile, options: Options, form: str, color: str) -> str:
    match form:
        case "json":
            return profile.to_json() + "\n"
        case "markdown":
            from netweight.report.markdown import to_markdown

            return to_markdown(profile, options)
        case "html":
            from netweight.report.page import to_page

            return to_page(profile, options)
        case _:
            from netweight.report.terminal import to_text

            return to_text(profile, options, color=color == "always")


def _csv(profile: Profile, options: Options, given: Mapping[str, Any]) -> str:
    """Every layer and every figure, where no flag chooses among them."""
    from netweight.report.delimited import to_csv

    lines = None
    if any(name in given for name in _OF_LINES):
        lines = options if given.get("fold") else replace(options, fold=False, every=True)
    return to_csv(profile, lines, columns=options.columns if "columns" in given else None)


def _wants_color(color: str) -> bool:
    if color != "auto":
        return color == "always"
    if os.environ.get("NO_COLOR"):
        return False
    if os.environ.get("FORCE_COLOR"):
        return True
    return is_terminal() and os.environ.get("TERM") != "dumb"
