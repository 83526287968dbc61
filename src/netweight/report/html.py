"""Profile as an HTML fragment without script, for notebooks."""

from html import escape as escape_html

from netweight.report.escape import plain
from netweight.report.fault import fault_lines
from netweight.report.summary import summary_line, totals_text
from netweight.report.table import Options, Table, table_of
from netweight.results.profile import Profile

_LEFT, _RIGHT = "text-align:left", "text-align:right"


def to_html(profile: Profile, options: Options | None = None) -> str:
    """The whole report: heading, table, figures of the network, notes, the fault of a forward, the sentence."""
    chosen = options or Options()
    notes = "".join(f"<li>{_safe(note)}</li>" for note in profile.notes)
    fault = "" if profile.fault is None else "\n".join(map(_safe, fault_lines(profile.fault)))
    return (
        f"<div><h4>{_safe(_heading(profile))}</h4>"
        f"{_table(table_of(profile, chosen))}"
        f"{_totals(totals_text(profile, units=chosen.units))}"
        + (f"<p>Notes:</p><ul>{notes}</ul>" if notes else "")
        + (f"<pre>{fault}</pre>" if fault else "")
        + f"<p><b>{_safe(summary_line(profile, units=chosen.units))}</b></p></div>"
    )


def _heading(profile: Profile) -> str:
    inputs = ", ".join(f"{i.name} {'x'.join(map(str, i.shape))} {i.dtype}" for i in profile.model.inputs)
    return f"{profile.model.name} ({profile.model.source}), input {inputs}"


def _table(table: Table) -> str:
    head = _row(table.titles, table.numeric, "th")
    body = "".join(_row(line, table.numeric, "td") for line in table.lines)
    foot = _row(table.total, table.numeric, "th")
    return f"<table><thead>{head}</thead><tbody>{body}</tbody><tfoot>{foot}</tfoot></table>"


def _row(cells: tuple[str, ...], numeric: tuple[bool, ...], tag: str) -> str:
    styled = zip(cells, numeric, strict=True)
    inner = "".join(f'<{tag} style="{_RIGHT if number else _LEFT}">{_safe(cell)}</{tag}>' for cell, number in styled)
    return f"<tr>{inner}</tr>"


def _totals(totals: list[tuple[str, str]]) -> str:
    """Name and text of each figure, below each other."""
    rows = "".join(
        f'<tr><th style="{_LEFT}">{_safe(name)}</th><td style="{_LEFT}">{_safe(text)}</td></tr>'
        for name, text in totals
    )
    return f"<table><tbody>{rows}</tbody></table>"


def _safe(text: str) -> str:
    return escape_html(plain(text))
