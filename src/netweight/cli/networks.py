"""The built-in networks as text."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Sequence

from netweight.app.models import Described, Network

_NARROWEST = 24


def networks_text(found: Sequence[Network]) -> str:
    """One network a line; with headings and aligned figures where they were weighed."""
    rows = [(model.name, *_figures(model), model.about) for model in found]
    if any(model.params is not None for model in found):
        rows.insert(0, ("network", "params", "MACs", "peak activations", ""))
    return "\n".join(_aligned(rows))


def network_text(found: Described, width: int = 100) -> str:
    """A network with its input, costs, options and source, in lines of at most that width."""
    shape = "x".join(map(str, found.input_shape))
    peak = f"peak activations {found.peak_activation_count:,}"
    parts = [
        (f"{found.name}: ", found.about),
        ("", ""),
        ("input      ", f"{shape} {found.input_dtype}"),
        ("costs      ", f"{found.params:,} params, {found.macs:,} MACs, {peak}"),
        *([("published  ", found.source)] if found.source else []),
        ("described  ", found.file),
    ]
    if found.options:
        rows = [("option", "default", ""), *((o.name, o.default, o.about) for o in found.options)]
        starts = _aligned([row[:2] for row in rows])
        longest = max(map(len, starts))
        parts += [("", ""), *((f"{start:<{longest}}  ", row[2]) for start, row in zip(starts, rows, strict=True))]
        parts += [("", ""), ("for example: ", f"netweight {found.name}:{_example(found)}")]
    return "\n".join(line for start, text in parts for line in _wrapped(start, text, width))


def _example(found: Described) -> str:
    """An option as it is written, with a value that is not the default where any other will do."""
    names = [option.name for option in found.options]
    return "num_classes=7" if "num_classes" in names else f"{names[0]}={found.options[0].default}"


def _figures(model: Network) -> tuple[str, ...]:
    figures = (model.params, model.macs, model.peak_activation_count)
    return tuple(f"{figure:,}" for figure in figures if figure is not None)


def _aligned(rows: Iterable[tuple[str, ...]]) -> list[str]:
    """Cells of each column one below the other; those between the first and the last are numbers."""
    table = list(rows)
    widths = [max(map(len, column)) for column in zip(*table, strict=True)]
    last = len(widths) - 1
    return [
        "  ".join(
            cell.rjust(width) if 0 < at < last else cell.ljust(width)
            for at, (cell, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in table
    ]


def _wrapped(start: str, text: str, width: int) -> list[str]:
    """A text beside its heading, broken between words."""
    room = max(width, len(start) + _NARROWEST)
    return textwrap.wrap(text, room, initial_indent=start, subsequent_indent=" " * len(start)) or [start.rstrip()]
