"""The built-in networks."""

from __future__ import annotations

from dataclasses import dataclass

from netweight import zoo
from netweight.app.arguments import flag, takes
from netweight.app.weigh import weigh
from netweight.zoo.in_words import Option


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
    """The built-in networks, with what they cost on request.

    >>> import netweight
    >>> [network.name for network in netweight.models()][:3]
    ['mlp', 'shallow_cnn', 'lenet5']

    Args:
        costs: Weigh each of them.
    """
    return tuple(_network(name, costs=costs) for name in zoo.names())


@dataclass(frozen=True, slots=True, kw_only=True)
class Described:
    """A built-in network with all that can be set of it, and what it costs as published.

    Attributes:
        name: What ``weigh`` takes.
        about: One line.
        input_shape: One sample, as the publication gives it.
        input_dtype: Its type.
        options: What may follow the name, each with its default: ``resnet50:num_classes=10``.
        params: Parameters.
        macs: Multiply-accumulates of one sample.
        peak_activation_count: Largest input + output of a layer (``lecture``).
        source: The publication.
        file: Where it is described, in this package.
    """

    name: str
    about: str
    input_shape: tuple[int, ...]
    input_dtype: str
    options: tuple[Option, ...]
    params: int
    macs: int
    peak_activation_count: int
    source: str
    file: str


def described(name: str) -> Described:
    """A built-in network with all that can be set of it.

    Raises:
        UnknownNameError: If there is no such network.
    """
    words = zoo.description(name)
    profile = weigh(name, conventions=("lecture",))
    return Described(
        name=name,
        about=words.about,
        input_shape=words.input.shape,
        input_dtype=words.input.dtype,
        options=words.options,
        params=profile.totals.params,
        macs=profile.totals.macs,
        peak_activation_count=profile.activations["lecture"].peak_count,
        source=words.source,
        file=words.file,
    )


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
