"""The best plan of a network's memory, for a runtime that is to follow it."""

from __future__ import annotations

from pathlib import Path

from netweight.analysis.conventions import CONVENTIONS
from netweight.errors import UsageError
from netweight.report.memory.text import main_of
from netweight.results.arena import Arena, Placed
from netweight.results.memory import Memory

_SCRATCH = "variables, and scratch buffers that kernels ask for, are not in it: the interpreter places them"


def arena_of_file(path: Path) -> Arena:
    """The best plan for the tensors of a TFLite file, as TensorFlow Lite Micro takes it.

    Args:
        path: The file.

    Raises:
        FormatError: If it cannot be read, or has the plan of another model.
        UsageError: If its operators call subgraphs.
    """
    from netweight.placement import best
    from netweight.placement.tflm import tflm
    from netweight.sources.tflite.arena import ALIGNMENT, arena_buffers, plan_in_file
    from netweight.sources.tflite.files import read_model
    from netweight.sources.tflite.tensors import label_of

    model = read_model(path)
    buffers = arena_buffers(model)
    plan_in_file(model)
    plan = best(tuple(buffers.values()))
    tensors = model.subgraphs[0].tensors
    return Arena(
        model=path.stem,
        convention="tflm",
        arena_bytes=plan.height,
        lower_bound_bytes=plan.lower_bound,
        proved_optimal=plan.proved,
        alignment_bytes=ALIGNMENT,
        tensor_count=len(tensors),
        tensors=tuple(
            [
                Placed(
                    index=at,
                    name=label_of(tensors[at].name),
                    nbytes=buffer.size,
                    offset_bytes=plan.offsets[buffer.id],
                    first_step=max(buffer.lower, 1),
                    last_step=max(buffer.upper - 1, 1),
                )
                for at, buffer in buffers.items()
            ]
        ),
        runtime_bytes=tflm(tuple(buffers.values())).height,
        notes=(_SCRATCH,),
    )


def arena_of_memory(found: Memory) -> Arena:
    """The plan of the convention that is shown: that of ``liveness``, else of the first.

    Args:
        found: Activation memory.

    Raises:
        UsageError: If the convention has no plan.
    """
    name, _ = main_of(found)
    row = found.conventions[name]
    if row.plan is None:
        raise UsageError(f"plan: expected a convention with an arena, got {name}", fix="--convention liveness")
    placed = [tensor for tensor in row.tensors if tensor.offset_bytes is not None]
    return Arena(
        model=found.model.name,
        convention=name,
        arena_bytes=row.plan.arena_bytes,
        lower_bound_bytes=row.plan.lower_bound_bytes,
        proved_optimal=row.plan.proved_optimal,
        alignment_bytes=CONVENTIONS[name].alignment,
        tensor_count=len(placed),
        tensors=tuple(
            [
                Placed(
                    index=at,
                    name=tensor.name,
                    nbytes=tensor.nbytes,
                    offset_bytes=tensor.offset_bytes or 0,
                    first_step=tensor.first_step,
                    last_step=tensor.last_step,
                )
                for at, tensor in enumerate(placed)
            ]
        ),
    )


def file_with_plan(path: Path, arena: Arena) -> bytes:
    """A TFLite file with the plan of its tensors in it.

    Args:
        path: The file without it, or with another.
        arena: The plan.

    Raises:
        FormatError: If the file cannot be read, or a plan cannot be put into it.
        UsageError: If the plan is that of another model.
    """
    from netweight.sources.tflite.planned import with_plan

    return with_plan(path.read_bytes(), arena.offsets())
