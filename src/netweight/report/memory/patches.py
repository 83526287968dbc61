"""Patch-based inference as text: what it saves, what it costs, and what each patch has of every tensor."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

from netweight.report.escape import csv_cell
from netweight.report.memory.aligned import aligned
from netweight.report.wrap import wrapped
from netweight.results.memory import Memory
from netweight.results.patches import Moment, PatchedTensor, Patches, PatchOption, PatchReport

_LAYERS = 40
"""Tensors that are listed at most."""


def patch_lines(memory: Memory, report: PatchReport, width: int | None) -> Iterator[str]:
    """What was asked, then the peaks and MACs, the tensors, what is alive, and other splits."""
    inputs = ", ".join(f"{i.name} {by(i.shape)} {i.dtype}" for i in memory.model.inputs)
    title = f"{memory.model.name} ({memory.model.source}), input {inputs}: patch by patch under {report.convention}"
    yield from wrapped(title, width, 2)
    yield ""
    chosen = report.chosen
    if chosen is None:
        yield from _none(report, width)
    else:
        yield from _chosen(chosen, width)
    if len(report.options) > 1:
        yield ""
        fit = "" if report.limit_bytes is None or not report.reached else " after which the rest fits"
        yield from wrapped(f"splits{fit}, each with the fewest MACs for so low a peak:", width, 2)
        yield from _options(report.options, report.macs, width)
    notes = list(_notes(report, memory))
    if notes:
        yield ""
    for note in notes:
        yield from wrapped(note, width, 6)


def patch_rows(report: PatchReport) -> Iterator[tuple[str | int, ...]]:
    """A heading, then a row for each tensor that patches have parts of."""
    yield "layer", "tensor", "whole", "largest_part", "halo", "macs", "macs_in_patches"
    for tensor in () if report.chosen is None else report.chosen.tensors:
        sizes = (by(tensor.shape), by(tensor.part), by(tensor.overlap))
        yield csv_cell(tensor.layer), csv_cell(tensor.name), *sizes, tensor.macs_before, tensor.macs_after


def by(sizes: Sequence[int]) -> str:
    """``4x4``."""
    return "x".join(map(str, sizes)) or "scalar"


def _none(report: PatchReport, width: int | None) -> Iterator[str]:
    peak = f"{report.peak_bytes:,} bytes at {report.peak_layer}"
    yield from wrapped(f"no patches lower the peak, {peak}", width, 2)
    for layer, why in list(report.refusals.items())[:1]:
        yield from wrapped(f"from {layer} on there are none: {why}", width, 2)


def _chosen(chosen: Patches, width: int | None) -> Iterator[str]:
    held = "a patch's part of the input" if chosen.streamed else "the whole input"
    count = math.prod(chosen.grid)
    yield from wrapped(f"up to {chosen.layer} in {by(chosen.grid)} = {count} patches; {held} is in memory", width, 2)
    before, during, after = chosen.before, chosen.during, chosen.after
    peaks = (f"{before.nbytes:,}", f"{chosen.peak_bytes:,}", _change(before.nbytes, chosen.peak_bytes))
    work = (f"{chosen.macs_before:,}", f"{chosen.macs_after:,}", _change(chosen.macs_before, chosen.macs_after))
    rows = [
        ("", "as it is", "in patches", ""),
        ("peak bytes", *peaks),
        ("  in the patches", "", f"{during.nbytes:,}", f"at {during.layer}"),
        ("  after them", "", f"{after.nbytes:,}", f"at {after.layer}"),
        ("MACs", *work),
    ]
    yield from aligned(rows, width, words=(0, -1))
    yield ""
    yield from _tensors(chosen, width)
    for title, moment in (("as it is", chosen.before), ("in patches", chosen.peak)):
        yield ""
        yield from _alive(title, moment, width)


def _change(before: int, after: int) -> str:
    return f"{100 * (after - before) / before:+.1f} %" if before else ""


def _tensors(chosen: Patches, width: int | None) -> Iterator[str]:
    """Inputs, results, and what convolutions and pools make: what keeps its size is not repeated."""
    shown: list[PatchedTensor] = []
    for tensor in chosen.tensors:
        if shown and (shown[-1].shape, shown[-1].part) == (tensor.shape, tensor.part) and not tensor.macs_before:
            continue
        shown.append(tensor)
    rows = [("layer", "whole", "largest part", "halo", "MACs", "in patches")]
    for tensor in shown[:_LAYERS]:
        work = (f"{tensor.macs_before:,}", f"{tensor.macs_after:,}") if tensor.macs_before else ("", "")
        halo = by(tensor.overlap[len(tensor.shape) - len(chosen.grid) :])
        rows.append((tensor.layer, by(tensor.shape), by(tensor.part), halo, *work))
    yield from aligned(rows, width, words=(0,))
    if len(shown) > _LAYERS:
        yield f"... and {len(shown) - _LAYERS} more; --format json has all"


def _alive(title: str, moment: Moment, width: int | None) -> Iterator[str]:
    yield from wrapped(f"alive at the peak, {title}: {moment.nbytes:,} bytes at {moment.layer}", width, 2)
    yield from aligned([(f"  {name}", f"{size:,}") for name, size in moment.tensors], width, words=(0,))


def _options(options: Sequence[PatchOption], macs: int, width: int | None) -> Iterator[str]:
    rows = [("up to layer", "patches", "peak bytes", "in patches", "after", "MACs", "")]
    for option in options:
        cells = (f"{option.peak_bytes:,}", f"{option.during_bytes:,}", f"{option.after_bytes:,}", f"{option.macs:,}")
        rows.append((option.layer, by(option.grid), *cells, _change(macs, option.macs)))
    yield from aligned(rows, width, words=(0,))


def _notes(report: PatchReport, memory: Memory) -> Iterator[str]:
    chosen = report.chosen
    if chosen is not None and chosen.raises_peak:
        yield f"warning: patches raise the peak, from {chosen.before.nbytes:,} to {chosen.peak_bytes:,} bytes"
    if report.limit_bytes is not None and not report.reached:
        lowest = report.peak_bytes if chosen is None else chosen.peak_bytes
        yield f"warning: no patches reach {report.limit_bytes:,} bytes; the lowest peak is {lowest:,}"
    for note in (*(() if chosen is None else chosen.notes), *memory.notes):
        yield f"note: {note}"
