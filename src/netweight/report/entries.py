"""Lines of a report before they are text: layers, modules at a depth, folded repeats; what is left out is summed."""

from __future__ import annotations

import re
from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from itertools import groupby

from netweight.report.repeats import Counted, counted, repeats_at
from netweight.results.profile import LayerRow, Profile

_NUMBERED = re.compile(r"(?:^|[._])[A-Za-z]*(\d+)(?=\.|$)")
"""A part of a path that ends in a number; no letter is looked at twice, as a name may have 50,000."""

Shapes = tuple[tuple[int, ...], ...]

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
        numbers: Figures by name; None where unknown.
        repeat: How many equal blocks it stands for; the numbers are those of all of them.
    """

    label: str
    op: str
    kind: str
    dtype: str
    weight_dtype: str
    input_shapes: Shapes
    output_shapes: Shapes
    receptive_field: tuple[int, ...] | None
    numbers: dict[str, int | None]
    repeat: int = 1


def entries_of(profile: Profile, *, depth: int | None = None, fold: bool = False) -> tuple[Entry, ...]:
    """One entry per layer, or per module at ``depth`` (1 is the outermost), equal neighbours folded on request."""
    entries = [_entry(row) for row in profile.layers]
    if depth is not None:
        kinds = {row.module: row.kind for row in profile.modules}
        groups = groupby(entries, key=lambda entry: ".".join(entry.label.split(".")[:depth]))
        entries = [_module_entry(path, list(members), kinds.get(path, "")) for path, members in groups]
    return tuple(_folded_counted(_folded(entries)) if fold else entries)


def sum_of(entries: Iterable[Entry], label: str) -> Entry:
    """The entries as one line; a figure is summed over those in which it is known."""
    members = list(entries)
    columns = {name: [entry.numbers[name] for entry in members] for name in NUMBERS}
    numbers = {name: _sum(column) for name, column in columns.items()}
    return Entry(
        label=label,
        op="",
        kind="",
        dtype="",
        weight_dtype="",
        input_shapes=(),
        output_shapes=(),
        receptive_field=None,
        numbers=numbers,
    )


def _sum(column: Sequence[int | None]) -> int | None:
    """Sum of what is known; unknown where nothing is."""
    known = [int(number) for number in column if number is not None]
    return sum(known) if known or not column else None


def _entry(row: LayerRow) -> Entry:
    return Entry(
        label=row.layer,
        op=row.op,
        kind=row.kind,
        dtype=row.dtype,
        weight_dtype=row.weight_dtype,
        input_shapes=row.input_shapes,
        output_shapes=row.output_shapes,
        receptive_field=row.receptive_field,
        numbers={name: getattr(row, name) for name in NUMBERS},
    )


def _module_entry(path: str, members: Sequence[Entry], kind: str) -> Entry:
    """Sums of the members, the shapes at both ends."""
    if len(members) == 1 and members[0].label == path:
        return members[0]
    return replace(
        sum_of(members, path),
        op=kind or "module",
        kind="module",
        dtype=members[-1].dtype,
        weight_dtype=", ".join(dict.fromkeys(entry.weight_dtype for entry in members if entry.weight_dtype)),
        input_shapes=members[0].input_shapes,
        output_shapes=members[-1].output_shapes,
        receptive_field=members[-1].receptive_field,
    )


def _folded(entries: Sequence[Entry]) -> list[Entry]:
    """Runs of equal numbered blocks (``layer1.1``, ``layer1.2``) as one block each."""
    folded: list[Entry] = []
    at = 0
    while at < len(entries):
        blocks = _equal_blocks(entries, at)
        if len(blocks) < 2:
            folded.append(entries[at])
            at += 1
            continue
        span = f"{_block_of(blocks[0][0].label)[1]}-{_block_of(blocks[-1][0].label)[1]}"
        folded.extend(_merge(list(same), span) for same in zip(*blocks, strict=True))
        at += sum(map(len, blocks))
    return folded


def _folded_counted(entries: Sequence[Entry]) -> list[Entry]:
    """Runs of equal blocks of layers that are only numbered as one block each."""
    parts = counted(entry.label for entry in entries)
    signs = [_sign(entry, parts.get(entry.label), at) for at, entry in enumerate(entries)]
    folded: list[Entry] = []
    at = 0
    while at < len(entries):
        length, count = repeats_at(signs, at)
        for offset in range(length):
            same = list(entries[at + offset : at + length * count : length])
            folded.append(_merge_counted(same, parts) if count > 1 else same[0])
        at += length * count
    return folded


def _sign(entry: Entry, parts: Counted | None, at: int) -> Hashable:
    """Equal for layers that differ in nothing but their number; a layer with a name is like no other."""
    if parts is None:
        return at
    stem, _, rest = parts
    return stem, rest, entry.op, entry.input_shapes, entry.output_shapes, entry.repeat, tuple(entry.numbers.values())


def _merge_counted(same: list[Entry], parts: Mapping[str, Counted]) -> Entry:
    (stem, first, rest), (_, last, _) = parts[same[0].label], parts[same[-1].label]
    return _as_one(same, f"{stem}_[{first}-{last}]{rest}")


def _equal_blocks(entries: Sequence[Entry], at: int) -> list[Sequence[Entry]]:
    """The block that starts at ``at`` and those after it that look the same; empty if none starts here."""
    first = _take_block(entries, at)
    if not first or (at > 0 and _block_of(entries[at - 1].label)[:2] == _block_of(entries[at].label)[:2]):
        return []
    blocks = [first]
    at += len(first)
    while at < len(entries):
        nxt = _take_block(entries, at)
        if len(nxt) != len(first) or not all(map(_alike, first, nxt)):
            break
        blocks.append(nxt)
        at += len(nxt)
    return blocks


def _block_of(label: str) -> tuple[str, str, str]:
    """Path before, number, and path after the last numbered part that has one: ``("encoder.", "3", ".fc1")``."""
    match = _NUMBERED.search(label)
    return (label[: match.start(1)], match[1], label[match.end(1) :]) if match else (label, "", "")


def _take_block(entries: Sequence[Entry], at: int) -> Sequence[Entry]:
    """Entries from ``at`` on that belong to the same numbered module."""
    prefix, number, _ = _block_of(entries[at].label)
    if not number:
        return []
    end = at
    while end < len(entries) and _block_of(entries[end].label)[:2] == (prefix, number):
        end += 1
    return entries[at:end]


def _alike(a: Entry, b: Entry) -> bool:
    before_a, _, after_a = _block_of(a.label)
    before_b, _, after_b = _block_of(b.label)
    same_place = (before_a, after_a) == (before_b, after_b)
    same_shapes = (a.op, a.input_shapes, a.output_shapes) == (b.op, b.input_shapes, b.output_shapes)
    return same_place and same_shapes and a.numbers == b.numbers


def _merge(same: list[Entry], span: str) -> Entry:
    prefix, _, rest = _block_of(same[0].label)
    return _as_one(same, f"{prefix}[{span}]{rest}")


def _as_one(same: list[Entry], label: str) -> Entry:
    return replace(
        same[-1],
        label=label,
        numbers=sum_of(same, "").numbers,
        repeat=len(same),
    )
