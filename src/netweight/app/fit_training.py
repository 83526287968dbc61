"""Whether a step of training fits, how many samples at once do, and what to checkpoint so that more do."""

from __future__ import annotations

import shlex
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

from netweight.analysis.checkpoint_choice import choose_checkpoints
from netweight.analysis.optimizers import OPTIMIZERS
from netweight.analysis.training import training_cost
from netweight.app.remedies import Again, described, impossible
from netweight.ir import Graph
from netweight.results.fit import Need, Remedy
from netweight.units import scaled

_MOST = 1 << 24
"""Samples that nobody asks for at once."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """A step of training that is to fit.

    Attributes:
        graph: The network.
        optimizer: Name of the optimiser.
        keeps: Which tensors backward keeps: the name of a convention of training.
        limit: Bytes that there are.
        again: Describes the network with other inputs; None where it is as it is.
        flags: Those of the command that ask for so many samples.
    """

    graph: Graph
    optimizer: str
    keeps: str
    limit: int
    again: Again | None
    flags: Callable[[int], str]

    def peak(self, graph: Graph, optimizer: str = "") -> int:
        """Bytes that a step needs."""
        return training_cost(graph, optimizer=optimizer or self.optimizer, convention=self.keeps).peak_bytes

    def remedy(self, name: str, needed: int, price: str, how: str) -> Remedy:
        """One that can be tried."""
        return Remedy(name=name, kind="memory", needed_bytes=needed, fits=needed <= self.limit, price=price, how=how)


def training_need(step: Step) -> Need:
    """What a step needs, and where it needs the most."""
    cost = training_cost(step.graph, optimizer=step.optimizer, convention=step.keeps)
    where = " of ".join(part for part in (cost.peak_phase, cost.peak_layer) if part)
    return Need(
        kind="memory", needed_bytes=cost.peak_bytes, limit_bytes=step.limit, where=where,
        fits=cost.peak_bytes <= step.limit,
    )  # fmt: skip


def training_remedies(step: Step, need: Need) -> Iterator[Remedy]:
    """The largest batch that fits; where the one asked for does not, what to checkpoint, and a smaller optimiser."""
    if not need.fits:
        yield from _checkpoints(step)
        yield from _optimizers(step, need)
    yield from _largest_batch(step)


def _checkpoints(step: Step) -> Iterator[Remedy]:
    choice = choose_checkpoints(step.graph, optimizer=step.optimizer, convention=step.keeps, limit=step.limit)
    if choice is None:
        return
    forward = training_cost(step.graph, optimizer=step.optimizer, convention=step.keeps).forward_macs
    more = f" ({100 * choice.recomputed_macs / forward:.0f} % of the forward)" if forward else ""
    price = f"{scaled(choice.recomputed_macs, 'MACs')} run again{more}"
    how = " ".join(f"--checkpoint {shlex.quote(path)}" for path in choice.checkpoint)
    yield step.remedy(f"{len(choice.checkpoint)} checkpointed", choice.peak_bytes, price, how)


def _optimizers(step: Step, need: Need) -> Iterator[Remedy]:
    """Those that keep less between steps."""
    peaks = {name: step.peak(step.graph, name) for name in OPTIMIZERS if name != step.optimizer}
    smaller = {name: peak for name, peak in peaks.items() if peak < need.needed_bytes}
    if smaller:
        name = min(smaller, key=lambda name: (smaller[name], name))
        yield step.remedy(name, smaller[name], "another way of learning", f"--optimizer {name}")


def _largest_batch(step: Step) -> Iterator[Remedy]:
    """The most samples at once that fit, found by trying: one more does not."""
    inputs = [step.graph.spec(name) for name in step.graph.inputs]
    if step.again is None or len({spec.shape[0] for spec in inputs if spec.shape}) != 1:
        return
    again = step.again

    def peak(samples: int) -> int | str:
        specs = [replace(spec, shape=(samples, *spec.shape[1:])) if spec.shape else spec for spec in inputs]
        graph = described(again, specs)
        return graph if isinstance(graph, str) else step.peak(graph)

    one, two = peak(1), peak(2)
    if isinstance(one, str) or isinstance(two, str):
        yield impossible("another batch", one if isinstance(one, str) else str(two))
        return
    if one > step.limit:
        yield step.remedy("batch 1", one, "not even one sample fits", step.flags(1))
        return
    samples = largest(lambda n: int(peak(n)), step.limit, (one, two))
    yield step.remedy(f"batch {samples}", int(peak(samples)), "the largest that fits", step.flags(samples))


def largest(peak: Callable[[int], int], limit: int, first: tuple[int, int]) -> int:
    """The largest number whose peak fits, where peaks rise with the number and that of 1 fits.

    Peaks are nearly straight lines, so that the line through two of them says where to look next.

    Args:
        peak: What a number needs.
        limit: Bytes that there are.
        first: What 1 and 2 need.
    """
    low, at_low, slope = 1, first[0], max(first[1] - first[0], 1)
    high, tries = _MOST + 1, 0
    while high - low > 1:
        tries += 1
        line = low + (limit - at_low) // slope
        guess = min(max(line if tries % 3 else (low + high) // 2, low + 1), high - 1)  # a line alone may creep
        found = peak(guess)
        slope = max(abs(found - at_low) // (guess - low), 1)
        if found > limit:
            high = guess
        else:
            low, at_low = guess, found
    return low
