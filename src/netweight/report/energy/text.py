"""Energy for a terminal: each kernel, then the prices, then the bracket, then what a counter says."""

from __future__ import annotations

from collections.abc import Iterator

from netweight.report.escape import markdown, plain
from netweight.report.memory.aligned import aligned
from netweight.report.pipes import pipe_table
from netweight.report.wrap import wrapped
from netweight.results.energy import Energy, KernelEnergy
from netweight.units import amount

_STEPS = ((1.0, "J"), (1e-3, "mJ"), (1e-6, "uJ"), (1e-9, "nJ"), (1e-12, "pJ"))
_JOULES_PER_KWH = 3.6e6


def joules(value: float | None) -> str:
    """Three digits and a unit; ``?`` where it is unknown.

    >>> joules(0.0390173), joules(3.332e-3), joules(0.0), joules(None)
    ('39.0 mJ', '3.33 mJ', '0 J', '?')
    """
    if value is None:
        return "?"
    if value == 0:
        return "0 J"
    size = abs(value)
    scale, unit = next(((scale, unit) for scale, unit in _STEPS if size >= 0.9995 * scale), _STEPS[-1])
    number = size / scale
    places = 2 if number < 9.995 else 1 if number < 99.95 else 0
    return f"{'-' if value < 0 else ''}{number:,.{places}f} {unit}"


def to_text(energy: Energy, *, width: int | None = None, all_rows: bool = False) -> str:
    """The whole report; names from files cannot act on the terminal."""
    return "".join(f"{plain(line).rstrip()}\n" for line in _lines(energy, width, all_rows=all_rows))


def to_markdown(energy: Energy, *, all_rows: bool = False) -> str:
    """A table of the kernels with their sums, prices, counter and rates, what a reader must know, and the answer."""
    listed = (*_prices(energy), *_metered(energy), *_rates(energy), *(f"note: {note}" for note in energy.notes))
    lines = [
        markdown(_heading(energy)),
        "",
        *pipe_table(_HEAD, _rows(energy, all_rows=all_rows), _total(energy)),
        "",
        *(f"- {markdown(line)}" for line in listed),
        "",
        markdown(sentence(energy)),
    ]
    return "\n".join(lines) + "\n"


def _heading(energy: Energy) -> str:
    inputs = ", ".join(f"{i.name} {'x'.join(map(str, i.shape)) or 'scalar'} {i.dtype}" for i in energy.model.inputs)
    return f"{energy.model.name} ({energy.model.source}), input {inputs}: energy, modelled"


def _rows(energy: Energy, *, all_rows: bool) -> list[tuple[str, ...]]:
    return [_cells(row) for row in energy.layers if all_rows or row.high_j != 0]


def _total(energy: Energy) -> tuple[str, ...]:
    whole = energy.totals
    return (
        "total", joules(whole.compute_j), joules(whole.weights_j), joules(whole.activations_low_j),
        joules(whole.activations_high_j), "100.0" if whole.low_j else "",
    )  # fmt: skip


def _lines(energy: Energy, width: int | None, *, all_rows: bool) -> Iterator[str]:
    yield from wrapped(_heading(energy), width, 2)
    yield ""
    yield from aligned([_HEAD, *_rows(energy, all_rows=all_rows), _total(energy)], width, words=(0,))
    yield ""
    for line in (*_prices(energy), *_metered(energy), *_rates(energy)):
        yield from wrapped(line, width, 2)
    for note in energy.notes:
        yield from wrapped(f"note: {note}", width, 6)
    yield ""
    yield from wrapped(sentence(energy), width, 2)


_HEAD = ("layer", "compute", "weights", "on chip", "through DRAM", "%")


def _cells(row: KernelEnergy) -> tuple[str, ...]:
    return (
        row.layer or row.op, joules(row.compute_j), joules(row.weights_j), joules(row.activations_low_j),
        joules(row.activations_high_j), "?" if row.share is None else f"{100 * row.share:.1f}",
    )  # fmt: skip


def _prices(energy: Energy) -> Iterator[str]:
    table = energy.table
    yield f"prices: {table.title} ({table.name})"
    said = ", ".join(f"{name} {pj:g} pJ" for name, pj in table.operation_pj.items())
    if said:
        yield f"operations: {said}"
    dram = f"a word of {table.dram_word_bits} bits from DRAM {table.dram_pj_per_word:g} pJ"
    yield f"{dram}, of {table.sram_word_bits} bits from SRAM {table.sram_pj_per_word:g} pJ"


def _metered(energy: Energy) -> Iterator[str]:
    found = energy.metered
    if found.status == "unavailable":
        yield f"measured: unavailable ({found.reason})"
    if found.status == "measured":
        of = f"{found.meter}, {found.engine}, {amount(found.calls, 'call')}"
        yield (
            f"measured ({of}): {joules(found.energy_j)} a run; {found.busy_watts or 0:.1f} W busy, of which "
            f"{found.idle_watts or 0:.1f} W of the idle machine are taken off"
        )


def _rates(energy: Energy) -> Iterator[str]:
    whole = energy.totals
    for rate in energy.rates:
        if whole.low_j is not None and whole.high_j is not None:
            low, high = (1e6 * joule / _JOULES_PER_KWH * rate.per_kwh for joule in (whole.low_j, whole.high_j))
            yield (
                f"a million runs: {low:.3g} to {high:.3g} {rate.unit} (modelled, {rate.per_kwh:g} {rate.unit} per kWh: "
                f"{rate.source})"
            )


def sentence(energy: Energy) -> str:
    """What a reader may quote."""
    whole, head = energy.totals, f"{energy.model.name}, {energy.batch} at once"
    if whole.low_j is None or whole.high_j is None or whole.compute_j is None or whole.weights_j is None:
        return f"{head}: no total, as operations are unknown or MACs have no price"
    ratio = whole.weights_j / whole.compute_j if whole.compute_j else 0
    times = f", {ratio:.0f} times as much" if ratio >= 10 else f", {ratio:.1f} times as much" if ratio else ""
    left_out = sum(whole.unpriced.values())
    without = f", {amount(left_out, 'operation')} without a price not counted" if left_out else ""
    arithmetic = f"arithmetic {joules(whole.compute_j)} ({joules(whole.macs_j)} of it MACs)"
    return (
        f"{head}: {joules(whole.low_j)} to {joules(whole.high_j)} (modelled, {energy.table.name}); {arithmetic}, "
        f"weights from DRAM {joules(whole.weights_j)}{times}{without}"
    )
