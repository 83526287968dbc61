"""Networks whose parameters follow from the input: what another input makes of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from netweight.ir import Graph
from netweight.units import scaled

_NAMED = 3


@dataclass(frozen=True, slots=True)
class Differs:
    """How a network differs from the published one of its name.

    Attributes:
        note: The sentence on its parameters.
        published: The published one in a few words: ``"61.0 M params at 3x224x224"``.
    """

    note: str
    published: str


def differs(found: Graph, published: Graph) -> Differs | None:
    """How many parameters a network has at this input and at the published one; None if as many.

    A fully connected layer over a picture has one weight for each of its positions: AlexNet's ``fc6`` has 37,752,832
    parameters at 224 x 224, and 166,727,680 at 448 x 448.

    Args:
        found: The network at the input that was asked for.
        published: The same at the published input.
    """
    here, there = _by_layer(found), _by_layer(published)
    changed = [layer for layer in {**here, **there} if here.get(layer) != there.get(layer)]
    if not changed:
        return None
    at, usual = _input(found), _input(published)
    changed.sort(key=lambda layer: -abs(here.get(layer, 0) - there.get(layer, 0)))
    named = ", ".join(
        f"{layer} has {here.get(layer, 0):,} at {at} (published: {there.get(layer, 0):,} at {usual})"
        for layer in changed[:_NAMED]
    )
    more = f" and {len(changed) - _NAMED} more layers" if len(changed) > _NAMED else ""
    total, usual_total = (scaled(sum(layers.values())) for layers in (here, there))
    note = f"its parameters follow from the input: {named}{more}, {total} in all (published: {usual_total})"
    return Differs(note, f"{usual_total} params at {usual}")


def _by_layer(graph: Graph) -> Mapping[str, int]:
    """Parameters of each layer, by the name of the layer."""
    found: dict[str, int] = {}
    for name, value in graph.values.items():
        if value.kind == "parameter":
            layer, _, last = name.rpartition(".")
            layer = layer if last in ("weight", "bias") else name
            found[layer] = found.get(layer, 0) + value.spec.numel
    return found


def _input(graph: Graph) -> str:
    """One sample of the first input: ``3x224x224``."""
    return "x".join(map(str, graph.spec(graph.inputs[0]).shape[1:]))
