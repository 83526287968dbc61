"""Runs a graph: one operator after the other, arrays let go of after their last reader."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, TypeAlias

from netweight import progress
from netweight.autograd.gradients import Backpropagation, backpropagation
from netweight.autograd.links import function_ends
from netweight.autograd.written import read_by
from netweight.errors import ShapeError, UnsupportedOpError, UsageError, unknown_name
from netweight.ir import Graph, Node, is_floating, located
from netweight.ir.lifetimes import last_uses, released
from netweight.lazy import Array, np
from netweight.ops.effort import Effort
from netweight.ops.own import definition_of
from netweight.ops.table import OpDef, forward
from netweight.results.compared import OnEngine
from netweight.runtime.kept import Kept, kept_of

Forward: TypeAlias = Callable[..., Any]
Keep: TypeAlias = bool | Literal["saved"]


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Run:
    """What a forward pass left behind.

    Attributes:
        outputs: The graph's outputs by name.
        updates: New values of buffers, by buffer name.
        values: Every value still held under its name: all of them if the run kept them, else inputs, weights, outputs.
        keep: What it was told to keep.
        plan: Which gradients backward computes; None if the run kept nothing for it.
        kept: What the backward of each call works with, by step. Backward empties it, unless all values were kept.
        notes: Which inputs and weights are random, and what the source of the model says.
        engines: Where engines ran it: each with what it computed in, and how far its outputs are from ``outputs``,
            which are those of the first that ran.
    """

    outputs: dict[str, Array]
    updates: dict[str, Array] = field(default_factory=dict)
    values: dict[str, Array] = field(default_factory=dict)
    keep: Keep = False
    plan: Backpropagation | None = None
    kept: dict[int, Kept] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    engines: tuple[OnEngine, ...] = ()

    def __repr__(self) -> str:
        """Its outputs by type and shape, how many values it holds beside them, and how many notes it has."""
        outputs = [f"{name} {array.dtype}[{', '.join(map(str, array.shape))}]" for name, array in self.outputs.items()]
        kept = [f"{len(self.values)} values held"] if self.keep is True else []
        notes = [f"{len(self.notes)} note{'s' * (len(self.notes) != 1)}"] if self.notes else []
        return f"<Run: {'; '.join([', '.join(outputs) or 'no outputs', *kept, *notes])}>"


def run(
    graph: Graph,
    inputs: Mapping[str, Array],
    weights: Mapping[str, Array],
    *,
    keep: Keep = False,
    wanted: Collection[str] | None = None,
    rng: np.random.Generator | None = None,
    kernels: Mapping[str, Forward] | None = None,
) -> Run:
    """Forward pass.

    Args:
        graph: The network.
        inputs: Array per graph input.
        weights: Array per parameter, buffer and constant, as ``initialize`` makes them.
        keep: ``"saved"`` holds what one ``backward`` reads, and nothing else, as a step of training does; True holds
            every value under its name, to look at, and for any number of backwards.
        wanted: Parameters and inputs whose gradients backward is to compute; by default all of floating type.
        rng: Where dropout draws from; seeded with 0 by default.
        kernels: Forward rules to use instead of the reference, by operator: ``KERNELS["im2col"]``.

    Raises:
        UsageError: If an input or a weight is missing or has another shape, or ``wanted`` names something else.
        UnsupportedOpError: If an operator has no definition.
        LimitError: If it goes further than ``netweight.limits`` allows.
    """
    values = starting_values(graph, inputs, weights)
    plan = backpropagation(graph, _differentiated(graph, wanted)) if keep else None
    done = {} if keep is True else _unused_after(graph)
    generator = rng or np.random.default_rng(0)
    effort = Effort()
    kept: dict[int, Kept] = {}
    for step, node in enumerate(graph.nodes):
        progress.step(node.layer or node.op, step + 1, len(graph.nodes))
        with located(node):
            given = [None if name is None else graph.spec(name) for name in node.inputs]
            effort.step()
            effort.before(_definition(node), node.attrs, given, [graph.spec(name) for name in node.outputs])
            reads_more = plan is not None and bool(_definition(node).extras)  # of which kernels give nothing
            saved = call(node, values, generator, {} if reads_more else kernels or {})
            effort.after(values[name] for name in node.outputs)
            if plan is not None and plan.calls[step].runs_backward:
                kept[step] = kept_of(plan.calls[step], values, saved)
            del saved
        for name in done.get(step, ()):
            del values[name]
    return Run(
        outputs={name: values[name] for name in graph.outputs},
        updates={buffer: values[name] for buffer, name in graph.updates.items()},
        values=values,
        keep=keep,
        plan=plan,
        kept=kept,
    )


def timed(
    graph: Graph, inputs: Mapping[str, Array], weights: Mapping[str, Array], clock: Callable[[], float]
) -> list[float]:
    """Seconds of each operator of a forward pass.

    Args:
        graph: The network.
        inputs: Array per graph input.
        weights: Array per parameter, buffer and constant.
        clock: What says the time.
    """
    from netweight.runtime.kernels import KERNELS

    values = starting_values(graph, inputs, weights)
    done, generator = _unused_after(graph), np.random.default_rng(0)
    found = []
    for step, node in enumerate(graph.nodes):
        start = clock()
        call(node, values, generator, KERNELS["im2col"])
        found.append(clock() - start)
        for name in done.get(step, ()):
            del values[name]
    return found


def _differentiated(graph: Graph, wanted: Collection[str] | None) -> Collection[str]:
    """Parameters and inputs whose gradients are asked for.

    Raises:
        UsageError: If no parameter and no input has that name.
    """
    possible = [name for name, value in graph.values.items() if value.kind in ("parameter", "input")]
    for name in wanted or ():
        if name not in possible:
            raise unknown_name("parameter or input of the network", name, possible)
    return [name for name in (possible if wanted is None else wanted) if is_floating(graph.spec(name).dtype)]


def _unused_after(graph: Graph) -> dict[int, list[str]]:
    """Activations by the step after which nobody uses them; the graph's results are used by the caller."""
    results = {*graph.outputs, *graph.updates.values()}
    ends = {step: (*function.outputs, *read_by(function)) for step, function in function_ends(graph).items()}
    touched = []
    for step, node in enumerate(graph.nodes):
        names = (*node.inputs, *node.outputs, *ends.get(step, ()))
        touched.append([name for name in names if name is not None and name not in results])
    last = last_uses(enumerate(touched))
    return released({name: step for name, step in last.items() if graph.values[name].kind == "activation"})


def _definition(node: Node) -> OpDef:
    op = definition_of(node)
    if op is None:
        raise UnsupportedOpError(f"run: expected an operator with a definition, got {node.op!r}")
    return op


def call(
    node: Node,
    values: dict[str, Array],
    rng: np.random.Generator,
    kernels: Mapping[str, Forward],
) -> dict[str, Array]:
    """Run a node: its outputs go to ``values``; results that only its backward may read are returned."""
    op = _definition(node)
    arrays = tuple([None if name is None else values[name] for name in node.inputs])
    if node.op in kernels:
        values[node.outputs[0]] = kernels[node.op](node.attrs, *arrays)
        return {}
    results, saved = forward(op, node.attrs, arrays, **({"rng": rng} if op.random else {}))
    values.update(zip(node.outputs, results, strict=True))
    return saved


def starting_values(graph: Graph, inputs: Mapping[str, Array], weights: Mapping[str, Array]) -> dict[str, Array]:
    """Arrays of inputs and weights.

    Raises:
        UsageError: If one is missing.
        ShapeError: If one has another shape.
    """
    values: dict[str, Array] = {}
    for name, value in graph.values.items():
        if value.kind == "activation":
            continue
        given = inputs if value.kind == "input" else weights
        if name not in given:
            raise UsageError(f"run: expected an array for {value.kind} {name!r}, got none")
        if given[name].shape != value.spec.shape:
            raise ShapeError(f"run: expected {name!r} of shape {value.spec.shape}, got {given[name].shape}")
        values[name] = given[name]
    return values
