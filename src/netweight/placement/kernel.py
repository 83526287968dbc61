"""The inner loop of the exact search: place one buffer after the other, from the bottom up.

Time is cut into sections at every step where a lifetime begins or ends. A plan is *canonical* if every buffer lies as
low as the others let it; from any plan one that is no higher is made by letting buffers fall. So buffers are placed in
order of their offsets, each at the lowest place that the ones before it leave, and a section has a floor: nothing that
is still to be placed lies below it there. What is left of the search is cut down by these rules:

- No room: floor + bytes still to be placed > capacity in some section.
- A floor rises to the lowest place that any buffer of its section can take, and a buffer to the highest of its floors.
- Dominance: nothing is placed at or above the top that another buffer could reach at once; that one would fall below.
- Refutation: a buffer that leads nowhere at its lowest place lies on top of one that is still to be placed.
- Of buffers with equal life and size the first lies lowest.
- Buffers that no lifetime connects any more are searched apart, and one group without a plan ends all of them.

Everything is plain loops over flat sequences of whole numbers, so that the same functions run on lists as they stand
and on arrays where Numba compiles them. Undoing goes by a trail of what was there before.

Source: Moffitt, MiniMalloc: A Lightweight Memory Allocator for Hardware-Accelerated Machine Learning, 2023, has most
of these rules; blame and restarts are as in constraint solvers (dom/wdeg).
"""

from __future__ import annotations

from typing import Any, NamedTuple

FOUND, IMPOSSIBLE, STOPPED = 1, 0, -1
NODES, TRAIL, IDS, GROUPS, FRAMES, PINS, ERA, SPECIAL = range(8)
"""What ``Board.used`` counts: buffers placed, entries of the tables, pinned buffers, changes of the placements,
and buffers with a twin, a pin or an alignment."""
FIRST, LAST, SIZE, STEP, PIN, TWIN, KEY, OFFSET, BLAME = range(9)
BEGIN, COUNT, OWNER, NEXT, TOP = range(5)
GROUP, PICK, OLD_TRAIL, OLD_IDS, OLD_GROUPS = range(5)
NONE = -1


class Board(NamedTuple):
    """All that the search knows: tables of whole numbers, the first index says of what.

    Attributes:
        buffers: FIRST of its sections and the one behind the LAST; SIZE; STEP, its alignment; PIN, the given offset;
            TWIN, the buffer of equal life and size before it; KEY, the larger is placed first; OFFSET where it was
            placed; BLAME, how often it was among those that had no room.
        groups: Where in ``ids`` it does BEGIN; COUNT of buffers; OWNER, the frame that made it; NEXT to be searched;
            TOP, the lowest end that any of its buffers could have.
        frames: Of each placement that stands the GROUP that it was made in, the PICK, and lengths of tables before it.
        state: Lowest place of each buffer, then of each section the floor, then the bytes still to be placed.
        era: When each place in ``state`` was last remembered; once is enough between two placements.
        where: The trail: where the state was changed.
        was: What was there.
        ids: Buffers of the groups, one group after the other, each in order of its sections.
        lowest: Room to work, one for each section.
        used: NODES, TRAIL, IDS, GROUPS, FRAMES, PINS, ERA, SPECIAL.
    """

    buffers: Any
    groups: Any
    frames: Any
    state: Any
    era: Any
    where: Any
    was: Any
    ids: Any
    lowest: Any
    used: Any


def search(board: Board, capacity: int, most: int) -> int:
    """FOUND with offsets, IMPOSSIBLE, or STOPPED after so many placements."""
    group = 0
    room = narrow(board, group, capacity)
    while True:
        if not room:
            frame = board.groups[OWNER][group]
            if frame == NONE:
                return IMPOSSIBLE
            group = retreat(board, frame)
            room = has_room(board, group, capacity)
            continue
        if board.used[NODES] >= most or is_full(board):
            return STOPPED
        group = place(board, group)
        if group == NONE:
            return FOUND
        room = narrow(board, group, capacity)


def is_full(board: Board) -> bool:
    """Whether a table might not hold what the next placement and what follows from it need."""
    return (
        board.used[TRAIL] + 3 * len(board.state) > len(board.where)
        or board.used[IDS] + len(board.buffers[SIZE]) > len(board.ids)
        or board.used[GROUPS] + len(board.buffers[SIZE]) > len(board.groups[BEGIN])
    )


def put(trail: Any, at: int, value: int) -> None:
    """Change the state, and remember what was there.

    Args:
        trail: ``state, era, where, was, used`` of the board: what is changed often is not looked up each time.
        at: Place in ``state``.
        value: What is there from now on.
    """
    state, era, where, was, used = trail
    if era[at] != used[ERA]:
        era[at] = used[ERA]
        top = used[TRAIL]
        where[top] = at
        was[top] = state[at]
        used[TRAIL] = top + 1
    state[at] = value


def narrow(board: Board, group: int, capacity: int) -> bool:
    """Raise floors and lowest places as far as they follow from each other; whether there may be room."""
    ids, first, last = board.ids, board.buffers[FIRST], board.buffers[LAST]
    begin = board.groups[BEGIN][group]
    end = begin + board.groups[COUNT][group]
    low, high = first[ids[begin]], 0
    for at in range(begin, end):
        high = max(high, last[ids[at]])
    changed = 1
    while changed > 0:
        if not lift_all(board, begin, end, low, high, capacity):
            return False
        changed = raise_floors(board, low, high, capacity)
    if changed < 0:
        blame_section(board, begin, end, -1 - changed)
        return False
    top = capacity
    for at in range(begin, end):
        top = min(top, board.state[ids[at]] + board.buffers[SIZE][ids[at]])
    board.groups[TOP][group] = top
    return True


def has_room(board: Board, group: int, capacity: int) -> bool:
    """Whether there may be room: a look that costs less than ``narrow``, after one more place was ruled out."""
    ids, state, size = board.ids, board.state, board.buffers[SIZE]
    begin = board.groups[BEGIN][group]
    end = begin + board.groups[COUNT][group]
    least = capacity
    for at in range(begin, end):
        buffer = ids[at]
        least = min(least, state[buffer])
        if state[buffer] + size[buffer] > capacity:
            return False
    if least >= board.groups[TOP][group]:
        return False
    loads = len(state) - len(board.lowest)
    low, high = board.buffers[FIRST][ids[begin]], 0
    for at in range(begin, end):
        high = max(high, board.buffers[LAST][ids[at]])
    for section in range(loads + low, loads + high):
        if state[section] > 0 and max(least, state[section - len(board.lowest)]) + state[section] > capacity:
            return False
    return True


def lift_all(board: Board, begin: int, end: int, low: int, high: int, capacity: int) -> bool:
    """Raise the lowest place of each buffer to its floors; whether all stay under the ceiling."""
    first, last, size, blame = board.buffers[FIRST], board.buffers[LAST], board.buffers[SIZE], board.buffers[BLAME]
    ids, state, lowest, floors, special = board.ids, board.state, board.lowest, len(board.era), board.used[SPECIAL]
    floors -= 2 * len(lowest)
    trail = (board.state, board.era, board.where, board.was, board.used)
    for section in range(low, high):
        lowest[section] = capacity + 1
    for at in range(begin, end):
        buffer = ids[at]
        found = highest(state, floors + first[buffer], floors + last[buffer], state[buffer])
        if special > 0:
            found = by_rule(board, buffer, begin, end, found)
        if found + size[buffer] > capacity:
            blame[buffer] += 1
            return False
        if found > state[buffer]:
            put(trail, buffer, found)
        for section in range(first[buffer], last[buffer]):
            lowest[section] = min(lowest[section], found)
    return True


def highest(state: Any, begin: int, end: int, found: int) -> int:
    """The largest of some numbers and one more."""
    for at in range(begin, end):
        found = max(found, state[at])
    return found


def by_rule(board: Board, buffer: int, begin: int, end: int, found: int) -> int:
    """The lowest place from there on that a twin, an alignment and pinned buffers leave."""
    twin, step = board.buffers[TWIN][buffer], board.buffers[STEP][buffer]
    if twin != NONE and board.buffers[OFFSET][twin] == NONE:
        found = max(found, board.state[twin])
    found = -(-found // step) * step
    if board.used[PINS] > 0:
        found = past_pins(board, buffer, begin, end, found)
    return found


def past_pins(board: Board, buffer: int, begin: int, end: int, found: int) -> int:
    """The lowest place from there on that pinned buffers leave; of a pinned one its own, or none."""
    pin, size, step = board.buffers[PIN], board.buffers[SIZE], board.buffers[STEP][buffer]
    if pin[buffer] != NONE:
        return pin[buffer] if found <= pin[buffer] else 1 << 61
    moved = True
    while moved:
        moved = False
        for at in range(begin, end):
            other = board.ids[at]
            if pin[other] == NONE or not meet(board, buffer, other):
                continue
            top = pin[other] + size[other]
            if found < top and pin[other] < found + size[buffer]:
                found = -(-top // step) * step
                moved = True
    return found


def meet(board: Board, buffer: int, other: int) -> bool:
    """Whether two buffers are alive at the same time."""
    first, last = board.buffers[FIRST], board.buffers[LAST]
    return first[other] < last[buffer] and first[buffer] < last[other]


def raise_floors(board: Board, low: int, high: int, capacity: int) -> int:
    """How many floors rose; -1 - section for one without room."""
    state, lowest = board.state, board.lowest
    trail = (board.state, board.era, board.where, board.was, board.used)
    loads = len(state) - len(lowest)
    floors = loads - len(lowest)
    changed = 0
    for section in range(low, high):
        load = state[loads + section]
        if load == 0:
            continue
        if lowest[section] > state[floors + section]:
            put(trail, floors + section, lowest[section])
            changed += 1
        if state[floors + section] + load > capacity:
            return -1 - section
    return changed


def blame_section(board: Board, begin: int, end: int, section: int) -> None:
    """Blame all that are still to be placed there."""
    first, last, blame = board.buffers[FIRST], board.buffers[LAST], board.buffers[BLAME]
    for at in range(begin, end):
        buffer = board.ids[at]
        if first[buffer] <= section < last[buffer]:
            blame[buffer] += 1


def place(board: Board, group: int) -> int:
    """Place the buffer of the group that looks best; the group to go on with, or NONE."""
    buffer = pick(board, group)
    frame = board.used[FRAMES]
    board.frames[GROUP][frame] = group
    board.frames[PICK][frame] = buffer
    board.frames[OLD_TRAIL][frame] = board.used[TRAIL]
    board.frames[OLD_IDS][frame] = board.used[IDS]
    board.frames[OLD_GROUPS][frame] = board.used[GROUPS]
    board.used[FRAMES] = frame + 1
    board.used[NODES] += 1
    board.used[ERA] += 1
    state, ids = board.state, board.ids
    trail = (board.state, board.era, board.where, board.was, board.used)
    offset, size = state[buffer], board.buffers[SIZE][buffer]
    board.buffers[OFFSET][buffer] = offset
    begin = board.groups[BEGIN][group]
    for at in range(begin, begin + board.groups[COUNT][group]):
        if state[ids[at]] < offset:
            put(trail, ids[at], offset)
    loads = len(state) - len(board.lowest)
    floors = loads - len(board.lowest)
    for section in range(board.buffers[FIRST][buffer], board.buffers[LAST][buffer]):
        put(trail, floors + section, offset + size)
        put(trail, loads + section, state[loads + section] - size)
    return split(board, group, frame)


def pick(board: Board, group: int) -> int:
    """The buffer with the lowest place, of several the one with the largest key."""
    ids, state, key = board.ids, board.state, board.buffers[KEY]
    twin, offset = board.buffers[TWIN], board.buffers[OFFSET]
    begin = board.groups[BEGIN][group]
    best = NONE
    for at in range(begin, begin + board.groups[COUNT][group]):
        buffer = ids[at]
        if twin[buffer] != NONE and offset[twin[buffer]] == NONE:
            continue
        if best == NONE or (state[buffer], -key[buffer]) < (state[best], -key[best]):
            best = buffer
    return best


def split(board: Board, group: int, frame: int) -> int:
    """Groups of what is left of a group, smaller ones first, before those that wait; the first of all, or NONE."""
    ids, first, last = board.ids, board.buffers[FIRST], board.buffers[LAST]
    begin, placed = board.groups[BEGIN][group], board.frames[PICK][frame]
    rest = board.groups[NEXT][group]
    head = rest
    start = top = board.used[IDS]
    reach = 0
    for at in range(begin, begin + board.groups[COUNT][group]):
        other = ids[at]
        if other == placed:
            continue
        if first[other] >= reach and top > start:
            head = add_group(board, start, top, frame, head, rest)
            start = top
        ids[top] = other
        top += 1
        reach = max(reach, last[other])
    if top > start:
        head = add_group(board, start, top, frame, head, rest)
    board.used[IDS] = top
    return head


def add_group(board: Board, start: int, top: int, frame: int, head: int, rest: int) -> int:
    """Put a group of ``ids`` among those that ``frame`` made, smaller ones first; the first of them."""
    made, following, counts = board.used[GROUPS], board.groups[NEXT], board.groups[COUNT]
    board.used[GROUPS] = made + 1
    board.groups[BEGIN][made] = start
    counts[made] = top - start
    board.groups[OWNER][made] = frame
    before, after = NONE, head
    while after != rest and counts[after] < top - start:
        before, after = after, following[after]
    following[made] = after
    if before == NONE:
        return made
    following[before] = made
    return head


def retreat(board: Board, frame: int) -> int:
    """Take back all placements from that one on, and forbid it; the group that it was made in."""
    for later in range(frame, board.used[FRAMES]):
        board.buffers[OFFSET][board.frames[PICK][later]] = NONE
    mark = board.frames[OLD_TRAIL][frame]
    state, where, was = board.state, board.where, board.was
    for at in range(board.used[TRAIL] - 1, mark - 1, -1):
        state[where[at]] = was[at]
    board.used[TRAIL] = mark
    board.used[IDS] = board.frames[OLD_IDS][frame]
    board.used[GROUPS] = board.frames[OLD_GROUPS][frame]
    board.used[FRAMES] = frame
    board.used[ERA] += 1
    buffer, group = board.frames[PICK][frame], board.frames[GROUP][frame]
    trail = (board.state, board.era, board.where, board.was, board.used)
    put(trail, buffer, board.state[buffer] + thinnest(board, group, buffer))
    return group


def thinnest(board: Board, group: int, buffer: int) -> int:
    """Bytes of the smallest buffer of the group that lives at the same time; too many for any arena if none does."""
    begin = board.groups[BEGIN][group]
    least = 1 << 60
    for at in range(begin, begin + board.groups[COUNT][group]):
        other = board.ids[at]
        if other != buffer and meet(board, buffer, other):
            least = min(least, board.buffers[SIZE][other])
    return least


HELPERS = (
    is_full, put, narrow, has_room, lift_all, highest, by_rule, past_pins, meet, raise_floors, blame_section, place,
    pick, split, add_group, retreat, thinnest,
)  # fmt: skip
"""What ``search`` calls."""
