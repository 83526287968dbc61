"""Profile as Markdown."""

from netweight.report.escape import markdown as escape
from netweight.report.fault import fault_lines
from netweight.report.summary import summary_line, totals_text
from netweight.report.table import Options, table_of
from netweight.results.profile import Profile


def to_markdown(profile: Profile, options: Options | None = None) -> str:
    """A table, the figures of the whole network, and the summary sentence."""
    chosen = options or Options()
    table = table_of(profile, chosen)
    rule = ("---:" if numeric else "---" for numeric in table.numeric)
    rows = [table.titles, tuple(rule), *(tuple(map(escape, line)) for line in table.lines)]
    rows.append(tuple(f"**{cell}**" if cell else "" for cell in table.total))
    lines = [f"| {' | '.join(row)} |" for row in rows]
    totals = [f"- {escape(name)}: {escape(text)}" for name, text in totals_text(profile, units=chosen.units)]
    notes = [f"- note: {escape(note)}" for note in profile.notes]
    if profile.fault is not None:
        notes.extend(f"- {escape(line.strip())}" for line in fault_lines(profile.fault))
    return "\n".join([*lines, "", *totals, *notes, "", escape(summary_line(profile, units=chosen.units))]) + "\n"
