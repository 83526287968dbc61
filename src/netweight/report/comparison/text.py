"""A comparison for a terminal: the layers that differ, the totals, what explains the change, one sentence."""

from __future__ import annotations

from collections.abc import Iterator

from netweight.report.escape import markdown, plain
from netweight.report.memory.aligned import aligned
from netweight.report.pipes import pipe_table
from netweight.report.wrap import wrapped
from netweight.results.comparison import Comparison, Delta, LayerChange, Setting
from netweight.results.profile import ModelInfo
from netweight.units import amount, exact

_HEAD = ("layer", "", "op", "params", "MACs", "activation bytes")
_SHOWN = ("params", "macs", "activation_bytes")
_TOTALS_HEAD = ("total", "before", "after", "difference", "%")
_NAMED = 8
"""Layers that a line names before it counts the rest."""


def to_text(found: Comparison, *, figure: str, width: int | None = None, all_rows: bool = False) -> str:
    """The whole report; names from files cannot act on the terminal.

    Args:
        found: What differs.
        figure: Whose change is explained.
        width: Characters of a line; None for the natural width.
        all_rows: Also layers that are the same.
    """
    return "".join(f"{plain(line).rstrip()}\n" for line in _lines(found, figure, width, all_rows=all_rows))


def to_markdown(found: Comparison, *, figure: str, all_rows: bool = False) -> str:
    """The same as tables of Markdown, with what changed of each layer."""
    rows = _rows(found, all_rows=all_rows)
    changes = (*_details(found), *_explained(found, figure), *(f"note: {note}" for note in found.notes))
    lines = [
        markdown(_heading(found)), "", *(pipe_table(_HEAD, rows, words=(0, 1, 2)) if rows else ()), "",
        *pipe_table(_TOTALS_HEAD, _totals(found)), "", *(f"- {markdown(line)}" for line in changes), "",
        markdown(sentence(found)),
    ]  # fmt: skip
    return "\n".join(lines) + "\n"


def _lines(found: Comparison, figure: str, width: int | None, *, all_rows: bool) -> Iterator[str]:
    yield from wrapped(_heading(found), width, 2)
    yield ""
    rows = _rows(found, all_rows=all_rows)
    if rows:
        yield from aligned([_HEAD, *rows], width, words=(0, 1, 2))
        yield ""
    details = list(_details(found))
    for line in details:
        yield from wrapped(line, width, 2)
    if details:
        yield ""
    yield from aligned([_TOTALS_HEAD, *_totals(found)], width, words=(0,))
    yield ""
    for line in (*_explained(found, figure), *(f"note: {note}" for note in found.notes)):
        yield from wrapped(line, width, 2)
    yield from wrapped(sentence(found), width, 2)


def _heading(found: Comparison) -> str:
    return f"{_of(found.before)} -> {_of(found.after)}"


def _of(model: ModelInfo) -> str:
    inputs = ", ".join(f"{i.name} {'x'.join(map(str, i.shape)) or 'scalar'} {i.dtype}" for i in model.inputs)
    return f"{model.name} ({model.source}), input {inputs}"


def _rows(found: Comparison, *, all_rows: bool) -> list[tuple[str, ...]]:
    return [
        (_name(row), row.status, row.op, *(_signed(row.figures[name]) for name in _SHOWN))
        for row in found.layers
        if all_rows or row.status != "same"
    ]


def _name(row: LayerChange) -> str:
    if row.before is not None and row.after is not None and row.before != row.after:
        return f"{row.before} -> {row.after}"
    return row.after or row.before or ""


def _signed(delta: Delta) -> str:
    """The difference with its sign; nothing where there is none, ``?`` where it is unknown."""
    if delta.difference is None:
        return "?"
    return f"{delta.difference:+,}" if delta.difference else ""


def _totals(found: Comparison) -> list[tuple[str, ...]]:
    return [
        (name.replace("_", " "), exact(delta.before), exact(delta.after), _signed(delta) or "0", _percent(delta))
        for name, delta in found.totals.items()
    ]


def _percent(delta: Delta) -> str:
    return f"{100 * delta.difference / delta.before:+.1f}" if delta.difference and delta.before else ""


def _details(found: Comparison) -> Iterator[str]:
    """What changed besides figures, of each layer that did."""
    for row in found.layers:
        if row.settings:
            said = ", ".join(f"{one.name} {one.before or 'none'} -> {one.after or 'none'}" for one in _telling(row))
            yield f"{_name(row)}: {said}{', moved' if row.moved else ''}"


def _telling(row: LayerChange) -> list[Setting]:
    """Without what follows from another: the shape read where that written changed, vectors beside the weight."""
    names = {one.name for one in row.settings}
    return [
        one
        for one in row.settings
        if not (one.name == "input_shapes" and "output_shapes" in names)
        and not (one.name.startswith("weights.") and one.name != "weights.weight" and "weights.weight" in names)
    ]


def _explained(found: Comparison, figure: str) -> Iterator[str]:
    why = found.explained[figure]
    name, percent = figure.replace("_", " "), f"{100 * found.share:g} %"
    if why.whole is None:
        yield f"what explains the change of {name}: {why.reason}"
    elif why.whole:
        more = f" and {len(why.layers) - _NAMED} more" if len(why.layers) > _NAMED else ""
        of = f"{amount(len(why.layers), 'layer')} of {len(found.layers):,}"
        yield f"{percent} of the change of {name}: {of}, {', '.join(why.layers[:_NAMED])}{more}"


def sentence(found: Comparison) -> str:
    """What a reader may quote."""
    head = f"{found.before.name} -> {found.after.name}"
    if not found.differs:
        return f"{head}: the same, {amount(len(found.layers), 'layer')}"
    counts = ", ".join(f"{count:,} {status}" for status, count in found.counts.items() if count)
    told = ((found.totals[name], word) for name, word in (("params", "params"), ("macs", "MACs"), ("flops", "FLOPs")))
    figures = ", ".join(f"{_signed(delta) or 'no change of'} {word}" for delta, word in told)
    return f"{head}: {figures}; layers: {counts}"
