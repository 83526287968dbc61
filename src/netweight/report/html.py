"""Profile as an HTML fragment without script, for notebooks."""

from html import escape as escape_html

from netweight.report.escape import plain
from netweight.report.summary import summary_line
from netweight.report.table import Options, table_of
from netweight.results.profile import Profile


def to_html(profile: Profile, options: Options | None = None) -> str:
    """A table and the summary sentence."""
    table = table_of(profile, options or Options())
    head = "".join(f"<th>{_safe(title)}</th>" for title in table.titles)
    body = "".join(_row(line, table.numeric, "td") for line in table.lines)
    foot = _row(table.total, table.numeric, "th")
    return (
        f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody><tfoot>{foot}</tfoot></table>"
        f"<p>{_safe(summary_line(profile, units=(options or Options()).units))}</p>"
    )


def _row(cells: tuple[str, ...], numeric: tuple[bool, ...], tag: str) -> str:
    styled = zip(cells, numeric, strict=True)
    inner = "".join(
        f'<{tag} style="text-align:{"right" if number else "left"}">{_safe(cell)}</{tag}>' for cell, number in styled
    )
    return f"<tr>{inner}</tr>"


def _safe(text: str) -> str:
    return escape_html(plain(text))
