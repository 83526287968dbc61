"""Several memories, the best first: what does not fit into one spills into the next.

A buffer that names banks lies in one of those, tried in its own order; others try all in the order of the banks. A bank
without a capacity takes everything. Which buffers spill is a rule of thumb, so a plan that leaves some out is no proof.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from netweight.errors import UsageError, unknown_name
from netweight.placement.best import best
from netweight.placement.problem import Buffer, Placement, check_ids


@dataclass(frozen=True, slots=True)
class Bank:
    """A memory.

    Attributes:
        name: What buffers call it.
        capacity: Its bytes; None where there is no end.
    """

    name: str
    capacity: int | None = None


@dataclass(frozen=True, slots=True)
class Spilled:
    """A plan for each bank.

    Attributes:
        plans: By the name of the bank, in order; each has the buffers that lie there.
        left_out: Ids of buffers that no bank has room for, in order.
    """

    plans: dict[str, Placement] = field(hash=False)
    left_out: tuple[str, ...]


def spill(buffers: Sequence[Buffer], banks: Sequence[Bank], *, seed: int = 1) -> Spilled:
    """Where each buffer lies, as far as there is room.

    Each round every buffer asks the first of its banks that has not sent it away; a bank that is too full sends away
    those that its plan puts above its capacity, the ones that can go elsewhere first.

    >>> found = spill([Buffer("a", 0, 2, 8), Buffer("b", 0, 2, 6)], [Bank("sram", 8), Bank("psram")])
    >>> {name: dict(plan.offsets) for name, plan in found.plans.items()}, found.left_out
    ({'sram': {'a': 0}, 'psram': {'b': 0}}, ())

    Raises:
        UsageError: If ids or names are there twice, or a buffer names a bank that there is not.
    """
    check_ids(buffers)
    names = [bank.name for bank in banks]
    if len(set(names)) < len(names):
        raise UsageError(f"banks: expected each name once, got {', '.join(names)}")
    for buffer in buffers:
        for name in buffer.banks:
            if name not in names:
                raise unknown_name(f"bank of buffer {buffer.id}", name, names, fix=f"known: {', '.join(names)}")
    rooms = {bank.name: bank.capacity for bank in banks}
    wishes = {buffer.id: _with_room(buffer, rooms) for buffer in buffers}
    while True:
        plans = {}
        for bank in banks:
            asking = [buffer for buffer in buffers if wishes[buffer.id][:1] == [bank.name]]
            plan = best(asking, capacity=bank.capacity, seed=seed)
            if bank.capacity is not None and plan.height > bank.capacity:
                wishes[_sent_away(asking, plan, bank.capacity, wishes)].pop(0)
                break
            plans[bank.name] = plan
        else:
            return Spilled(plans, tuple(buffer.id for buffer in buffers if not wishes[buffer.id]))


def _with_room(buffer: Buffer, rooms: dict[str, int | None]) -> list[str]:
    """The banks of a buffer that have room for it alone."""
    end = (buffer.offset or 0) + buffer.size
    rest = {name: room for name, room in rooms.items() if room is None or end <= room}
    return [name for name in buffer.banks or rooms if name in rest]


def _sent_away(asking: Sequence[Buffer], plan: Placement, capacity: int, wishes: dict[str, list[str]]) -> str:
    """Id of the buffer above the capacity that has most other banks, of several the smallest that is enough."""
    above = [buffer for buffer in asking if plan.offsets[buffer.id] + buffer.size > capacity]
    over = plan.height - capacity

    def rank(buffer: Buffer) -> tuple[bool, bool, int]:
        enough = buffer.size >= over
        return len(wishes[buffer.id]) < 2, not enough, buffer.size if enough else -buffer.size

    return min(above, key=rank).id
