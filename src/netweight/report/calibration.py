"""A calibration for a terminal: each law with its errors, the networks that checked it, where it is stored."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from netweight.report.escape import plain
from netweight.report.latency.seconds import seconds
from netweight.report.memory.aligned import aligned
from netweight.report.wrap import wrapped
from netweight.units import scaled


def to_text(found: Mapping[str, Any], *, width: int | None = None) -> str:
    """The whole report.

    Args:
        found: What the file of a calibration has, with its ``path`` and ``seconds``.
        width: Characters of a line; None for the natural width.
    """
    return "".join(f"{plain(line).rstrip()}\n" for line in _lines(found, width))


def _lines(found: Mapping[str, Any], width: int | None) -> Iterator[str]:
    conditions, whole = found["conditions"], found["whole"]
    threads = f"{conditions['threads']} thread{'s' if conditions['threads'] != 1 else ''}"
    yield from wrapped(
        f"{conditions['engine']} {conditions['engine_version']} on {conditions['cpu']}, {threads}", width, 2
    )
    yield ""
    yield from aligned([_HEAD, *map(_law, found["laws"].items())], width, words=(0,))
    yield ""
    yield from aligned([_NETWORKS, *map(_network, whole["networks"])], width, words=(0,))
    yield ""
    for line in found["disturbed"]:
        yield from wrapped(f"note: {line} while this was measured; measure again when the machine is quiet", width, 6)
    error = sum(abs(one["error"]) for one in whole["networks"]) / len(whole["networks"])
    yield from wrapped(
        f"whole networks: {100 * error:.1f} % off on average, each left out in turn; 80 % interval "
        f"{100 * (whole['low'] - 1):+.0f} % to {100 * (whole['high'] - 1):+.0f} %",
        width,
        2,
    )
    yield from wrapped(f"stored in {found['path']} after {found['seconds']:.0f} s", width, 2)


_HEAD = ("class", "samples", "overhead", "arithmetic", "activations", "error", "80 % interval")
_NETWORKS = ("network, left out", "predicted", "measured", "error")


def _law(item: tuple[str, Mapping[str, Any]]) -> tuple[str, ...]:
    name, fitted = item
    law = fitted["law"]
    return (
        name,
        str(fitted["samples"]),
        seconds(law["overhead_s"]),
        scaled(round(law["ops_per_second"]), "OP/s"),
        scaled(round(law["active_bytes_per_second"]), "B/s"),
        f"{100 * fitted['error']:.1f} %",
        f"{100 * (fitted['low'] - 1):+.0f} % to {100 * (fitted['high'] - 1):+.0f} %",
    )


def _network(one: Mapping[str, Any]) -> tuple[str, ...]:
    predicted = one["measured_s"] * (1 + one["error"])
    return one["network"], seconds(predicted), seconds(one["measured_s"]), f"{100 * one['error']:+.1f} %"
