"""Activation memory of a network under each convention: what is alive when, at the peak, and in a plan."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from netweight.analysis.conventions import CONVENTIONS, Convention
from netweight.analysis.deployed import deployed
from netweight.analysis.memory import measured
from netweight.analysis.memory_plan import greedy_arena, has_plan, plan_of
from netweight.analysis.memory_reasons import BASIS, with_reasons
from netweight.analysis.order import has_order, least_peak
from netweight.analysis.pieces import Facts, Piece
from netweight.ir import Graph
from netweight.placement.problem import Placement
from netweight.results.memory import ConventionMemory, Plan, Step, Tensor


def memory_table(graph: Graph, rules: Mapping[str, Convention], *, as_written: bool) -> dict[str, ConventionMemory]:
    """What each convention says of a network, by their names, with the reason why it is not what liveness says.

    Args:
        graph: The network.
        rules: The conventions.
        as_written: Whether every operator is a step of its own, also where a runtime would run several as one.
    """
    compared = {BASIS: CONVENTIONS[BASIS], **rules}
    used = {name: rule if as_written else as_deployed(rule) for name, rule in compared.items()}
    facts = {kernels: Facts.of(deployed(graph, kernels).graph) for kernels in {rule.kernels for rule in used.values()}}
    found = {name: memory_under(facts[rule.kernels], rule) for name, rule in used.items()}
    said = with_reasons(found, used)
    return {name: said[name] for name in rules}


def as_deployed(rule: Convention) -> Convention:
    """A convention over the kernels of a runtime; one that follows a program, or layers, stays as it is."""
    if rule.kernels != "written" or rule.held_by_program or rule.moment == "layer":
        return rule
    return replace(rule, kernels="runtime")


def memory_under(facts: Facts, rule: Convention) -> ConventionMemory:
    """What one convention says of a network whose nodes are its steps."""
    found = measured(facts, rule)
    graph = facts.graph
    plan = plan_of(found.pieces, len(graph.nodes), rule) if has_plan(rule) else None
    tensors = {piece.name: _tensor(graph, piece, plan) for piece in found.pieces}
    alive = found.alive
    return ConventionMemory(
        about=rule.about,
        kernels=rule.kernels,
        peak_bytes=found.peak_bytes,
        peak_step=found.step + 1 if graph.nodes else 0,
        peak_layer=graph.nodes[found.step].layer if graph.nodes else "",
        why="",
        live=tuple(tensors[name] for name in found.names),
        shared_bytes=max(-found.beside, 0),
        beside_bytes=max(found.beside, 0),
        total_bytes=sum(piece.nbytes for piece in found.pieces),
        steps=tuple(
            Step(layer=node.layer, op=node.op, alive_bytes=nbytes)
            for node, nbytes in zip(graph.nodes, alive, strict=True)
        ),
        tensors=tuple(tensors.values()),
        plan=None if plan is None else _plan(plan, greedy_arena(plan, found.pieces, len(graph.nodes), rule)),
        order=least_peak(facts, rule, found.peak_bytes) if has_order(rule) else None,
    )


def _tensor(graph: Graph, piece: Piece, plan: Placement | None) -> Tensor:
    spec = graph.spec(piece.name)
    return Tensor(
        name=piece.name,
        shape=spec.shape,
        dtype=spec.dtype,
        nbytes=piece.nbytes,
        first_step=piece.born + 1,
        last_step=min(piece.dies + 1, max(len(graph.nodes), 1)),
        offset_bytes=None if plan is None else plan.offsets.get(piece.name),
    )


def _plan(plan: Placement, greedy_bytes: int) -> Plan:
    return Plan(
        arena_bytes=plan.height,
        lower_bound_bytes=plan.lower_bound,
        proved_optimal=plan.proved,
        method=plan.method,
        greedy_bytes=greedy_bytes,
    )
