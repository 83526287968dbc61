"""Activation memory for a terminal: every convention in a line, then what is alive at its peak and why, then time."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from netweight.report.escape import plain
from netweight.report.memory.aligned import aligned
from netweight.report.memory.bars import timeline_lines
from netweight.report.memory.chain import chain_lines
from netweight.report.memory.patches import patch_lines
from netweight.report.memory.plan import plan_lines
from netweight.report.wrap import wrapped
from netweight.results.memory import ConventionMemory, Memory, Tensor
from netweight.units import Units, scaled

_INDENT = "  "
_NARROWEST = 8


def to_text(memory: Memory, *, units: Units = "si", width: int | None = None) -> str:
    """The whole report; names from files cannot act on the terminal."""
    return "".join(f"{plain(line).rstrip()}\n" for line in lines_of(memory, units, width))


def lines_of(memory: Memory, units: Units, width: int | None) -> Iterator[str]:
    """Heading, table, each convention with what is alive at its peak, the timeline and the plan of the first.

    Where patches were asked for, they are what is shown.
    """
    if memory.patches is not None:
        yield from patch_lines(memory, memory.patches, width)
        return
    inputs = ", ".join(f"{i.name} {_by(i.shape)} {i.dtype}" for i in memory.model.inputs)
    yield from wrapped(f"{memory.model.name} ({memory.model.source}), input {inputs}: activation memory", width, 2)
    yield ""
    yield from _table(memory, units, width)
    for name, found in memory.conventions.items():
        yield ""
        yield from _alive(name, found, width)
    name, found = main_of(memory)
    if found.steps:
        yield ""
        yield from timeline_lines(name, found, width)
    if found.order is not None:
        yield ""
        yield from (part for line in chain_lines(name, found) for part in wrapped(line, width, 2))
    if found.plan is not None:
        yield ""
        yield from (part for line in plan_lines(name, found) for part in wrapped(line, width, 2))
    if memory.notes:
        yield ""
    for note in memory.notes:
        yield from wrapped(f"note: {note}", width, 6)


def main_of(memory: Memory) -> tuple[str, ConventionMemory]:
    """The convention whose timeline and plan are shown: liveness, else the first."""
    name = "liveness" if "liveness" in memory.conventions else next(iter(memory.conventions))
    return name, memory.conventions[name]


def _table(memory: Memory, units: Units, width: int | None) -> Iterator[str]:
    rows = [("convention", "peak bytes", *(() if units == "raw" else ("",)), "at layer")]
    for name, found in memory.conventions.items():
        short = () if units == "raw" else (scaled(found.peak_bytes, "B", units=units),)
        rows.append((name, f"{found.peak_bytes:,}", *short, found.peak_layer))
    yield from aligned(rows, width, words=(0, -1))


def _alive(name: str, found: ConventionMemory, width: int | None) -> Iterator[str]:
    of = f", step {found.peak_step} of {len(found.steps)}" if found.steps else ""
    when = f" while {found.peak_layer} runs{of}" if found.peak_layer else ""
    yield from wrapped(f"{name}: {found.peak_bytes:,} bytes{when}", width, 2)
    rows = [(tensor.name, _what(tensor), f"{tensor.nbytes:,}") for tensor in found.live]
    if found.shared_bytes:
        rows.append(("rows that input and output share", "", f"-{found.shared_bytes:,}"))
    if found.beside_bytes:
        rows.append(("masks and positions", "made inside", f"{found.beside_bytes:,}"))
    if rows:
        yield from aligned([(f"{_INDENT}{first}", *rest) for first, *rest in rows], width, words=(0, 1))
    yield from wrapped(f"{_INDENT}why: {found.why}", width, 7)


def _what(tensor: Tensor) -> str:
    return f"{tensor.dtype} {_by(tensor.shape)}" if tensor.dtype else ""


def _by(shape: Sequence[int]) -> str:
    return "x".join(map(str, shape)) or "scalar"
