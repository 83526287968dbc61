"""Measured times for a terminal: every engine in a line, then what ran in it."""

from __future__ import annotations

from collections.abc import Iterator

from netweight.report.escape import plain
from netweight.report.latency.seconds import seconds
from netweight.report.memory.aligned import aligned
from netweight.report.wrap import wrapped
from netweight.results.bench import Bench, EngineTimes, KernelTime
from netweight.units import amount

_SHOWN = 10
_CLOSE = 0.05


def to_text(bench: Bench, *, width: int | None = None, layers: bool = False) -> str:
    """The whole report; names from files cannot act on the terminal."""
    return "".join(f"{plain(line).rstrip()}\n" for line in _lines(bench, width, layers=layers))


def _lines(bench: Bench, width: int | None, *, layers: bool) -> Iterator[str]:
    inputs = ", ".join(f"{i.name} {'x'.join(map(str, i.shape)) or 'scalar'} {i.dtype}" for i in bench.model.inputs)
    yield from wrapped(f"{bench.model.name} ({bench.model.source}), input {inputs}: measured", width, 2)
    yield from wrapped(f"on {bench.cpu}, {amount(bench.cores, 'core')}, {bench.day}", width, 2)
    yield ""
    rows = [_cells(row) for row in bench.rows if row.state != "failed"]
    if rows:
        yield from aligned([_HEAD, *rows], width, words=(0, -1))
        yield ""
    for row in bench.rows:
        yield from (part for line in _said(row) for part in wrapped(line, width, 2))
    for row in bench.rows:
        if row.kernels:
            yield ""
            yield from _kernels(row, width, every=layers)
    if bench.notes:
        yield ""
    for note in bench.notes:
        yield from wrapped(f"note: {note}", width, 6)
    yield ""
    yield from wrapped(sentence(bench), width, 2)


_HEAD = ("engine", "batch", "p50", "p90", "p99", "spread", "per second", "computes in")


def _cells(row: EngineTimes) -> tuple[str, ...]:
    per_second = "?" if row.throughput_per_second is None else f"{row.throughput_per_second:,.1f}"
    return (
        row.engine, str(row.batch), seconds(row.p50_s), seconds(row.p90_s), seconds(row.p99_s),
        f"{100 * (row.iqr or 0):.0f} %", per_second, row.precision or "unsaid",
    )  # fmt: skip


def _said(row: EngineTimes) -> Iterator[str]:
    """Why there is nothing, or not all, and what disturbed it."""
    at = f"{row.engine}, batch {row.batch}"
    if row.reason:
        yield f"{at}: {row.state}: {row.reason}"
    for disturbance in row.disturbed:
        yield f"{at}: marked, as {disturbance}"
    asked = row.asked_precision
    if row.state != "failed" and asked and asked not in row.precision.split(", "):
        yield f"{at}: {asked} was asked for, and {row.precision or 'an unknown type'} is what it computes in"


def _kernels(row: EngineTimes, width: int | None, *, every: bool) -> Iterator[str]:
    """The dearest kernels, or all in their order, and what no kernel accounts for."""
    title = f"{row.engine} {row.version}, batch {row.batch}, {amount(row.threads, 'thread')}, by its own profile"
    yield from wrapped(title, width, 2)
    dearest = sorted(row.kernels, key=lambda kernel: -kernel.measured_s)[:_SHOWN]
    shown = row.kernels if every else dearest
    whole = row.kernels_s or 1.0
    cells = [("layers", "kernel", "code", "time", "%"), *(_kernel_cells(kernel, whole) for kernel in shown)]
    yield from aligned(cells, width, words=(0, 1, 2))
    left = [kernel for kernel in row.kernels if not any(kernel is one for one in shown)]
    if left:
        rest = seconds(sum(kernel.measured_s for kernel in left))
        yield f"... {amount(len(left), 'kernel')} more: {rest}; --layers shows all"
    yield from wrapped(_remainder(row), width, 2)


def _remainder(row: EngineTimes) -> str:
    """How the kernels add up to the whole call."""
    remainder, whole = row.remainder_s or 0.0, row.p50_s or 0.0
    share = remainder / whole if whole else 0.0
    head = f"kernels together {seconds(row.kernels_s)} of {seconds(row.p50_s)}"
    if remainder < 0:
        return f"{head}: the profile itself costs {seconds(-remainder)} ({-100 * share:.0f} %)"
    close = "" if share <= _CLOSE else ", which no kernel accounts for"
    return f"{head}, remainder {seconds(remainder)} ({100 * share:.0f} %){close}"


def _kernel_cells(kernel: KernelTime, whole: float) -> tuple[str, ...]:
    layers = kernel.layers or ("(of the engine)",)
    named = layers[0] if len(layers) == 1 else f"{layers[0]} +{len(layers) - 1}"
    code = " ".join(part for part in (kernel.precision, kernel.implementation) if part)
    return named, kernel.op, code, seconds(kernel.measured_s), f"{100 * kernel.measured_s / whole:.1f}"


def sentence(bench: Bench) -> str:
    """What a reader may quote."""
    done = [row for row in bench.rows if row.p50_s is not None]
    if not done:
        return f"{bench.model.name}: nothing was measured"
    best = min(done, key=lambda row: (row.p50_s or 0.0) / max(row.batch, 1))
    state = "" if best.state == "measured" else f", {best.state}"
    marked = ", marked" if best.disturbed else ""
    times = f"{seconds(best.p50_s)} (p50; p90 {seconds(best.p90_s)})"
    return (
        f"{bench.model.name}: {best.engine} {best.version} takes {times} at batch {best.batch} with "
        f"{amount(best.threads, 'thread')} in {best.precision or 'an unsaid type'} "
        f"(measured, {amount(best.count, 'call')}{state}{marked})"
    )
