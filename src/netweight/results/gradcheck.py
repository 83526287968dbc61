"""Whether gradients are the derivatives: plain data, the same in Python and in JSON."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from netweight.results.as_json import fields_of
from netweight.results.profile import ModelInfo

SCHEMA = "netweight/gradcheck/1"


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """One slope, computed twice.

    Attributes:
        at: Index of the element that was moved; None where all moved along a random direction.
        backward: What backward says.
        differences: What finite differences say.
        relative_error: How far they are apart, as part of the larger of them, of the root mean square of the tensor's
            gradient, and of what differences can resolve.
    """

    at: tuple[int, ...] | None
    backward: float
    differences: float
    relative_error: float


@dataclass(frozen=True, slots=True, kw_only=True)
class TensorCheck:
    """The gradient of one parameter or input.

    Attributes:
        tensor: Its name.
        kind: ``"parameter"`` or ``"input"``.
        shape: Its shape.
        count: Elements.
        compared: Elements whose slope was compared.
        directions: Random directions along which all elements moved at once, and the slope was compared.
        kinks: Indices of the elements at which the differences disagree, which are not compared.
        kinked_directions: Directions that met a kink, and were drawn again.
        gradient_rms: Root mean square of the gradient of backward; None if it is not finite.
        largest_relative_error: The largest that was found; None if nothing was compared.
        worst: Where that was.
        passed: Whether all that was compared is within the tolerance, and anything was.
        reason: Why nothing was compared; empty if something was.
    """

    tensor: str
    kind: str
    shape: tuple[int, ...]
    count: int
    compared: int
    directions: int
    kinks: tuple[tuple[int, ...], ...]
    kinked_directions: int
    gradient_rms: float | None
    largest_relative_error: float | None
    worst: Difference | None
    passed: bool
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class GradCheck:
    """Whether backward is the derivative of forward, tensor by tensor.

    Attributes:
        model: What was checked.
        training: Whether batch normalisation used the statistics of the batch and dropout dropped.
        kernels: Whose gradients: ``"reference"`` for the operators' own rules, ``"training"`` for what trains.
        seed: Of what is random: inputs, weights that the model does not have, projection, elements, directions.
        tolerance: Largest relative error that passes.
        outputs: Outputs whose random projection was differentiated.
        tensors: One entry per parameter and input of floating type that the outputs depend on.
        notes: What a reader must know.
    """

    model: ModelInfo
    training: bool
    kernels: str
    seed: int
    tolerance: float
    outputs: tuple[str, ...]
    tensors: tuple[TensorCheck, ...]
    notes: tuple[str, ...] = ()

    @property
    def passed(self) -> bool:
        """Whether every tensor passed."""
        return all(tensor.passed for tensor in self.tensors)

    @property
    def largest_relative_error(self) -> float | None:
        """The largest of all tensors; None if nothing was compared."""
        return max(
            (t.largest_relative_error for t in self.tensors if t.largest_relative_error is not None), default=None
        )

    def __getitem__(self, tensor: str) -> TensorCheck:
        """The entry of one tensor.

        Raises:
            KeyError: If there is none.
        """
        return {entry.tensor: entry for entry in self.tensors}[tensor]

    def to_dict(self) -> dict[str, Any]:
        """Nested dicts and lists of the JSON schema ``netweight/gradcheck/1``."""
        head = {"schema": SCHEMA, "passed": self.passed, "largest_relative_error": self.largest_relative_error}
        return {**head, **fields_of(self)}

    def to_json(self, *, indent: int | None = 2) -> str:
        """JSON text."""
        return json.dumps(self.to_dict(), indent=indent)
