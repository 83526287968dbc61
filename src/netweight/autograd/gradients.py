"""What a backward pass does: which gradients each operator call computes, and what it reads for that.

A value has a gradient if a tensor whose gradient is wanted leads to it through links that pass one on. A call runs
backward if, besides, one of its outputs leads to an output of the graph. A piece of memory is named after the value
that owns it; views and operators in place share it, and what only backward reads is a piece of its own.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from fnmatch import fnmatchcase
from typing import Any

from netweight.autograd.links import Link, links_of
from netweight.autograd.written import passes_on, written_work
from netweight.errors import unknown_name
from netweight.ir import Graph, Node, TensorSpec, Value, is_floating, located
from netweight.ir.graph import Temporary
from netweight.ops import FREE, Cost, OpDef, as_tuple
from netweight.ops.own import definition_of

LASTING = ("parameter", "buffer", "constant")
"""Kinds of values that live longer than a training step."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One operator call, as the backward pass sees it.

    Attributes:
        step: Place in the graph's order.
        node: The call.
        link: Values whose gradients arrive, and those that gradients are passed on to: outputs and inputs of the node,
            unless the program diverts them.
        wanted: For each value that gradients can be passed on to whether backward computes its gradient.
        passed: For each tensor whether that is the gradient of the output or a view of it: no memory of its own.
        read: Values that backward reads, parameters included.
        saved: Pieces of memory that backward reads, without those of parameters, buffers and constants.
        extras: Results of the call that only backward can read, with their bytes; always written.
        forward: Work of the forward; None if unknown.
        backward: Work of backward, without sums over several readers of a value; None if unknown.
        scratch: Bytes of gradients at full size that backward makes, and adds up to those of what was stretched.
    """

    step: int
    node: Node
    link: Link
    wanted: tuple[bool, ...]
    passed: tuple[bool, ...]
    read: tuple[str, ...]
    saved: tuple[str, ...]
    extras: Mapping[str, int]
    forward: Cost | None
    backward: Cost | None
    scratch: int = 0

    @property
    def runs_backward(self) -> bool:
        """Whether it computes any gradient."""
        return any(self.wanted)


@dataclass(frozen=True, slots=True, kw_only=True)
class Backpropagation:
    """The backward pass of a graph.

    Attributes:
        graph: The network.
        calls: Its nodes, in the order of the forward.
        wanted: Parameters and inputs whose gradients are asked for.
        trained: Those of them that get one, in the order of the graph.
        reached: Values that have a gradient.
        overwrites: Values that are written over a buffer, with its name: new running statistics.
        temporaries: Memory that a step makes of no input and frees, by the name of the piece; none if constants last.
        made: Piece of each constant that lies in such memory.
        lifetimes: Step to which a program holds values in its variables; empty if they go with their last reader.
    """

    graph: Graph
    calls: tuple[Call, ...]
    wanted: frozenset[str]
    trained: tuple[str, ...]
    reached: frozenset[str]
    overwrites: Mapping[str, str]
    temporaries: Mapping[str, Temporary] = field(default_factory=dict)
    made: Mapping[str, str] = field(default_factory=dict)
    lifetimes: Mapping[str, int] = field(default_factory=dict)

    def piece(self, name: str) -> str:
        """Memory that a value lives in."""
        if name in self.made:
            return self.made[name]
        return self.graph.values[self.overwrites.get(name, name)].storage

    def pieces(self) -> dict[str, str]:
        """Memory that each value lives in."""
        values = self.graph.values
        found = {name: value.storage for name, value in values.items()}
        return {**found, **{new: values[old].storage for new, old in self.overwrites.items()}, **self.made}

    def nbytes(self, piece: str) -> int:
        """Size of a piece that a value or a temporary gives its name."""
        return self.temporaries[piece].nbytes if piece in self.temporaries else self.graph.spec(piece).nbytes

    def lasts(self, piece: str) -> bool:
        """Whether a piece is there before and after the step."""
        return piece in self.graph.values and self.graph.values[piece].kind in LASTING


def backpropagation(graph: Graph, wanted: Collection[str] | None = None) -> Backpropagation:
    """The backward pass of ``graph``, from all of its outputs.

    Args:
        graph: The network.
        wanted: Parameters and inputs whose gradients are asked for; by default all that training changes.
    """
    asked = frozenset(trainable(graph) if wanted is None else wanted)
    links = links_of(graph)
    moving = _moving(graph, links, asked)
    reached = _reached(graph, links, moving)
    trained = tuple(name for name in graph.values if name in asked and name in reached)
    overwrites = {new: buffer for buffer, new in graph.updates.items()}
    plan = Backpropagation(graph=graph, calls=(), wanted=asked, trained=trained, reached=reached, overwrites=overwrites)
    steps = enumerate(zip(graph.nodes, links, strict=True))
    return replace(plan, calls=tuple(_call(plan, step, node, link) for step, (node, link) in steps))


def trainable(graph: Graph, freeze: Sequence[str] = ()) -> tuple[str, ...]:
    """Floating parameters that are not frozen, and that no pattern names.

    Args:
        graph: The network.
        freeze: Patterns of parameters, or of modules around them, that are not trained.

    Raises:
        UnknownNameError: If a pattern names no parameter.
    """
    parameters = [value for value in graph.values.values() if value.kind == "parameter"]
    known_values = (*parameters, *graph.unread)
    for pattern in freeze:
        if not any(is_named(pattern, value) for value in known_values):
            known = [value.name for value in known_values]
            raise unknown_name("parameter", pattern, known, fix="a name of one, or a module or pattern: 'features.*'")
    moving = (value for value in parameters if is_floating(value.spec.dtype) and value.name not in graph.frozen)
    return tuple(value.name for value in moving if not any(is_named(pattern, value) for pattern in freeze))


def is_named(pattern: str, value: Value) -> bool:
    """Whether a pattern names a parameter, or a module around it."""
    return fnmatchcase(value.name, pattern) or fnmatchcase(value.name, f"{pattern}.*")


def _moving(graph: Graph, links: Sequence[Link], asked: Iterable[str]) -> set[str]:
    """Values that a tensor whose gradient is asked for leads to."""
    moving = {*asked, *graph.leaves}
    for link in links:
        if not link.broken and any(name in moving for name in link.gives):
            moving.update(name for name in link.takes if is_floating(graph.spec(name).dtype))
    return moving


def _reached(graph: Graph, links: Sequence[Link], moving: set[str]) -> frozenset[str]:
    """Those of them that lead to an output."""
    reached = {name for name in graph.outputs if name in moving}
    for link in reversed(links):
        if any(name in reached for name in link.takes):
            reached.update(name for name in link.gives if name in moving)
    return frozenset(reached)


def _call(plan: Backpropagation, step: int, node: Node, link: Link) -> Call:
    graph, reached = plan.graph, plan.reached
    op = definition_of(node)
    arrives = any(name in reached for name in link.takes)
    wanted = tuple(arrives and name in reached for name in link.gives)
    if op is None or not link.own:
        call = Call(
            step=step, node=node, link=link, wanted=wanted, passed=(False,) * len(wanted),
            read=(), saved=(), extras={}, forward=None, backward=None,
        )  # fmt: skip
        return _diverted(plan, call, op)
    specs = graph.input_specs(node)
    with located(node):
        return Call(
            step=step,
            node=node,
            link=link,
            wanted=wanted,
            passed=_passed(op, node, wanted, specs),
            **keeping(plan, op, step, node, wanted),
            forward=op.cost(node.attrs, *specs),
            backward=op.backward_cost(node.attrs, wanted, *specs),
        )


def _diverted(plan: Backpropagation, call: Call, op: OpDef | None) -> Call:
    """A call whose backward is not that of its operator."""
    node, function = call.node, call.link.function
    with located(node):
        forward = None if op is None else op.cost(node.attrs, *plan.graph.input_specs(node))
    if function is None:
        backward = None if call.link.own else FREE
        return replace(call, passed=(not call.link.own,) * len(call.wanted), forward=forward, backward=backward)
    if not call.runs_backward:
        return replace(call, forward=forward, backward=FREE)
    pieces = dict.fromkeys(plan.piece(name) for name in function.saved)
    return replace(
        call,
        passed=passes_on(function),
        read=function.saved,
        saved=tuple(piece for piece in pieces if not plan.lasts(piece)),
        forward=forward,
        backward=written_work(function),
    )


def keeping(
    plan: Backpropagation,
    op: OpDef,
    step: int,
    node: Node,
    wanted: tuple[bool, ...],
    sizes: Mapping[str, int] | None = None,
) -> dict[str, Any]:
    """What a call keeps by the ``saves`` of an operator: ``read``, ``saved`` and ``extras`` of a ``Call``.

    Of an input that the call writes over, a copy is kept if backward reads it.

    Args:
        plan: The backward pass.
        op: The operator.
        step: Place of the call.
        node: The call.
        wanted: For each tensor whether backward computes its gradient.
        sizes: Bytes of results that only backward reads and that the operator's own rules do not know.
    """
    if not any(wanted):
        return {"read": (), "saved": (), "extras": {}}
    slots = op.slot_names(len(node.inputs))
    names = op.saved_for([slot for slot, asked in zip(slots, wanted, strict=False) if asked])
    extras = _extras(op, step, node, plan.graph.input_specs(node))
    extras |= {f"{step}:{name}": nbytes for name, nbytes in (sizes or {}).items()}
    read = tuple(_saved_values(op, node, names))
    over = written_over(plan, op, node)
    pieces = []
    for name in read:
        piece = plan.piece(name)
        if piece in over and name not in node.outputs:
            piece = f"{step}:{name} before"
            extras[piece] = plan.graph.spec(name).nbytes
        if not plan.lasts(piece):
            pieces.append(piece)
    kept = (piece for piece in (f"{step}:{name}" for name in names) if piece in extras)
    return {"read": read, "saved": tuple(dict.fromkeys((*pieces, *kept))), "extras": extras}


def written_over(plan: Backpropagation, op: OpDef, node: Node) -> set[str]:
    """Pieces of memory that a call reads and writes its results into."""
    if op.view:
        return set()
    return {plan.piece(name) for name in node.outputs}.intersection(
        plan.piece(name) for name in node.inputs if name is not None
    )


def _extras(op: OpDef, step: int, node: Node, specs: tuple[TensorSpec | None, ...]) -> dict[str, int]:
    """Bytes of the results that only backward reads."""
    if not op.extras:
        return {}
    made = as_tuple(op.shape(node.attrs, *specs))[-len(op.extras) :]
    return {f"{step}:{name}": spec.nbytes for name, spec in zip(op.extras, made, strict=True)}


def _saved_values(op: OpDef, node: Node, names: tuple[str, ...]) -> Iterator[str]:
    """Inputs and outputs of the node among ``names``."""
    slots = op.slot_names(len(node.inputs))
    starred = op.inputs[-1][1:] if op.inputs and op.inputs[-1].startswith("*") else None
    for index, (slot, name) in enumerate(zip(slots, node.inputs, strict=False)):
        listed = slot in names or (starred in names and index >= len(op.inputs) - 1)
        if name is not None and listed:
            yield name
    for index, name in enumerate(node.outputs):
        if f"y{index or ''}" in names:
            yield name


def _passed(op: OpDef, node: Node, wanted: tuple[bool, ...], specs: tuple[TensorSpec | None, ...]) -> tuple[bool, ...]:
    """Which gradients are that of the only output, or views of it."""
    if len(node.outputs) != 1:
        return (False,) * len(wanted)
    alone = (tuple(asked and at == index for at, asked in enumerate(wanted)) for index in range(len(wanted)))
    return tuple(any(one) and op.backward_cost(node.attrs, one, *specs) is FREE for one in alone)
