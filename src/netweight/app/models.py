"""The built-in networks."""

from __future__ import annotations

from dataclasses import dataclass

from netweight import zoo
from netweight.app.arguments import flag, takes
from netweight.app.weigh import weigh


@dataclass(frozen=True, slots=True, kw_only=True)
class Network:
    """A built-in network; the costs only where they were asked for.

    Attributes:
        name: What ``weigh`` takes.
        about: One line.
        params: Parameters.
        macs: Multiply-accumulates of one sample.
        peak_activation_count: Largest input + output of a layer (``lecture``).
    """

    name: str
    about: str
    params: int | None = None
    macs: int | None = None
    peak_activation_count: int | None = None


@takes(costs=flag)
def models(*, costs: bool = False) -> tuple[Network, ...]:
    """The built-in networks, with what they cost on request."""
    return tuple(_network(name, costs=costs) for name in zoo.names())


def _network(name: str, *, costs: bool) -> Network:
    about = zoo.about(name)
    if not costs:
        return Network(name=name, about=about)
    profile = weigh(name, conventions=("lecture",))
    return Network(
        name=name,
        about=about,
        params=profile.totals.params,
        macs=profile.totals.macs,
        peak_activation_count=profile.activations["lecture"].peak_count,
    )
