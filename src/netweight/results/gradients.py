"""How large gradients are, layer by layer: plain data, the same in Python and in JSON."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from netweight.results.as_json import fields_of
from netweight.results.profile import ModelInfo

SCHEMA = "netweight/gradients/1"


@dataclass(frozen=True, slots=True, kw_only=True)
class LayerGradient:
    """The gradient of the parameters of one layer.

    Attributes:
        layer: Its path.
        parameters: Names of its parameters that get a gradient.
        count: Elements of them.
        norm: Square root of the sum of the squares of the gradient.
        rms: Square root of their mean: the size of one element.
        weight_norm: Square root of the sum of the squares of the parameters.
    """

    layer: str
    parameters: tuple[str, ...]
    count: int
    norm: float
    rms: float
    weight_norm: float


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Gradients:
    """How large the gradient of each layer is after one backward, in float64.

    Attributes:
        model: The network.
        training: Whether batch normalisation used the statistics of the batch and dropout dropped.
        seed: Of what is random.
        loss: What was differentiated, in words.
        value: Its value.
        layers: One entry per layer with parameters, from input to output.
        notes: What a reader must know.
    """

    model: ModelInfo
    training: bool
    seed: int
    loss: str
    value: float
    layers: tuple[LayerGradient, ...]
    notes: tuple[str, ...] = ()

    @property
    def first_to_last(self) -> float | None:
        """How large an element of the first layer's gradient is beside one of the last's; None where that is 0."""
        first, last = self.layers[0].rms, self.layers[-1].rms
        return first / last if last else None

    def to_dict(self) -> dict[str, Any]:
        """Nested dicts and lists of the JSON schema ``netweight/gradients/1``."""
        return {"schema": SCHEMA, "first_to_last": self.first_to_last, **fields_of(self)}

    def to_json(self, *, indent: int | None = 2) -> str:
        """JSON text."""
        return json.dumps(self.to_dict(), indent=indent)
