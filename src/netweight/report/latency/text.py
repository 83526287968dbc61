"""Latency for a terminal: each kernel with what limits it, then the device, then the answer."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from netweight.report.escape import markdown, plain
from netweight.report.latency.seconds import seconds
from netweight.report.memory.aligned import aligned
from netweight.report.pipes import pipe_table
from netweight.report.wrap import wrapped
from netweight.results.latency import Estimate, KernelLatency, Latency
from netweight.units import Units, scaled


def to_text(latency: Latency, *, units: Units = "si", width: int | None = None, all_rows: bool = False) -> str:
    """The whole report; names from files cannot act on the terminal."""
    return "".join(f"{plain(line).rstrip()}\n" for line in _lines(latency, units, width, all_rows=all_rows))


def to_markdown(latency: Latency, *, units: Units = "si", all_rows: bool = False) -> str:
    """A table of the kernels with their sums, the device, what a reader must know, and the answer."""
    predicts = _predicts(latency)
    head = _PREDICTED if predicts else _HEAD
    rows = _rows(latency, units, all_rows=all_rows, predicts=predicts)
    listed = [
        *_on_device(latency),
        _traffic(latency, units),
        *(f"note: {note}" for note in latency.notes),
        *map(_estimate, latency.estimates),
    ]
    lines = [
        markdown(_heading(latency)),
        "",
        *pipe_table(head, rows, _total(latency, units, predicts=predicts), words=(0, -1)),
        "",
        *(f"- {markdown(line)}" for line in listed),
        "",
        markdown(sentence(latency)),
    ]
    return "\n".join(lines) + "\n"


def _heading(latency: Latency) -> str:
    inputs = ", ".join(f"{i.name} {'x'.join(map(str, i.shape)) or 'scalar'} {i.dtype}" for i in latency.model.inputs)
    return f"{latency.model.name} ({latency.model.source}), input {inputs} on {latency.device.title}"


def _predicts(latency: Latency) -> bool:
    return any(row.predicted_s is not None for row in latency.layers)


def _lines(latency: Latency, units: Units, width: int | None, *, all_rows: bool) -> Iterator[str]:
    yield from wrapped(_heading(latency), width, 2)
    yield ""
    predicts = _predicts(latency)
    head = _PREDICTED if predicts else _HEAD
    rows = _rows(latency, units, all_rows=all_rows, predicts=predicts)
    yield from aligned([head, *rows], width, words=(0, -1))
    yield ""
    for line in _on_device(latency):
        yield from wrapped(line, width, 2)
    yield ""
    for note in latency.notes:
        yield from wrapped(f"note: {note}", width, 6)
    for estimate in latency.estimates:
        yield from wrapped(_estimate(estimate), width, 2)
    yield from wrapped(sentence(latency), width, 2)


_HEAD = ("layer", "operations", "weights", "activations", "bound", "%", "limited by")
_PREDICTED = ("layer", "operations", "bound", "predicted", "80 % interval", "%", "limited by")
"""Bytes leave their place to what is expected."""


def _rows(latency: Latency, units: Units, *, all_rows: bool, predicts: bool) -> Iterator[tuple[str, ...]]:
    for row in latency.layers:
        if all_rows or row.limited_by != "nothing" or row.predicted_s:
            cells = _cells(row, units)
            yield (*cells[:2], cells[4], *_expected(row), *cells[5:]) if predicts else cells


def _expected(row: KernelLatency) -> tuple[str, str]:
    if row.predicted_s is None:
        return "?", "?"
    return seconds(row.predicted_s), f"{seconds(row.predicted_low_s)} to {seconds(row.predicted_high_s)}"


def _cells(row: KernelLatency, units: Units) -> tuple[str, ...]:
    moved = None if row.input_bytes is None or row.output_bytes is None else row.input_bytes + row.output_bytes
    return (
        row.layer or row.op,
        _scaled(row.ops_total, "", "raw" if units == "raw" else "si"),
        _scaled(row.weight_bytes, "B", units),
        _scaled(moved, "B", units),
        seconds(row.bound_s),
        "?" if row.share is None else f"{100 * row.share:.1f}",
        row.limited_by or "unknown",
    )


def _total(latency: Latency, units: Units, *, predicts: bool) -> tuple[str, ...]:
    """Sums over all kernels; the bound is that of one kernel after the other."""
    whole = latency.totals
    operations = _sum([row.ops_total for row in latency.layers])
    weights, activations = _moved(latency)
    first = "total", _scaled(operations, "", "raw" if units == "raw" else "si")
    last = seconds(whole.serial_bound_s), "" if whole.serial_bound_s is None else "100.0", whole.limited_by or ""
    if predicts:
        one = next(iter(latency.estimates), None)
        expected = ("?", "?") if one is None else _span(one)
        return (*first, last[0], *expected, *last[1:])
    return (*first, _scaled(weights, "B", units), _scaled(activations, "B", units), *last)


def _span(one: Estimate) -> tuple[str, str]:
    return seconds(one.latency_s), f"{seconds(one.low_s)} to {seconds(one.high_s)}"


def _moved(latency: Latency) -> tuple[int | None, int | None]:
    """Bytes of weights and of activations that all kernels read and write; None where one is unknown."""
    weights = _sum([row.weight_bytes for row in latency.layers])
    return weights, _sum([part for row in latency.layers for part in (row.input_bytes, row.output_bytes)])


def _traffic(latency: Latency, units: Units) -> str:
    weights, activations = _moved(latency)
    return f"traffic: {_scaled(weights, 'B', units)} of weights, {_scaled(activations, 'B', units)} of activations"


def _sum(parts: Iterable[int | None]) -> int | None:
    """The sum; None where a part is unknown."""
    found = list(parts)
    known = [part for part in found if part is not None]
    return sum(known) if len(known) == len(found) else None


def _scaled(count: int | None, unit: str, units: Units) -> str:
    return "?" if count is None else scaled(count, unit, units=units)


def _on_device(latency: Latency) -> Iterator[str]:
    """What the device can do, and where things lie on it."""
    device = latency.device
    for peak in device.peaks:
        of = f" ({peak.unit})" if peak.unit else ""
        ridge = peak.ridge_ops_per_byte
        above = f"; compute-bound above {ridge:,.1f} operations per byte" if ridge is not None else ""
        yield f"{peak.rate}{of}: {scaled(peak.ops_per_second, 'OP/s')} at most{above}"
    for what, name in (("weights", device.weights_in), ("activations", device.activations_in)):
        speed = device.bytes_per_second[name]
        at = f"at {scaled(speed, 'B/s')}" if speed else "whose bandwidth nobody says: its traffic is not in the bound"
        yield f"{what} in {name} {at}"


def _estimate(estimate: Estimate) -> str:
    interval = f"{seconds(estimate.low_s)} to {seconds(estimate.high_s)}, {100 * estimate.coverage:.0f} %"
    return f"{estimate.kind} ({estimate.engine}): {seconds(estimate.latency_s)} ({interval}); {estimate.source}"


def sentence(latency: Latency) -> str:
    """What a reader may quote."""
    totals = latency.totals
    head = f"{latency.model.name} on {latency.device.name}, {latency.batch} at once"
    if totals.serial_bound_s is None or totals.overlap_bound_s is None:
        unknown = sum(row.bound_s is None for row in latency.layers)
        return f"{head}: no bound, as {unknown} of {len(latency.layers)} kernels have none"
    limit = f"{totals.limited_by}-bound as a whole" if totals.limited_by != "nothing" else "no work"
    return (
        f"{head}: at least {seconds(totals.overlap_bound_s)} with perfect overlap, {seconds(totals.serial_bound_s)} "
        f"kernel by kernel (bound, {limit})"
    )
