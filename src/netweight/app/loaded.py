"""A model as it was read or captured, before a verb asks anything of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from netweight.app.faults import refused
from netweight.errors import CaptureError, Either
from netweight.ir import Graph

if TYPE_CHECKING:
    from netweight.results.fault import Fault
    from netweight.results.integer import Integers
    from netweight.zoo.published import Differs


@dataclass(frozen=True, slots=True, kw_only=True)
class Loaded:
    """A model that can be weighed.

    Attributes:
        graph: The network.
        source: What it was made from.
        notes: What the source wants a reader to know.
        exact: Whether nothing was guessed or left out.
        guesses: Notes on what only real data decide and the source assumed.
        doubts: Notes after which figures may not be exact: all guesses, and what was left out.
        inputs_guessed: Whether nobody gave an input, and one was guessed.
        call: What is called, where it is not one forward.
        fixed: Whether the graph holds only for the numbers that its integer inputs had.
        stopped_at: Module in which the model's own code failed, None if it did not.
        error: What that code raised.
        fault: Where and why it did.
        weights: Makes the array of each parameter, buffer and constant, where the model has them.
        number: Makes the array of one of them, where that takes less than making all.
        integers: What became of the conversions of a quantised network, where it is not taken as it is written.
        other: How it differs from the published network of its name, None if it does not.
        keeps: Which tensors a step of training keeps: ``"torch-eager"`` for what PyTorch runs.
    """

    graph: Graph
    source: str
    notes: tuple[str, ...] = ()
    exact: bool = True
    guesses: tuple[str, ...] = ()
    doubts: tuple[str, ...] = ()
    inputs_guessed: bool = False
    call: str = ""
    fixed: bool = False
    stopped_at: str | None = None
    error: BaseException | None = None
    fault: Fault | None = None
    weights: Callable[[], dict[str, Any]] | None = None
    number: Callable[[str], Any] | None = None
    integers: Integers | None = None
    other: Differs | None = None
    keeps: str = "ideal"

    def check_whole(self, what: str) -> None:
        """Refuse a graph that ends before the model does.

        Raises:
            CaptureError: If the model's own code failed.
            ShapeError: If a node of a file refuses what it is given.
        """
        if self.source == "onnx" and self.error is not None:
            raise self.error
        if self.fault is not None:
            raise refused(f"{what}: expected the module to run to its end", self.fault) from self.error

    def check_runnable(self, what: str, *, guesses: bool) -> None:
        """Refuse a graph that may give other outputs than the model.

        Raises:
            CaptureError: If the model's own code failed, or the source guessed and ``guesses`` is not set.
        """
        self.check_whole(what)
        if self.guesses and not guesses:
            raise CaptureError(
                f"{what}: expected a network without guesses, got: {'; '.join(self.guesses)}",
                fix=Either("guesses=True takes it as it was guessed", "--guess takes it as it was guessed"),
            )
