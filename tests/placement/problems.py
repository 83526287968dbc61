"""Random problems, what is certainly the lowest plan of a small one, and whether a plan is one at all."""

import random
from collections.abc import Mapping, Sequence

from netweight.placement import Buffer


def drawn(seed: int, most: int = 6) -> list[Buffer]:
    """A few buffers of a few bytes; some aligned, one pinned in every third problem."""
    draw = random.Random(seed)
    count = draw.randint(1, most)
    buffers = []
    for number in range(count):
        lower = draw.randint(0, 6)
        step = draw.choice((1, 1, 1, 4))
        buffers.append(Buffer(str(number), lower, lower + draw.randint(1, 4), draw.randint(0, 9), step))
    if seed % 3 == 0:
        pinned = draw.choice(buffers)
        at = buffers.index(pinned)
        buffers[at] = Buffer(pinned.id, pinned.lower, pinned.upper, pinned.size, 1, draw.randint(0, 12))
    return buffers


def wrong(buffers: Sequence[Buffer], offsets: Mapping[str, int], height: int) -> list[str]:
    """What is wrong with a plan: every byte of every step is painted, and may be painted once."""
    found = [] if set(offsets) == {buffer.id for buffer in buffers} else ["not one offset for each buffer"]
    painted: dict[tuple[int, int], str] = {}
    for buffer in buffers:
        start = offsets[buffer.id]
        if start < 0 or start % buffer.alignment or start + buffer.size > height:
            found.append(f"{buffer.id} at {start}")
        if buffer.offset is not None and start != buffer.offset:
            found.append(f"{buffer.id} is not where it was pinned")
        for step in range(buffer.lower, buffer.upper):
            bytes_ = range(start, start + buffer.size)
            owners = {painted.setdefault((step, byte), buffer.id) for byte in bytes_}
            found.extend(f"{buffer.id} on {owner}" for owner in owners - {buffer.id})
    return found


def lowest(buffers: Sequence[Buffer]) -> int:
    """Height of the lowest plan, by trying every offset of every buffer for one ceiling after the other."""
    ceiling = max((buffer.size + (buffer.offset or 0) for buffer in buffers), default=0)
    while not _fits(tuple(sorted(buffers, key=lambda buffer: (buffer.offset is None, -buffer.size))), ceiling):
        ceiling += 1
    return ceiling


def _fits(buffers: tuple[Buffer, ...], ceiling: int) -> bool:
    placed: list[tuple[Buffer, int]] = []

    def from_(number: int) -> bool:
        if number == len(buffers):
            return True
        buffer = buffers[number]
        places = range(0, ceiling - buffer.size + 1, buffer.alignment) if buffer.offset is None else (buffer.offset,)
        for start in places:
            if start + buffer.size <= ceiling and not any(meet(buffer, start, *other) for other in placed):
                placed.append((buffer, start))
                done = from_(number + 1)
                placed.pop()
                if done:
                    return True
        return False

    return from_(0)


def meet(one: Buffer, start: int, other: Buffer, other_start: int) -> bool:
    in_time = max(one.lower, other.lower) < min(one.upper, other.upper)
    return in_time and max(start, other_start) < min(start + one.size, other_start + other.size)
