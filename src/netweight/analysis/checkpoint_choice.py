"""Which modules to checkpoint so that a step of training fits: as little as possible is to run again.

Tried are the modules of each depth apart, first those that save most bytes for each MAC that runs again; of those that
are enough, each is left out again that is not needed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from glob import escape

from netweight.analysis.checkpointing import segments_of
from netweight.analysis.optimizers import optimizer_rule
from netweight.analysis.training import KEEPING, training_cost
from netweight.analysis.training_memory import training_memory
from netweight.autograd.gradients import backpropagation, trainable
from netweight.ir import Graph

_DEEPEST = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """Modules that run twice instead of keeping what they write.

    Attributes:
        checkpoint: Their paths.
        peak_bytes: Peak of a step of training with them.
        recomputed_macs: Multiply-accumulates that run again.
    """

    checkpoint: tuple[str, ...]
    peak_bytes: int
    recomputed_macs: int


def choose_checkpoints(graph: Graph, *, optimizer: str, convention: str, limit: int) -> Choice | None:
    """The modules whose checkpointing makes a step fit with the least work; where none does, those that need least.

    Args:
        graph: The network.
        optimizer: Name of the optimiser.
        convention: Which tensors backward keeps: a key of ``KEEPING``.
        limit: Bytes that there are.

    Returns:
        None if no module saves anything.
    """
    rule = optimizer_rule(optimizer)
    plan = KEEPING[convention](backpropagation(graph, trainable(graph, ())))

    def peak(modules: tuple[str, ...]) -> int:
        return training_memory(plan, segments_of(plan, [escape(path) for path in modules]), rule).peak.nbytes

    alone = training_cost(graph, optimizer=optimizer, convention=convention)
    worth = {row.layer: (row.saved_activation_bytes, row.backward_macs or 0) for row in alone.layers}
    found = []
    for modules in _levels(worth):
        chosen = _enough(modules, peak, limit)
        cost = training_cost(
            graph, optimizer=optimizer, convention=convention, checkpoint=[escape(path) for path in chosen]
        )
        if cost.peak_bytes < alone.peak_bytes:
            found.append(Choice(checkpoint=chosen, peak_bytes=cost.peak_bytes, recomputed_macs=cost.recomputed_macs))
    return min(found, key=lambda choice: _rank(choice, limit), default=None)


def _rank(choice: Choice, limit: int) -> tuple[int, int]:
    """What fits comes first, that with the least work; then what needs least."""
    return (0, choice.recomputed_macs) if choice.peak_bytes <= limit else (1, choice.peak_bytes)


def _levels(worth: dict[str, tuple[int, int]]) -> Iterator[tuple[str, ...]]:
    """The modules of each depth that have several layers, those that save most for what runs again first."""
    for depth in range(1, _DEEPEST + 1):
        inside: dict[str, list[tuple[int, int]]] = {}
        for layer, figures in worth.items():
            parts = layer.split(".")
            if len(parts) > depth:
                inside.setdefault(".".join(parts[:depth]), []).append(figures)
        saved = {path: sum(nbytes for nbytes, _ in rows) for path, rows in inside.items() if len(rows) > 1}
        if saved:
            work = {path: sum(macs for _, macs in inside[path]) for path in saved}
            yield tuple(sorted(saved, key=lambda path: (-saved[path] / (work[path] + 1), path)))


def _enough(modules: tuple[str, ...], peak: Callable[[tuple[str, ...]], int], limit: int) -> tuple[str, ...]:
    """The first modules that are enough, without those that are not needed; all of them if they are not enough."""
    if peak(modules) > limit:
        return modules
    low, high = 0, len(modules)  # of the first ``high`` it is known that they are enough
    while low < high:
        middle = (low + high) // 2
        if peak(modules[:middle]) <= limit:
            high = middle
        else:
            low = middle + 1
    chosen = modules[:high]
    for path in reversed(chosen):
        without = tuple(other for other in chosen if other != path)
        if peak(without) <= limit:
            chosen = without
    return chosen
