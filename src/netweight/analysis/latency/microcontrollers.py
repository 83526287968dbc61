"""Latency on a microcontroller from its MACs alone: seconds per MAC, a constant of an engine on a board.

The constant is the geometric mean over networks that others measured. Each network in turn is predicted from the
others, which leaves the errors that a reader is told: the interval holds eight of ten of them.
"""

from __future__ import annotations

import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from math import exp, log
from pathlib import Path

from netweight.quantile import quantile
from netweight.results.latency import Estimate
from netweight.units import scaled

_FOLDER = Path(__file__).parent.parent / "devices" / "published"
COVERAGE = 0.8


@dataclass(frozen=True, slots=True, kw_only=True)
class Published:
    """What was measured of an engine on a board.

    Attributes:
        engine: Name and version.
        dtype: Element type of the networks.
        source: Where the latencies are written.
        networks: Name, MACs and seconds of each.
    """

    engine: str
    dtype: str
    source: str
    networks: tuple[tuple[str, int, float], ...]

    @property
    def seconds_per_mac(self) -> float:
        """The constant, over all of them."""
        return _constant(self.networks)

    def errors(self) -> dict[str, float]:
        """By network the part of its latency by which the others miss it: 0.1 where they say 10 % too much."""
        found = {}
        for at, (name, macs, measured) in enumerate(self.networks):
            others = (*self.networks[:at], *self.networks[at + 1 :])
            found[name] = macs * _constant(others) / measured - 1
        return found

    def mean_error(self) -> float:
        """Mean of the errors without their signs."""
        sizes = [abs(error) for error in self.errors().values()]
        return sum(sizes) / len(sizes)

    def spread(self) -> float:
        """Factor around the constant that holds eight of ten networks when each is predicted from the others."""
        return exp(quantile([abs(log(1 + error)) for error in self.errors().values()], COVERAGE))


def _constant(networks: Sequence[tuple[str, int, float]]) -> float:
    return exp(sum(log(seconds / macs) for _, macs, seconds in networks) / len(networks))


@cache
def published(board: str) -> tuple[Published, ...]:
    """What was measured on a board, engine by engine; nothing where nobody has.

    Args:
        board: Name of a device.
    """
    path = _FOLDER / f"{board}.toml"
    if not path.exists():
        return ()
    data = tomllib.loads(path.read_text(encoding="utf-8"))
    return tuple(
        Published(
            engine=engine["title"],
            dtype=data["dtype"],
            source=engine["source"],
            networks=tuple((n["name"], n["macs"], n[key]) for n in data["networks"] if key in n),
        )
        for key, engine in data["engines"].items()
    )


def published_boards() -> tuple[str, ...]:
    """Boards on which somebody measured."""
    return tuple(sorted(path.stem for path in _FOLDER.glob("*.toml")))


def published_types(board: str) -> frozenset[str]:
    """Element types of the networks that were measured on a board."""
    return frozenset(one.dtype for one in published(board))


def estimates(board: str, macs: int | None, dtypes: frozenset[str]) -> tuple[Estimate, ...]:
    """Latency of a network on a board, by engine; nothing for a network of another type, or of unknown work.

    Args:
        board: Name of a device.
        macs: Multiply-accumulates of the network.
        dtypes: Element types in which they are done.
    """
    return tuple(
        Estimate(
            kind="predicted",
            engine=one.engine,
            latency_s=macs * one.seconds_per_mac,
            low_s=macs * one.seconds_per_mac / one.spread(),
            high_s=macs * one.seconds_per_mac * one.spread(),
            coverage=COVERAGE,
            source=_said(one, macs),
        )
        for one in published(board)
        if macs and dtypes == {one.dtype}
    )


def _said(one: Published, macs: int) -> str:
    """Where an estimate is from, how far it was off, and whether the network is larger or smaller than all others."""
    sizes = [size for _, size, _ in one.networks]
    outside = not min(sizes) <= macs <= max(sizes)
    beyond = f"; its {scaled(macs)} MACs lie beyond theirs, {scaled(min(sizes))} to {scaled(max(sizes))}"
    return (
        f"{one.seconds_per_mac * 1e9:.2f} ns per MAC, from {len(one.networks)} networks; each from the others: "
        f"{100 * one.mean_error():.0f} % off{beyond if outside else ''} [{one.source}]"
    )
