"""Which layers of the network a kernel of an engine runs.

An engine names a kernel by one of the operators that it was made of, often with something behind the name:
``layer1.0.relu_nchwc``. The network says what lies before: the kernel runs that operator and those before it whose
results nobody else reads, back to the first that another kernel runs.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from netweight.engines.engine import Kernel
from netweight.ir import Graph, Node
from netweight.ops import REGISTRY

_ENDS = "_/:."


@dataclass(frozen=True, slots=True, kw_only=True)
class Named:
    """A kernel with the names that its engine gives for what it is made of.

    Attributes:
        kernel: The kernel, without layers.
        names: Names of operators or of their results, as the engine has them.
    """

    kernel: Kernel
    names: tuple[str, ...]


def with_layers(graph: Graph, kernels: Sequence[Named]) -> tuple[Kernel, ...]:
    """The kernels with the layers that each runs; a layer in none was folded into weights, or its kernel is unknown."""
    steps = {name: step for step, node in enumerate(graph.nodes) for name in node.outputs}
    for step, node in enumerate(graph.nodes):  # a layer of several operators is the last of them
        steps[node.layer] = step
    named = [_steps_of(kernel.names, steps) for kernel in kernels]
    owner: dict[int, int] = {}
    for at, own in enumerate(named):
        for step in own:
            owner.setdefault(step, at)
    links = _Links(graph)
    nameless = {sort: [at for at, own in enumerate(named) if not own and _sort_of(kernels[at].kernel.op) == sort]
                for sort in _SORTS}  # fmt: skip
    for sort in ("norm", "softmax"):  # before a kernel behind them could claim them
        _in_order(graph, owner, sort, nameless[sort], exact=True)
    _back_to_contractions(links, owner, [_is_plain(kernel.kernel.op) for kernel in kernels])
    for sort, places in nameless.items():
        _in_order(graph, owner, sort, [at for at in places if at not in owner.values()], exact=False)
    _fill(links, owner)
    by_kernel = [set(own) for own in named]
    for step, at in owner.items():
        by_kernel[at].add(step)
    return tuple(
        replace(kernel.kernel, layers=tuple(dict.fromkeys(graph.nodes[step].layer for step in sorted(own))))
        for kernel, own in zip(kernels, by_kernel, strict=True)
    )


def _in_order(graph: Graph, owner: dict[int, int], sort: str, places: Sequence[int], *, exact: bool) -> None:
    """Kernels that name no operator run those of their sort that are left, in order; ``exact`` if there are as many."""
    left = [step for step, node in enumerate(graph.nodes) if _sort(node) == sort and step not in owner]
    if exact:
        left = [step for step in left if graph.nodes[step].op != "batch_norm"]  # goes into the weights before it
    if not exact or len(left) == len(places):
        owner.update(zip(left, places, strict=False))


class _Links:
    """Which operators make what an operator reads, and which read what it makes."""

    def __init__(self, graph: Graph) -> None:
        self.graph = graph
        made = {name: step for step, node in enumerate(graph.nodes) for name in node.outputs}
        self.before = [[made[name] for name in node.inputs if name in made] for node in graph.nodes]
        self.after: list[set[int]] = [set() for _ in graph.nodes]
        for step, sources in enumerate(self.before):
            for source in sources:
                self.after[source].add(step)


def _is_plain(op: str) -> bool:
    """Whether a kernel contracts nothing, by what the engine calls its operator."""
    return any(part in op.lower() for part in _PLAIN)


def _back_to_contractions(links: _Links, owner: dict[int, int], plain: Sequence[bool]) -> None:
    """What lies between the operator that names a kernel and the contraction before it runs in that kernel.

    A kernel that contracts nothing, as one of a pool, does not run the convolution before it.
    """
    for head in sorted(owner, reverse=True):
        step = head
        while not plain[owner[head]] and not _contracts(links.graph.nodes[step]) and links.before[step]:
            source = next((s for s in links.before[step] if s not in owner and len(links.after[s]) == 1), None)
            if source is None:
                break
            owner[source] = owner[head]
            step = source


def _fill(links: _Links, owner: dict[int, int]) -> None:
    """What names no kernel runs in that of the last that it reads, else in that of what alone reads it."""
    nodes = links.graph.nodes
    for step, node in enumerate(nodes):
        if step not in owner and not _contracts(node):
            sources = [source for source in links.before[step] if source in owner]
            if sources:
                owner[step] = owner[max(sources)]
    for step in range(len(nodes) - 1, -1, -1):
        owners = {owner.get(reader) for reader in links.after[step]}
        if step not in owner and not _contracts(nodes[step]) and len(owners) == 1 and None not in owners:
            owner[step] = next(iter(owners))  # type: ignore[assignment]


def _steps_of(names: Iterable[str], steps: dict[str, int]) -> list[int]:
    """Places of the operators that names stand for."""
    found = []
    for name in names:
        step = _step_of(name, steps)
        if step is not None:
            found.append(step)
    return found


def _step_of(name: str, steps: dict[str, int]) -> int | None:
    """The operator whose name this is, or begins with."""
    while name:
        if name in steps:
            return steps[name]
        cut = max((name.rfind(end) for end in _ENDS), default=-1)
        name = name[: max(cut, 0)]
    return None


def _contracts(node: Node) -> bool:
    return _sort(node) == "contraction"


def _sort(node: Node) -> str:
    definition = REGISTRY.find(node.op)
    return "" if definition is None else _SORT_OF_KIND.get(definition.kind, "")


def _sort_of(op: str) -> str:
    """Sort of a kernel by what the engine calls its operator; empty for all others."""
    lowered = op.lower()
    return next((sort for sort, parts in _SORTS.items() if any(part in lowered for part in parts)), "")


_SORTS = {
    "contraction": ("conv", "gemm", "matmul", "fullyconnected", "attention", "lstm", "gru", "rnn"),
    "norm": ("norm", "mvn"),
    "softmax": ("softmax",),
}
"""Sorts of kernels that are matched in their order where an engine names none of their operators."""
_PLAIN = ("pool", "reduce", "eltwise", "concat")
"""Parts of the names of kernels that contract nothing."""
_SORT_OF_KIND = {
    "conv": "contraction", "linear": "contraction", "matmul": "contraction", "attention": "contraction",
    "recurrent": "contraction", "norm": "norm", "softmax": "softmax",
}  # fmt: skip
