"""Latency and throughput over the size of a batch: table, CSV, picture."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from io import StringIO

from netweight.report.escape import csv_cell, markdown, plain
from netweight.report.latency.seconds import seconds
from netweight.report.memory.aligned import aligned
from netweight.report.pipes import pipe_table
from netweight.report.svg import LogAxes, around, framed, number, safe
from netweight.report.wrap import wrapped
from netweight.results.throughput import Point, Throughput


def to_text(found: Throughput, *, width: int | None = None) -> str:
    """The whole report; names from files cannot act on the terminal."""
    return "".join(f"{plain(line).rstrip()}\n" for line in _lines(found, width))


def _lines(found: Throughput, width: int | None) -> Iterator[str]:
    yield from wrapped(_heading(found), width, 2)
    yield ""
    engines = _engines(found)
    yield from aligned(_rows(found, engines), width, words=(3,))
    yield ""
    if engines:
        yield from wrapped(f"predicted: {', '.join(engines)}", width, 2)
    for line in _stages(found):
        yield from wrapped(line, width, 2)
    for note in found.notes:
        yield from wrapped(f"note: {note}", width, 6)
    yield from wrapped(sentence(found), width, 2)


def to_markdown(found: Throughput) -> str:
    """A table of the sizes, what a pipeline does, what a reader must know, and the answer."""
    engines = _engines(found)
    head, *rows = _rows(found, engines)
    predicted = [f"predicted: {', '.join(engines)}"] if engines else []
    listed = (*predicted, *_stages(found), *(f"note: {note}" for note in found.notes))
    lines = [
        markdown(_heading(found)),
        "",
        *pipe_table(head, rows, words=(3,)),
        "",
        *(f"- {markdown(line)}" for line in listed),
        "",
        markdown(sentence(found)),
    ]
    return "\n".join(lines) + "\n"


def _heading(found: Throughput) -> str:
    return f"{found.model.name} ({found.model.source}) on {found.device.title}: throughput over the batch"


def _rows(found: Throughput, engines: list[str]) -> list[tuple[str, ...]]:
    """The titles, then a row for each size."""
    rows = [("batch", "latency", "per second", "limited by", *(f"{name.split()[0]} predicted" for name in engines))]
    for point in found.points:
        predicted = {e.engine: e.latency_s for e in point.estimates}
        rows.append(
            (
                str(point.batch),
                seconds(point.latency_bound_s),
                _rate(point.throughput_bound_per_second),
                point.limited_by or "unknown",
                *(seconds(predicted.get(name)) for name in engines),
            )
        )
    return rows


def _engines(found: Throughput) -> list[str]:
    return list(dict.fromkeys(e.engine for point in found.points for e in point.estimates))


def _rate(per_second: float | None) -> str:
    return "?" if per_second is None else f"{per_second:,.0f}" if per_second >= 100 else f"{per_second:,.3g}"


def _stages(found: Throughput) -> Iterator[str]:
    """What a pipeline of two does to both."""
    stages = found.stages
    if stages is not None:
        both, slower = f"{seconds(stages.first_s)} and {seconds(stages.second_s)}", max(stages.first_s, stages.second_s)
        yield (
            f"two stages on two such devices, cut before {stages.cut_before}: {both}; a batch of {stages.batch} takes "
            f"their sum, {seconds(stages.latency_s)}, and one is done each {seconds(slower)}: "
            f"{_rate(stages.throughput_per_second)} per second"
        )


def sentence(found: Throughput) -> str:
    """What a reader may quote."""
    head = f"{found.model.name} on {found.device.name}"
    if found.knee is None:
        return f"{head}: no bound, as a kernel has none"
    at = next(point for point in found.points if point.batch == found.knee)
    first = found.points[0]
    return (
        f"{head}: from batch {found.knee} on, more samples add latency and less than a tenth of throughput: "
        f"{_rate(at.throughput_bound_per_second)} per second at {seconds(at.latency_bound_s)} a batch, against "
        f"{_rate(first.throughput_bound_per_second)} at {seconds(first.latency_bound_s)} with {first.batch} (bound)"
    )


def to_csv(found: Throughput) -> str:
    """One line per size, seconds in full; what is unknown is empty."""
    out = StringIO()
    writer = csv.writer(out, lineterminator="\n")
    engines = _engines(found)
    predicted = (f"{name} {end}" for name in engines for end in ("predicted_s", "predicted_low_s", "predicted_high_s"))
    columns = ("batch", "latency_bound_s", "throughput_bound_per_second", "limited_by")
    writer.writerow((*columns, *(csv_cell(name) for name in predicted)))
    for point in found.points:
        by_engine = {e.engine: (e.latency_s, e.low_s, e.high_s) for e in point.estimates}
        values = [getattr(point, name) for name in columns]
        values += [value for name in engines for value in by_engine.get(name, (None, None, None))]
        writer.writerow(["" if value is None else value for value in values])
    return out.getvalue()


def to_svg(found: Throughput) -> str:
    """Throughput against latency, a dot for each size; the knee is marked."""
    known = [p for p in found.points if p.latency_bound_s and p.throughput_bound_per_second]
    title = f"{found.model.name} on {found.device.title}: throughput and latency, bound"
    if not known:
        return framed(title, LogAxes(1, 10, 1, 10), "latency of a batch, s", "samples per second", iter(()))
    xs = around([point.latency_bound_s or 1.0 for point in known])
    ys = around([point.throughput_bound_per_second or 1.0 for point in known])
    axes = LogAxes(*xs, *ys)
    return framed(title, axes, "latency of a batch, s", "samples per second", _dots(known, found.knee, axes))


def _dots(points: list[Point], knee: int | None, axes: LogAxes) -> Iterator[str]:
    places = [(axes.x(p.latency_bound_s or 1.0), axes.y(p.throughput_bound_per_second or 1.0)) for p in points]
    path = "L".join(f"{number(x)} {number(y)}" for x, y in places)
    yield f'<path d="M{path}" fill="none" stroke="#3b6fb6"/>'
    for point, (x, y) in zip(points, places, strict=True):
        at_knee = point.batch == knee
        rate = f"{_rate(point.throughput_bound_per_second)} per second"
        says = f"batch {point.batch}: {seconds(point.latency_bound_s)}, {rate}"
        drawn = 'r="6" fill="#c00"' if at_knee else 'r="4" fill="#3b6fb6"'
        yield f'<circle cx="{number(x)}" cy="{number(y)}" {drawn}><title>{safe(says)}</title></circle>'
        yield f'<text x="{number(x + 8)}" y="{number(y + 14)}">{point.batch}{" (knee)" if at_knee else ""}</text>'
