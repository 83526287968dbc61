"""Two profiles beside each other: which layer became which, what each figure changed by, and which layers did it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from netweight.analysis.alignment.align import Aligned, align
from netweight.analysis.alignment.identity import STRUCTURE, identity_of
from netweight.results.comparison import FIGURES, Comparison, Delta, Explained, LayerChange, Setting, Status
from netweight.results.profile import LayerRow, Profile

SHARE = 0.95
"""Part of a change that the layers which explain it make up at least."""


def compare_profiles(before: Profile, after: Profile) -> Comparison:
    """What differs, layer by layer and in total."""
    rows = [
        _change(before.layers, after.layers, line)
        for line in align(*([identity_of(row) for row in side.layers] for side in (before, after)))
    ]
    totals = {name: _delta(getattr(before.totals, name, None), getattr(after.totals, name, None)) for name in _TOTALS}
    return Comparison(
        before=before.model,
        after=after.model,
        totals=totals | _peaks(before, after),
        layers=tuple(rows),
        explained={name: _explained(rows, name) for name in FIGURES},
        share=SHARE,
        notes=tuple(_notes(before, after)),
    )


_TOTALS = (
    "params", "buffers", "model_size_bytes", "macs", "flops", "ops_total", "bytes_read", "bytes_written",
)  # fmt: skip


def _peaks(before: Profile, after: Profile) -> dict[str, Delta]:
    """Activations in total and at the peak, under the conventions that both sides have."""
    found = {}
    for name in before.activations:
        if name in after.activations:
            one, other = before.activations[name], after.activations[name]
            found[f"{name}_peak_activation_bytes"] = _delta(one.peak_bytes, other.peak_bytes)
            found[f"{name}_total_activation_bytes"] = _delta(one.total_bytes, other.total_bytes)
    return found


def _delta(before: int | None, after: int | None) -> Delta:
    if before is None or after is None:
        return Delta(before=before, after=after, difference=None, reason="unknown on one side, or on both")
    return Delta(before=int(before), after=int(after), difference=int(after) - int(before))


def _change(before: Sequence[LayerRow], after: Sequence[LayerRow], line: Aligned) -> LayerChange:
    one = None if line.before is None else before[line.before]
    other = None if line.after is None else after[line.after]
    either = other or one
    assert either is not None
    figures = {name: _delta(*(0 if row is None else getattr(row, name) for row in (one, other))) for name in FIGURES}
    settings = _settings(one, other) if one and other else ()
    return LayerChange(
        status=_status(one, other, figures, changed=bool(settings), moved=line.moved),
        before=None if one is None else one.layer,
        after=None if other is None else other.layer,
        op=either.op,
        moved=line.moved,
        settings=settings,
        figures=figures,
    )


def _status(
    one: LayerRow | None, other: LayerRow | None, figures: Mapping[str, Delta], *, changed: bool, moved: bool
) -> Status:
    if one is None or other is None:
        return "added" if one is None else "removed"
    if changed or any(delta.before != delta.after for delta in figures.values()):
        return "changed"
    if moved:
        return "moved"
    return "same" if one.layer == other.layer else "renamed"


def _settings(one: LayerRow, other: LayerRow) -> tuple[Setting, ...]:
    """Settings, shapes and types that are not the same, settings and weights each by its own name."""
    found = []
    for name in STRUCTURE:
        left, right = getattr(one, name), getattr(other, name)
        if isinstance(left, Mapping):
            keys = dict.fromkeys((*left, *right))
            prefix = "" if name == "settings" else "weights."
            pairs = [(prefix + key, left.get(key), right.get(key)) for key in keys]
        else:
            pairs = [(name, left, right)]
        found += [Setting(name=key, before=_text(a), after=_text(b)) for key, a, b in pairs if _text(a) != _text(b)]
    return tuple(found)


def _text(value: Any) -> str:
    """``3x3`` for sizes, shapes with commas between them."""
    match value:
        case None:
            return ""
        case tuple() | list() if any(isinstance(item, tuple | list) for item in value):
            return ", ".join(map(_text, value))
        case tuple() | list():
            return "x".join(map(str, value)) or "scalar"
        case _:
            return str(value)


def _explained(rows: Sequence[LayerChange], figure: str) -> Explained:
    """The layers with the largest changes, until they make up the share; of equal ones the first."""
    changes = [row.figures[figure].difference for row in rows]
    sizes = [abs(change) for change in changes if change is not None]
    if len(sizes) < len(changes):
        where = next(row for row in rows if row.figures[figure].difference is None)
        return Explained(layers=(), explained=0, whole=None, reason=f"unknown for {where.after or where.before}")
    whole, taken, names = sum(sizes), 0, []
    for at in sorted(range(len(rows)), key=lambda at: -sizes[at]):
        if taken >= SHARE * whole:
            break
        taken += sizes[at]
        names.append(rows[at].after or rows[at].before or "")
    return Explained(layers=tuple(names), explained=taken, whole=whole)


def _notes(before: Profile, after: Profile) -> list[str]:
    found = []
    for which, side in (("first", before), ("second", after)):
        if not side.coverage.complete:
            found.append(f"the {which}, {side.model.name}, has operators of unknown work, or was left unfinished")
    alone = [name for name in (*before.activations, *after.activations) if (name in before.activations) != (
        name in after.activations)]  # fmt: skip
    if alone:
        found.append(f"not compared, as one side alone has it: activations under {', '.join(alone)}")
    shapes = [[(i.name, i.shape, i.dtype) for i in side.model.inputs] for side in (before, after)]
    if shapes[0] != shapes[1]:
        said = [", ".join(f"{name} {'x'.join(map(str, s)) or 'scalar'} {kind}" for name, s, kind in i) for i in shapes]
        found.append(f"the inputs differ: {said[0]} and {said[1]}")
    return found
