"""A call of a function whose backward the program wrote, as it was recorded."""

from __future__ import annotations

from dataclasses import dataclass

from netweight.sources.recording import Step
from netweight.sources.torch.site import Site


@dataclass(frozen=True, slots=True, kw_only=True)
class WrittenFunction:
    """A call of a function whose backward the program wrote.

    Attributes:
        name: What the program calls it.
        inputs: Value of each argument; None for one that is no tensor of the network.
        outputs: Values whose gradients arrive.
        saved: Values that it keeps for backward.
        arriving: What the gradients of the outputs are called in its backward.
        gradients: Value of the gradient of each input in its backward; None if it gives none.
        steps: Operators of its backward; None if that could not be followed.
        released: For each memory of its backward the number of operators after which it was let go of.
    """

    name: str
    inputs: tuple[str | None, ...]
    outputs: tuple[str, ...]
    saved: tuple[str, ...]
    arriving: tuple[str, ...]
    gradients: tuple[str | None, ...]
    steps: tuple[Step[Site], ...] | None
    released: dict[str, int]
