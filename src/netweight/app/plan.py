"""Where buffers lie in an arena, and whether somebody's plan holds."""

from __future__ import annotations

import html
import os
from collections.abc import Iterable
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from netweight.app.arguments import flag, shown, takes, text, unless_none, whole_number
from netweight.errors import UsageError, unknown_name
from netweight.placement.audit import out_of_line, overlaps
from netweight.placement.best import best
from netweight.placement.bound import lower_bound
from netweight.placement.csv_file import read
from netweight.placement.fast import is_fast
from netweight.placement.greedy import ORDERS, best_greedy, greedy
from netweight.placement.problem import Buffer, Placement, aligned, height_of
from netweight.placement.second_opinion import is_settled, second_opinion
from netweight.placement.tflm import tflm
from netweight.results import plan as results
from netweight.results.plan import Clash, Misaligned, Placed
from netweight.units import parse_bytes

METHODS = ("best", *ORDERS, "tflm", "cp-sat")
_NODES = 500_000
_TFLM_ALIGNMENT = 16


class Plan(results.Plan):
    """What ``netweight.plan`` returns: ``print`` shows it, ``to_csv`` is for a runtime."""

    __slots__ = ()

    def to_text(self, *, width: int | None = None) -> str:
        """The plan as text; ``width`` is that of a line, None for the natural one."""
        from netweight.report.planning import plan_text

        return plan_text(self, width=width)

    def to_csv(self) -> str:
        """The plan as MiniMalloc's CSV: id, lower, upper, size, offset."""
        from netweight.report.planning import plan_csv

        return plan_csv(self)

    def __str__(self) -> str:
        return self.to_text().removesuffix("\n")

    def _repr_html_(self) -> str:
        return f"<pre>{html.escape(str(self))}</pre>"


class Audit(results.Audit):
    """What ``netweight.plan(..., check=True)`` returns: ``sound`` is the answer."""

    __slots__ = ()

    def to_text(self, *, width: int | None = None) -> str:
        """The audit as text; ``width`` is that of a line, None for the natural one."""
        from netweight.report.planning import audit_text

        return audit_text(self, width=width)

    def to_csv(self) -> str:
        """The clashes as CSV."""
        from netweight.report.planning import audit_csv

        return audit_csv(self)

    def __str__(self) -> str:
        return self.to_text().removesuffix("\n")

    def _repr_html_(self) -> str:
        return f"<pre>{html.escape(str(self))}</pre>"


def _size(name: str, value: Any) -> int:
    """Bytes, of a number or of a text such as ``"1MiB"``."""
    found = parse_bytes(value) if isinstance(value, str) else whole_number(name, value)
    if found < 0:
        raise UsageError(f"{name}: expected a size from 0 bytes on, got {found}")
    return found


@takes(
    capacity=unless_none(_size), method=text, align=unless_none(whole_number), seed=whole_number,
    node_limit=unless_none(whole_number), check=flag,
)  # fmt: skip
def plan(
    problem: str | os.PathLike[str] | Iterable[Buffer],
    *,
    capacity: int | str | None = None,
    method: str = "best",
    align: int | None = None,
    seed: int = 1,
    node_limit: int | None = None,
    check: bool = False,
) -> Plan | Audit:
    """Where buffers lie in an arena that is as small as can be, or as there is room for; or whether a plan holds.

    The same seed and node limit give the same plan on every machine.

    >>> import netweight
    >>> from netweight.placement import Buffer
    >>> made = netweight.plan([Buffer("x", 0, 2, 100), Buffer("y", 1, 3, 50), Buffer("z", 2, 4, 100)])
    >>> made.height_bytes, made.proved
    (150, True)

    Args:
        problem: Path of a CSV with the columns id, lower, upper, size, or buffers.
        capacity: Bytes of the arena, as a number or ``"1MiB"``: a plan that fits is enough. None for the lowest plan.
        method: ``"best"``, a greedy order (``"size"``, ``"lifetime"``, ``"area"``, ``"breadth"``), ``"tflm"`` as
            TensorFlow Lite Micro does it, or ``"cp-sat"``, the solver of OR-Tools.
        align: Offsets are multiples of so many bytes, where a buffer does not say: 1, and 16 for ``"tflm"``.
        seed: Of what the search draws at random.
        node_limit: Buffers that the search places, also in vain, before it stops; without Numba and a limit CP-SAT goes
            on where OR-Tools is installed.
        check: Whether to audit the offsets that the CSV or the buffers have, instead of finding some.

    Raises:
        FormatError: If the file is no such CSV.
        MissingExtraError: If a method needs a package that is not installed.
        UsageError: If an argument is not one that fits.
    """
    if method not in METHODS:
        raise unknown_name("method", method, METHODS, fix=f"known: {', '.join(METHODS)}")
    for name, value, least in (("align", align, 1), ("node-limit", node_limit, 1), ("seed", seed, 0)):
        if value is not None and value < least:
            raise UsageError(f"{name}: expected a whole number from {least} on, got {value}")
    step = align if align is not None else _TFLM_ALIGNMENT if method == "tflm" else 1
    name, buffers = _buffers(problem, step, check=check)
    room = None if capacity is None else _size("capacity", capacity)
    if check:
        return _audit(name, buffers, room)
    made = _made(buffers, method, room, seed, node_limit)
    return _plan(name, buffers, made, room, seed, _notes(buffers, made, method, room))


def _buffers(problem: Any, align: int, *, check: bool) -> tuple[str, tuple[Buffer, ...]]:
    """Name and buffers of a problem.

    Raises:
        UsageError: If it is none.
    """
    if isinstance(problem, str | os.PathLike):
        path = Path(problem)
        return path.name, read(path, plan=check, alignment=align)
    try:
        buffers = tuple(problem)
    except TypeError:
        buffers = (None,)
    if not all(isinstance(buffer, Buffer) for buffer in buffers):
        raise UsageError(f"plan: expected the path of a CSV, or buffers, got {shown(problem)}")
    if check and any(buffer.offset is None for buffer in buffers):
        raise UsageError("plan: expected an offset for every buffer to check, got none for some")
    return "buffers", tuple(b if b.alignment > 1 or align == 1 else replace(b, alignment=align) for b in buffers)


def _made(buffers: tuple[Buffer, ...], method: str, room: int | None, seed: int, nodes: int | None) -> Placement:
    """The plan that a method makes."""
    if method == "tflm":
        return tflm(buffers)
    if method == "cp-sat":
        return second_opinion(buffers, capacity=room, seed=seed)
    if method != "best":
        return greedy(buffers, method)
    if nodes is not None or is_fast():
        return best(buffers, capacity=room, nodes=nodes or _NODES, seed=seed)
    found = best(buffers, capacity=room, seed=seed)
    if found.proved or _is_enough(found, room) or find_spec("ortools") is None:
        return found
    return _better(found, second_opinion(buffers, capacity=room, seed=seed))


def _is_enough(made: Placement, room: int | None) -> bool:
    """Whether nothing is gained by looking on: the plan fits, or none does."""
    return room is not None and (made.height <= room or made.lower_bound > room)


def _better(one: Placement, other: Placement) -> Placement:
    """The lower of two plans, with the higher of their bounds."""
    plan, bound = min(one, other, key=lambda plan: plan.height), max(one.lower_bound, other.lower_bound)
    return replace(plan, lower_bound=bound, proved=plan.height <= bound)


def _plan(
    name: str, buffers: tuple[Buffer, ...], made: Placement, room: int | None, seed: int, notes: tuple[str, ...]
) -> Plan:
    rows = tuple(
        Placed(
            id=buffer.id,
            lower=buffer.lower,
            upper=buffer.upper,
            size_bytes=buffer.size,
            offset_bytes=made.offsets[buffer.id],
            fits=room is None or made.offsets[buffer.id] + _counted(buffer, made.method) <= room,
        )
        for buffer in buffers
    )
    return Plan(
        name=name, method=made.method, height_bytes=made.height, lower_bound_bytes=made.lower_bound,
        capacity_bytes=room, proved=made.proved, nodes=made.nodes, seed=seed, buffers=rows, notes=notes,
        pinned_count=sum(buffer.offset is not None for buffer in buffers),
    )  # fmt: skip


def _counted(buffer: Buffer, method: str) -> int:
    """Bytes that a buffer counts with."""
    return aligned(buffer.size, buffer.alignment) if method == "tflm" else buffer.size


def _notes(buffers: tuple[Buffer, ...], made: Placement, method: str, room: int | None) -> tuple[str, ...]:
    """What a reader may take for something else, and what would help where the plan may not be the lowest."""
    found = []
    if any(buffer.offset is not None for buffer in buffers):
        found.append("without the offset column (or offsets) all buffers are planned anew")
    over = made.height - height_of(buffers, made.offsets)
    if over:
        found.append(f"tflm rounds every size up to its alignment, the last one's too: {over:,} bytes above its end")
    if method == "cp-sat" and buffers and is_settled(best_greedy(buffers), room):
        found.append(f"cp-sat was not asked: the greedy plan by {made.method} and the bound are the answer")
    return (*found, *_faster(made, room))


def _faster(made: Placement, room: int | None) -> tuple[str, ...]:
    """What would help where the plan may not be the lowest, or does not fit."""
    if made.proved or _is_enough(made, room) or made.nodes == 0 or is_fast():
        return ()
    return ("the search runs a hundred times faster with Numba: pip install 'netweight[solver]'",)


def _misaligned(buffers: tuple[Buffer, ...], offsets: dict[str, int]) -> tuple[Misaligned, ...]:
    wrong = set(out_of_line(buffers, offsets))
    return tuple(
        Misaligned(id=buffer.id, offset_bytes=offsets[buffer.id], alignment_bytes=buffer.alignment)
        for buffer in buffers
        if buffer.id in wrong
    )


def _audit(name: str, buffers: tuple[Buffer, ...], room: int | None) -> Audit:
    offsets = {buffer.id: buffer.offset or 0 for buffer in buffers}
    free = tuple(replace(buffer, offset=None) for buffer in buffers)
    height, bound = height_of(buffers, offsets), lower_bound(free)
    found = overlaps(buffers, offsets)
    return Audit(
        name=name, buffer_count=len(buffers), height_bytes=height, lower_bound_bytes=bound,
        wasted_bytes=max(0, height - bound), capacity_bytes=room, misaligned=_misaligned(buffers, offsets),
        clashes=tuple(Clash(one=c.one, other=c.other, overlap_bytes=c.nbytes, step=c.step) for c in found),
    )  # fmt: skip
