"""What was measured, beside what was computed: one sample for each kernel that an engine ran."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from netweight.analysis.latency.work import KernelWork
from netweight.calibration.classes import class_of
from netweight.calibration.features import Features, features_of
from netweight.engines.engine import Kernel
from netweight.ir import Graph

_MAIN = 0.85
_OPS_PER_SECOND, _BYTES_PER_SECOND = 5e10, 1e10
"""A nominal machine that says which of several operators in one kernel is most of it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """One kernel.

    Attributes:
        network: Of which network.
        layer: What it is called by.
        class_name: Its class.
        features: What its law reads.
        seconds: How long it took.
    """

    network: str
    layer: str
    class_name: str
    features: Features
    seconds: float


def samples_of(graph: Graph, works: Sequence[KernelWork], kernels: Sequence[Kernel], *, cold: bool) -> list[Sample]:
    """Samples of a network; kernels of several operators none of which is most of the work give none.

    Args:
        graph: The network.
        works: Its kernels, as they are foreseen.
        kernels: Its kernels, as the engine ran them.
        cold: Whether its weights come from memory at each run, as no cache holds them all.
    """
    found = []
    for members, seconds in _groups(works, kernels):
        main = max(members, key=_nominal)
        whole = sum(map(_nominal, members))
        name = class_of(graph, main)
        if name and seconds > 0 and _nominal(main) >= _MAIN * whole:
            features = features_of(graph, main, cold=cold)
            found.append(
                Sample(
                    network=graph.name,
                    layer=main.node.layer,
                    class_name=name,
                    features=features,
                    seconds=seconds * (_nominal(main) / whole if whole else 1.0),
                )
            )
    return found


def _nominal(work: KernelWork) -> float:
    moved = (work.weight_bytes or 0) + (work.input_bytes or 0) + (work.output_bytes or 0)
    return max((work.ops_total or 0) / _OPS_PER_SECOND, moved / _BYTES_PER_SECOND)


def _groups(works: Sequence[KernelWork], kernels: Sequence[Kernel]) -> list[tuple[list[KernelWork], float]]:
    """Kernels as foreseen with the time of those that the engine ran for them, connected ones together."""
    by_head: dict[str, list[int]] = {}
    by_layer: dict[str, int] = {}
    for at, work in enumerate(works):
        by_head.setdefault(work.node.layer, []).append(at)
        for layer in work.layers:
            by_layer.setdefault(layer, at)
    group = list(range(len(works)))
    times: dict[int, float] = {}
    for kernel in kernels:
        members = _members(kernel, works, by_head, by_layer)
        if members:
            joined = {group[at] for at in members}
            target = min(joined)
            group = [target if own in joined else own for own in group]
            times[members[0]] = times.get(members[0], 0.0) + kernel.seconds
    found: dict[int, tuple[list[KernelWork], float]] = {}
    for at, work in enumerate(works):
        members_so_far, seconds = found.get(group[at], ([], 0.0))
        found[group[at]] = ([*members_so_far, work], seconds + times.get(at, 0.0))
    return list(found.values())


def _members(
    kernel: Kernel, works: Sequence[KernelWork], by_head: dict[str, list[int]], by_layer: dict[str, int]
) -> list[int]:
    """Places of the kernels that begin in a kernel of the engine: those that contract, if there are any."""
    heads = [at for layer in kernel.layers for at in by_head.get(layer, ())]
    contracting = [at for at in heads if works[at].macs]
    if contracting or heads:
        return contracting or heads
    inside = (by_layer[layer] for layer in kernel.layers if layer in by_layer)
    return [next(inside)] if kernel.layers and any(layer in by_layer for layer in kernel.layers) else []
