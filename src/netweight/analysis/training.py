"""What a training step costs: the work of forward, backward and update, and the memory they need."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from operator import attrgetter

from netweight.analysis.checkpointing import Segments, segments_of
from netweight.analysis.dtypes import arithmetic_dtype
from netweight.analysis.gradient_names import gradient_names
from netweight.analysis.optimizers import optimizer_rule
from netweight.analysis.step_memory import TrainingMemory
from netweight.analysis.tinytl import tinytl_saved_bytes, tinytl_weight_bytes
from netweight.analysis.training_memory import state_bytes, training_memory
from netweight.autograd.eager import as_eager
from netweight.autograd.gradients import Backpropagation, Call, backpropagation, trainable
from netweight.count import product, total
from netweight.ir import Graph, is_floating
from netweight.ops import Cost
from netweight.results.training import StepMemory, Training, TrainingRow

KEEPING: Mapping[str, Callable[[Backpropagation], Backpropagation]] = {
    "ideal": lambda plan: plan,
    "torch-eager": as_eager,
}
"""What decides which tensors backward keeps, by the name of the convention."""


def training_cost(
    graph: Graph, *, optimizer: str = "sgd", checkpoint: Sequence[str] = (), freeze: Sequence[str] = (),
    convention: str = "ideal",
) -> Training:  # fmt: skip
    """What one step of training ``graph`` costs.

    Args:
        graph: The network, with or without a loss; without, the gradient of its output comes from outside.
        optimizer: Name of the optimiser: a key of ``OPTIMIZERS``.
        checkpoint: Patterns of modules that keep only their inputs and run twice: ``"layer1"``, ``"layers.*"``.
        freeze: Patterns of parameters, or of modules around them, that are not trained.
        convention: Which tensors backward keeps in the figures of memory: a key of ``KEEPING``.

    Raises:
        UnknownNameError: If there is no such optimiser, or a pattern names nothing.
        ShapeError: If an operator cannot accept its inputs.
    """
    rule = optimizer_rule(optimizer)
    needed = backpropagation(graph, trainable(graph, freeze))
    plans = {name: keeping(needed) for name, keeping in KEEPING.items()}
    parts = {name: segments_of(plan, checkpoint) for name, plan in plans.items()}
    memories = {name: training_memory(plan, parts[name], rule) for name, plan in plans.items()}
    plan, segments, memory = plans[convention], parts[convention], memories[convention]
    calls = [_Work.of(plan, call, segments, memory) for call in plan.calls]
    work = {name: sum([int(getattr(call, name) or 0) for call in calls]) for name in _WORK}
    trained = sum(graph.spec(name).numel for name in plan.trained)
    return Training(
        convention=convention,
        conventions={name: _step_memory(found) for name, found in memories.items()},
        optimizer=rule.name,
        checkpoint=tuple(checkpoint),
        freeze=tuple(freeze),
        trained_params=trained,
        **work,
        update_flops=rule.flops * trained,
        step_macs=sum(work[name] for name in _WORK if name.endswith("macs")),
        step_flops=sum(work[name] for name in _WORK if name.endswith("flops")) + rule.flops * trained,
        **_bytes(needed),
        optimizer_state_bytes=state_bytes(plan, rule),
        saved_activation_bytes=sum(memory.saved.values()),
        peak_bytes=memory.peak.nbytes,
        peak_phase=memory.peak.phase,
        peak_layer=memory.peak.layer,
        peak_parts=memory.peak.parts,
        layers=_rows(plan, calls, memory),
    )


def _step_memory(memory: TrainingMemory) -> StepMemory:
    """Figures of memory under one convention."""
    return StepMemory(
        saved_activation_bytes=sum(memory.saved.values()),
        peak_bytes=memory.peak.nbytes,
        peak_phase=memory.peak.phase,
        peak_layer=memory.peak.layer,
    )


def _bytes(plan: Backpropagation) -> dict[str, int]:
    """Figures in bytes that follow from the graph alone."""
    values = (*plan.graph.values.values(), *plan.graph.unread)
    tinytl = tinytl_saved_bytes(plan)
    return {
        "parameter_bytes": sum(value.stored_bytes for value in values if value.kind == "parameter"),
        "buffer_bytes": sum(value.stored_bytes for value in values if value.kind in ("buffer", "constant")),
        "gradient_bytes": sum(plan.graph.spec(name).nbytes for name in plan.trained),
        "tinytl_saved_bytes": tinytl,
        "tinytl_bytes": tinytl + tinytl_weight_bytes(plan),
    }


_WORK = ("forward_macs", "forward_flops", "backward_macs", "backward_flops", "recomputed_macs", "recomputed_flops")
_OF_ROW = attrgetter(*_WORK[2:])


@dataclass(frozen=True, slots=True)
class _Work:
    """Work of one operator call in a step; None where it is unknown."""

    forward_macs: int | None
    forward_flops: int | None
    backward_macs: int | None
    backward_flops: int | None
    recomputed_macs: int | None
    recomputed_flops: int | None

    @staticmethod
    def of(plan: Backpropagation, call: Call, segments: Segments, memory: TrainingMemory) -> _Work:
        """Work of a call: its rules, the sums where several readers pass a gradient back, and what runs again."""
        floating = is_floating(arithmetic_dtype(plan.graph.input_specs(call.node)))
        backward = call.backward
        if backward is not None and memory.sums.get(call.step):
            backward += Cost(adds=product(sums=memory.sums[call.step]))
        forward = _counted(call.forward, floating=floating)
        written = call.link.function is not None
        found = _counted(backward, floating=floating or written)
        parts = [segment for segment in segments.get(call.step, ()) if segment.repeats(plan, call)] if segments else ()
        if not parts:
            return _Work(*forward, *found, 0, 0)
        own = sum(segment.by_program for segment in parts)
        return _Work(
            *forward,
            *map(partial(_with_repeats, own), found, forward),
            *[_times(len(parts) - own, part) for part in forward],
        )


def _times(count: int, work: int | None) -> int | None:
    """Work that is done several times; once is as it is, with its formula."""
    return work if count == 1 else 0 if not count else None if work is None else count * work


def _with_repeats(count: int, work: int | None, forward: int | None) -> int | None:
    again = _times(count, forward)
    return work if not count else None if work is None or again is None else total([work, again])


def _counted(cost: Cost | None, *, floating: bool) -> tuple[int | None, int | None]:
    """MACs and FLOPs."""
    return (None, None) if cost is None else (cost.macs, cost.arithmetic if floating else 0)


def _rows(plan: Backpropagation, calls: Sequence[_Work], memory: TrainingMemory) -> tuple[TrainingRow, ...]:
    """Calls of the same layer as one row, at the place of the first."""
    groups: dict[tuple[str, str], list[int]] = {}
    for call in plan.calls:
        groups.setdefault((call.node.layer, call.node.op), []).append(call.step)
    trained = set(plan.trained)
    rows = []
    for (layer, op), steps in groups.items():
        mine = trained & {name or "" for step in steps for name in plan.calls[step].node.inputs}
        trained -= mine
        wanted, others = gradient_names(plan, plan.calls[steps[0]])
        parts = zip(*[_OF_ROW(calls[step]) for step in steps], strict=True)
        rows.append(
            TrainingRow(
                layer=layer,
                op=op,
                **dict(zip(_WORK[2:], map(_sum, parts), strict=True)),
                saved_activation_bytes=sum([memory.saved[step] for step in steps]),
                gradient_bytes=sum([plan.graph.spec(name).nbytes for name in mine]),
                gradients=wanted,
                no_gradients=others,
            )
        )
    return tuple(rows)


def _sum(parts: Sequence[int | None]) -> int | None:
    """Sum that keeps its formula; None where a part is unknown."""
    known = [part for part in parts if part is not None]
    if len(known) < len(parts):
        return None
    return known[0] if len(known) == 1 else total(known)
