"""What makes a network need less memory, tried one by one: each with what it needs then, and what it costs."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

from netweight.analysis.conventions import CONVENTIONS, Convention
from netweight.analysis.memory_table import as_deployed, memory_table
from netweight.analysis.order import has_order
from netweight.analysis.patching.search import Search
from netweight.analysis.patching.work import macs_of
from netweight.app.patches import spelled
from netweight.errors import NetweightError
from netweight.ir import Graph, TensorSpec, bits_of, is_floating
from netweight.results.fit import Remedy
from netweight.results.memory import ConventionMemory
from netweight.rewrite.bits import parse_bits, with_bits
from netweight.rewrite.order import in_best_order

Again = Callable[[Sequence[TensorSpec]], Graph]
"""Describes the network again with inputs of other shapes."""

_OTHER_CONVENTIONS = {
    "inplace": "kernels that write over inputs that die",
    "segment-overlap": "kernels that write over rows that are done",
}
_SIZES = 32


@dataclass(frozen=True, slots=True, kw_only=True)
class Tried:
    """What is asked of every remedy.

    Attributes:
        graph: The network.
        name: Convention that memory is counted under.
        limit: Bytes that there are.
        again: Describes it with other inputs; None where it is as it is.
        as_written: Whether every operator is a step of its own.
        brings_plan: Whether its file can bring a plan for its interpreter.
    """

    graph: Graph
    name: str
    limit: int
    again: Again | None
    as_written: bool
    brings_plan: bool = False

    @property
    def rule(self) -> Convention:
        """The convention, on the kernels that are asked for."""
        rule = CONVENTIONS[self.name]
        return rule if self.as_written else as_deployed(rule)

    def needed(self, graph: Graph, name: str = "") -> int:
        """Bytes that a network needs under that convention, or under the one that is asked for."""
        return needed(memory_of(graph, name or self.name, as_written=self.as_written))

    def remedy(self, name: str, needed: int, price: str, how: str = "") -> Remedy:
        """One that can be tried."""
        return Remedy(name=name, kind="memory", needed_bytes=needed, fits=needed <= self.limit, price=price, how=how)


def memory_of(graph: Graph, name: str, *, as_written: bool) -> ConventionMemory:
    """Activation memory under one convention, on the kernels of a runtime or operator by operator."""
    return memory_table(graph, {name: CONVENTIONS[name]}, as_written=as_written)[name]


def needed(found: ConventionMemory) -> int:
    """Bytes that a runtime has to have: the arena of the best plan; where there is none, the peak.

    The interpreter for microcontrollers makes a plan of its own, unless a file brings one.
    """
    if found.plan is None:
        return found.peak_bytes
    return found.plan.greedy_bytes if found.kernels == "tflm" else found.plan.arena_bytes


def remedies(tried: Tried) -> Iterator[Remedy]:
    """Each by itself, then those of integers with others, in the order of what they cost."""
    yield from _best_plan(tried)
    yield from _order(tried)
    yield from _in_place(tried, tried.graph, "", "")
    yield from _patches(tried, tried.graph, "", "")
    yield from _bits(tried)
    yield from _smaller_batch(tried)
    yield from _smaller_input(tried)


def _best_plan(tried: Tried) -> Iterator[Remedy]:
    """The best plan instead of the interpreter's own, which a TFLite file can bring."""
    found = memory_of(tried.graph, tried.name, as_written=tried.as_written)
    if found.plan is not None and found.plan.arena_bytes < needed(found):
        how = "--plan planned.tflite" if tried.brings_plan else ""
        yield tried.remedy("best plan", found.plan.arena_bytes, "none: the same outputs", how)


def _order(tried: Tried) -> Iterator[Remedy]:
    if has_order(tried.rule):
        best = in_best_order(tried.graph, tried.rule)
        better = best is not tried.graph
        price, how = ("none: the same outputs", "--reorder") if better else ("no order is better", "")
        yield tried.remedy("order of operators", tried.needed(best), price, how)


def _in_place(tried: Tried, graph: Graph, also: str, flags: str) -> Iterator[Remedy]:
    for name, price in _OTHER_CONVENTIONS.items():
        if name != tried.name:
            how = f"{flags} --convention {name}".strip()
            yield tried.remedy(f"{also}{name}", tried.needed(graph, name), price, how)


def _patches(tried: Tried, graph: Graph, also: str, flags: str) -> Iterator[Remedy]:
    """The first layers patch by patch, with the fewest MACs that are enough; where none are, with the lowest peak."""
    rule = tried.rule
    if rule.moment != "schedule" or rule.held_by_program or rule.shares_rows:
        return
    search = Search(graph=graph, rule=rule, streamed=True)
    options = search.best(tried.limit) or search.best()
    if not options:
        return
    best = min(options, key=lambda option: (option.peak_bytes > tried.limit, option.macs, option.peak_bytes))
    if best.peak_bytes > tried.limit:
        best = min(options, key=lambda option: option.peak_bytes)
    where = spelled(graph, best)
    macs = sum(macs_of(graph, node) for node in graph.nodes)
    more = f", {100 * (best.macs - macs) / macs:+.2g} % MACs" if macs else ""
    how = f"{flags} --patches {where} --convention {tried.name}".strip()
    yield tried.remedy(f"{also}patches {where}", best.peak_bytes, f"the input is read part by part{more}", how)


def _bits(tried: Tried) -> Iterator[Remedy]:
    """Eight bits instead of more."""
    floating = [value.spec for value in tried.graph.values.values() if is_floating(value.spec.dtype)]
    if not any(bits_of(spec.dtype) > 8 for spec in floating):
        return
    small = with_bits(tried.graph, parse_bits("8"))
    if tried.needed(small) >= tried.needed(tried.graph):
        return  # what takes the most has no more bits than that
    price = "accuracy: quantised"
    yield tried.remedy("8 bits", tried.needed(small), price, "--bits 8")
    yield from _in_place(tried, small, "8 bits, ", "--bits 8")
    yield from _patches(tried, small, "8 bits, ", "--bits 8")


def _smaller_batch(tried: Tried) -> Iterator[Remedy]:
    inputs = [tried.graph.spec(name) for name in tried.graph.inputs]
    batches = {spec.shape[0] for spec in inputs if spec.shape}
    if tried.again is None or len(batches) != 1 or max(batches) == 1:
        return
    name = "1 sample at once"
    one = described(tried.again, [replace(spec, shape=(1, *spec.shape[1:])) for spec in inputs if spec.shape])
    if isinstance(one, str):
        yield impossible(name, one)
    else:
        yield tried.remedy(name, tried.needed(one), "throughput", "--batch 1")


def _smaller_input(tried: Tried) -> Iterator[Remedy]:
    """The largest pictures that fit: sides that are multiples of 32, as networks that halve them five times want."""
    inputs = [tried.graph.spec(name) for name in tried.graph.inputs]
    sides = inputs[0].shape[2:] if inputs and len(inputs[0].shape) in (3, 4, 5) else ()
    if tried.again is None or not sides or min(sides) <= _SIZES or len(inputs) != 1:
        return
    for side in range((min(sides) - 1) // _SIZES * _SIZES, 0, -_SIZES):
        shape = (*inputs[0].shape[:2], *[max(1, length * side // min(sides)) for length in sides])
        graph = described(tried.again, [replace(inputs[0], shape=shape)])
        if isinstance(graph, str):
            yield impossible("smaller input", graph)
            return
        nbytes = tried.needed(graph)
        if nbytes <= tried.limit or side == _SIZES:
            by = "x".join(map(str, shape))
            yield tried.remedy(f"input {by}", nbytes, "accuracy: trained at that size", f"--input {by}")
            return


def described(again: Again, specs: Sequence[TensorSpec]) -> Graph | str:
    """The network with other inputs, or why there is none."""
    try:
        return again(specs)
    except NetweightError as error:
        return str(error).partition("\n")[0]


def impossible(name: str, why: str) -> Remedy:
    """One that cannot be tried."""
    return Remedy(name=name, kind="memory", needed_bytes=None, fits=False, price=f"cannot be made: {why}")
