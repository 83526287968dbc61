"""The same question to a solver of somebody else's: OR-Tools CP-SAT.

Each buffer is a rectangle of its lifetime and its bytes; no two overlap; the lowest ceiling is asked for.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from netweight.errors import MissingExtraError
from netweight.placement.board import unit_of
from netweight.placement.greedy import best_greedy
from netweight.placement.problem import Buffer, Placement, height_of


def second_opinion(
    buffers: Sequence[Buffer], *, capacity: int | None = None, effort: float = 60.0, seed: int = 0, workers: int = 1
) -> Placement:
    """The lowest plan that CP-SAT finds and the highest bound that it proves, from the best greedy plan on.

    Args:
        buffers: What needs room.
        capacity: Bytes that are low enough; None for the lowest plan.
        effort: CP-SAT's deterministic time, about seconds; the same on every machine with one worker.
        seed: Of what it draws at random.
        workers: Threads.

    Raises:
        MissingExtraError: If OR-Tools is not installed.
        UsageError: If two buffers have one id, or pinned ones lie on each other.
    """
    plan = best_greedy(buffers)
    if is_settled(plan, capacity):
        return plan
    cp_model = _cp_model()
    unit = unit_of([buffer for buffer in buffers if buffer.size])
    solver = cp_model.CpSolver()
    solver.parameters.max_deterministic_time = effort
    solver.parameters.random_seed = seed % (1 << 31)
    solver.parameters.num_workers = workers
    model, places = _model(cp_model, buffers, plan, unit, capacity)
    status = solver.solve(model)
    if status == cp_model.INFEASIBLE:
        return replace(plan, lower_bound=max(plan.lower_bound, (capacity or 0) // unit * unit + unit))
    bound = (
        plan.lower_bound if capacity is not None else max(plan.lower_bound, round(solver.best_objective_bound) * unit)
    )
    if status not in (cp_model.OPTIMAL, cp_model.FEASIBLE):
        return replace(plan, lower_bound=bound)
    offsets = {name: solver.value(place) * unit for name, place in places.items()}
    height = height_of(buffers, offsets)
    return replace(plan, offsets=offsets, height=height, lower_bound=bound, proved=height == bound, method="cp-sat")


def is_settled(plan: Placement, capacity: int | None) -> bool:
    """Whether a greedy plan and the bound answer alone, so that no solver has to be asked."""
    return plan.proved or (capacity is not None and not plan.lower_bound <= capacity < plan.height)


def _cp_model() -> Any:
    """The module.

    Raises:
        MissingExtraError: If OR-Tools is not installed.
    """
    try:
        from ortools.sat.python import cp_model
    except ImportError as error:
        raise MissingExtraError(
            "solver: expected OR-Tools for the method cp-sat, got none installed", fix="pip install 'netweight[solver]'"
        ) from error
    return cp_model


def _model(
    cp_model: Any, buffers: Sequence[Buffer], plan: Placement, unit: int, capacity: int | None
) -> tuple[Any, dict[str, Any]]:
    """The model and the place of each buffer in units."""
    model = cp_model.CpModel()
    most = (plan.height if capacity is None else capacity) // unit
    top = model.new_int_var(-(-plan.lower_bound // unit), most, "top")
    places, lives, bytes_ = {}, [], []
    for buffer in buffers:
        size = buffer.size // unit
        places[buffer.id] = place = _place(model, buffer, unit, most)
        if size:
            lives.append(model.new_fixed_size_interval_var(buffer.lower, buffer.upper - buffer.lower, ""))
            bytes_.append(model.new_fixed_size_interval_var(place, size, ""))
            model.add(place + size <= top)
    model.add_no_overlap_2d(lives, bytes_)
    model.add_cumulative(lives, [buffer.size // unit for buffer in buffers if buffer.size], top)
    if capacity is None:
        model.minimize(top)
        for name, place in places.items():
            model.add_hint(place, plan.offsets[name] // unit)
    return model, places


def _place(model: Any, buffer: Buffer, unit: int, most: int) -> Any:
    """The variable of an offset, in units."""
    if buffer.offset is not None:
        return model.new_constant(buffer.offset // unit)
    last = max(0, most - buffer.size // unit)
    place = model.new_int_var(0, last, "")
    step = max(1, buffer.alignment // unit)
    if step > 1:
        model.add(place == step * model.new_int_var(0, last // step, ""))
    return place
