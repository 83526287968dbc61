"""A plan, and whether one holds, for a terminal and as CSV."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from io import StringIO

from netweight.report.escape import plain
from netweight.report.width import left, right, tail, width_of
from netweight.report.wrap import wrapped
from netweight.results.plan import Audit, Plan
from netweight.units import amount, exact

_SHOWN = 40
"""Rows of a table; a file has all of them."""
_NAME = 10
"""Columns that a name has at least."""


def plan_text(plan: Plan, *, width: int | None = None) -> str:
    """Buffers from the lowest up, then what the plan is worth."""
    return _text(_plan_lines(plan, width))


def audit_text(audit: Audit, *, width: int | None = None) -> str:
    """What is wrong, then what the plan is worth."""
    return _text(_audit_lines(audit, width))


def plan_csv(plan: Plan) -> str:
    """The plan as MiniMalloc writes it: a row for each buffer, in the order of the problem, its offset last."""
    out = StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(("id", "lower", "upper", "size", "offset"))
    for row in plan.buffers:
        writer.writerow((row.id, row.lower, row.upper, row.size_bytes, row.offset_bytes))
    return out.getvalue()


def audit_csv(audit: Audit) -> str:
    """A row for each clash."""
    out = StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(("one", "other", "overlap_bytes", "step"))
    writer.writerows((clash.one, clash.other, clash.overlap_bytes, clash.step) for clash in audit.clashes)
    return out.getvalue()


def _text(lines: Iterator[str]) -> str:
    return "".join(f"{plain(line).rstrip()}\n" for line in lines)


def _plan_lines(plan: Plan, width: int | None) -> Iterator[str]:
    rows = sorted(plan.buffers, key=lambda row: (row.fits, row.offset_bytes, row.lower))
    shown = rows if len(rows) <= _SHOWN else rows[:_SHOWN]
    if not plan.buffers:
        yield plan_sentence(plan)
        return
    yield from _table(
        ("buffer", "from..before", "bytes", "offset", "end", ""),
        [
            (
                row.id,
                f"{row.lower}..{row.upper}",
                exact(row.size_bytes),
                exact(row.offset_bytes),
                exact(row.offset_bytes + row.size_bytes),
                "" if row.fits else "no room",
            )
            for row in shown
        ],
        width,
    )
    if len(rows) > len(shown):
        yield f"... {amount(len(rows) - len(shown), 'buffer')} more; -o plan.csv has all of them"
    yield ""
    for note in plan.notes:
        yield from wrapped(f"note: {note}", width, 6)
    yield from wrapped(plan_sentence(plan), width, 2)


def plan_sentence(plan: Plan) -> str:
    """What the plan is worth, in one sentence that stands alone."""
    if not plan.buffers:
        return f"{plan.name}: no buffers to place"
    worth = _worth(plan.height_bytes, plan.lower_bound_bytes, proved=plan.proved)
    said = (
        f"{plan.name}: {amount(len(plan.buffers), 'buffer')} in {plan.height_bytes:,} bytes by {plan.method}, {worth}"
    )
    if plan.pinned_count:
        stay = "1 buffer stays" if plan.pinned_count == 1 else f"{plan.pinned_count:,} buffers stay"
        said += f" while {stay} where the offset column puts {'it' if plan.pinned_count == 1 else 'them'}"
    if plan.capacity_bytes is None:
        return said
    if plan.fits:
        return f"{said}; fits into {plan.capacity_bytes:,}"
    never = ", as no plan does" if plan.lower_bound_bytes > plan.capacity_bytes else ""
    return f"{said}; does not fit into {plan.capacity_bytes:,}{never}: {amount(len(plan.left_out), 'buffer')} too many"


def _worth(height: int, bound: int, *, proved: bool) -> str:
    """How far from the lowest plan."""
    if proved:
        return "proved the lowest"
    gap = height - bound
    return f"at most {gap:,} bytes ({100 * gap / max(1, bound):.1f} %) above the lowest, which is {bound:,} or more"


def _audit_lines(audit: Audit, width: int | None) -> Iterator[str]:
    for clash in audit.clashes[:_SHOWN]:
        both = f"{clash.one} and {clash.other} are on the same {amount(clash.overlap_bytes, 'byte')}"
        yield from wrapped(f"overlap: {both} from step {clash.step} on", width, 2)
    for buffer in audit.misaligned[:_SHOWN]:
        begins = f"{buffer.id} begins at {buffer.offset_bytes:,}, no multiple of {buffer.alignment_bytes:,}"
        yield from wrapped(f"alignment: {begins}", width, 2)
    if audit.capacity_bytes is not None and audit.height_bytes > audit.capacity_bytes:
        over = audit.height_bytes - audit.capacity_bytes
        yield from wrapped(f"capacity: {over:,} bytes more than {audit.capacity_bytes:,}", width, 2)
    yield from wrapped(_audit_sentence(audit), width, 2)


def _audit_sentence(audit: Audit) -> str:
    if not audit.buffer_count:
        return f"{audit.name}: no buffers to check"
    head = f"{audit.name}: {amount(audit.buffer_count, 'buffer')} in {audit.height_bytes:,} bytes"
    if audit.clashes:
        return f"{head}, where any plan needs {audit.lower_bound_bytes:,} or more; the plan does not hold"
    share = 100 * audit.wasted_bytes / max(1, audit.lower_bound_bytes)
    above = f"{audit.wasted_bytes:,} bytes ({share:.1f} %) above what no plan can do without"
    waste = above if audit.wasted_bytes else "no byte more than any plan needs"
    return f"{head}, {waste}; {'the plan holds' if audit.sound else 'the plan does not hold'}"


def _table(head: tuple[str, ...], rows: list[tuple[str, ...]], width: int | None) -> Iterator[str]:
    """Lines of a table, numbers to the right; of names that are too long the end is shown."""
    sizes = [max(width_of(row[at]) for row in (head, *rows)) for at in range(len(head))]
    if width is not None:
        sizes[0] = min(sizes[0], max(_NAME, width - sum(sizes[1:]) - 2 * (len(head) - (1 if sizes[5] else 2))))
        rows = [(_cut(row[0], sizes[0]), *row[1:]) for row in rows]
    for row in (head, *rows):
        cells = [left(row[0], sizes[0]), *(right(cell, size) for cell, size in zip(row[1:5], sizes[1:5], strict=True))]
        yield "  ".join((*cells, row[5])).rstrip()


def _cut(name: str, width: int) -> str:
    return name if width_of(name) <= width else f"...{tail(name, width - 3)}"
