"""Lines of a report before they are text: a layer, a module, or several of them as one; figures are summed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from typing import Any

from netweight.report.shapes import Shapes
from netweight.results.profile import LayerRow

_WORDS = (
    "layer", "op", "kind", "input_shapes", "output_shapes", "dtype", "weight_dtype", "receptive_field", "settings",
    "weight_shapes",
)  # fmt: skip
NUMBERS: tuple[str, ...] = tuple(f.name for f in fields(LayerRow) if f.name not in _WORDS)


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One line.

    Attributes:
        label: Module path, or what the line stands for.
        op: Operator, or class of the module.
        kind: Sort of operator.
        dtype: Element type of the arithmetic.
        weight_dtype: Element type of the weights as they are stored.
        input_shapes: Shapes read.
        output_shapes: Shapes written.
        receptive_field: Input positions that one output position depends on.
        settings: What was set of the operator, by name.
        weight_shapes: Shapes of the stored tensors that it reads.
        numbers: Figures by name; None where unknown.
        joined: Operators of the layers that are summed into this one, one for each.
        repeat: How many equal blocks it stands for; the numbers are those of all of them.
        share: Its part of the whole, of what a report shows shares of.
        bar: Its part of the dearest line, drawn.
    """

    label: str
    op: str = ""
    kind: str = ""
    dtype: str = ""
    weight_dtype: str = ""
    input_shapes: Shapes = ()
    output_shapes: Shapes = ()
    receptive_field: tuple[int, ...] | None = None
    settings: Mapping[str, Any]
    weight_shapes: Shapes = ()
    numbers: dict[str, int | None]
    joined: tuple[str, ...] = ()
    repeat: int = 1
    share: float | None = None
    bar: str = ""

    @property
    def marks(self) -> str:
        """What follows the name: `` x5`` for five equal blocks, `` +2`` for two layers that are summed into it."""
        return (f" x{self.repeat}" if self.repeat > 1 else "") + (f" +{len(self.joined)}" if self.joined else "")


def entry_of(row: LayerRow) -> Entry:
    """The layer as a line."""
    return Entry(
        label=row.layer,
        op=row.op,
        kind=row.kind,
        dtype=row.dtype,
        weight_dtype=row.weight_dtype,
        input_shapes=row.input_shapes,
        output_shapes=row.output_shapes,
        receptive_field=row.receptive_field,
        settings=row.settings,
        weight_shapes=tuple(row.weight_shapes.values()),
        numbers={name: getattr(row, name) for name in NUMBERS},
    )


def sum_of(entries: Iterable[Entry], label: str) -> Entry:
    """The entries as one line; a figure is summed over those in which it is known."""
    return Entry(label=label, settings={}, numbers=_sums(list(entries)))


def module_of(label: str, kind: str, members: Sequence[Entry]) -> Entry:
    """Sums of the members, the shapes at both ends."""
    return Entry(
        label=label,
        op=kind or "module",
        kind="module",
        dtype=members[-1].dtype,
        weight_dtype=", ".join(dict.fromkeys(entry.weight_dtype for entry in members if entry.weight_dtype)),
        input_shapes=members[0].input_shapes,
        output_shapes=members[-1].output_shapes,
        receptive_field=members[-1].receptive_field,
        settings={},
        numbers=_sums(members),
    )


def joined(main: Entry, others: Sequence[Entry]) -> Entry:
    """The line with what others add to its figures."""
    ops = (op for other in others for op in (other.op, *other.joined))
    return replace(main, joined=(*main.joined, *ops), numbers=_sums([main, *others]))


def repeated(same: Sequence[Entry]) -> Entry:
    """Equal lines as one: all of their figures, and the place of the last."""
    return replace(same[-1], numbers=_sums(same), repeat=sum(entry.repeat for entry in same))


def _sums(members: Sequence[Entry]) -> dict[str, int | None]:
    return {name: _sum([entry.numbers[name] for entry in members]) for name in NUMBERS}


def _sum(column: Sequence[int | None]) -> int | None:
    """Sum of what is known; unknown where nothing is."""
    known = [int(number) for number in column if number is not None]
    return sum(known) if known or not column else None
