"""The exact search, begun again and again: each time the buffers that had no room before are placed earlier."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from netweight.placement import kernel
from netweight.placement.board import board_of
from netweight.placement.kernel import BLAME, FIRST, FOUND, KEY, LAST, NODES, NONE, OFFSET, SIZE, STOPPED, Board
from netweight.placement.problem import Buffer

Search = Callable[[Board, int, int], int]

_ROUND = 500
"""Placements of the first rounds; later ones take multiples, as Luby, Sinclair and Zuckerman have it."""
_NOISE = 0.05
_SCALE = 1_000_000


@dataclass(frozen=True, slots=True)
class Answer:
    """What a search found.

    Attributes:
        outcome: FOUND, IMPOSSIBLE or STOPPED.
        offsets: Of each buffer, where FOUND.
        nodes: Buffers placed.
    """

    outcome: int
    offsets: tuple[int, ...]
    nodes: int


def fit_under(
    buffers: Sequence[Buffer],
    capacity: int,
    most: int,
    seed: int = 0,
    *,
    search: Search = kernel.search,
    table: Any = list,
) -> Answer:
    """Whether buffers fit under a ceiling, and how.

    Args:
        buffers: Of at least one byte each.
        capacity: Bytes.
        most: Buffers to place, also in vain, before it gives up.
        seed: Of what is drawn at random.
        search: The kernel, or what Numba made of it.
        table: What it wants tables to be.
    """
    order = sorted(range(len(buffers)), key=lambda number: buffers[number].lower)
    board = board_of([buffers[number] for number in order], table)
    start = list(board.state)
    draw, spent, turn, outcome = random.Random(seed), 0, 0, STOPPED
    while outcome == STOPPED and spent < most:
        turn += 1
        _begin(board, start, draw, capacity, turn)
        outcome = search(board, capacity, min(_ROUND * luby(turn), most - spent))
        spent += int(board.used[NODES])
        if board.used[NODES] == 0:
            break
    found = [0] * len(buffers)
    if outcome == FOUND:
        for at, number in enumerate(order):
            found[number] = int(board.buffers[OFFSET][at])
    return Answer(outcome, tuple(found), spent)


def luby(turn: int) -> int:
    """The sequence 1 1 2 1 1 2 4 1 1 2 1 1 2 4 8 ..., from turn 1 on.

    >>> [luby(turn) for turn in range(1, 8)]
    [1, 1, 2, 1, 1, 2, 4]
    """
    bits = turn.bit_length()
    return 1 << (bits - 1) if turn == (1 << bits) - 1 else luby(turn - (1 << (bits - 1)) + 1)


def _begin(board: Board, start: Sequence[int], draw: random.Random, capacity: int, turn: int) -> None:
    """Take all buffers off the board, and say anew which come first.

    Those that live long, and those that had no room; in every other round also the large ones.
    """
    blame, keys, offsets = board.buffers[BLAME], board.buffers[KEY], board.buffers[OFFSET]
    worst = max(1, *blame)
    for buffer in range(len(keys)):
        life = (board.buffers[LAST][buffer] - board.buffers[FIRST][buffer]) / len(board.lowest)
        key = life + (1 - turn % 2) * board.buffers[SIZE][buffer] / max(1, capacity) + blame[buffer] / worst
        noise = 1 if turn == 1 else 1 + _NOISE * (2 * draw.random() - 1)
        keys[buffer] = int(_SCALE * key * noise)
        offsets[buffer] = NONE
    for where, value in enumerate(start):
        board.state[where] = value
        board.era[where] = NONE
    for count, value in enumerate((0, 0, len(keys), 1, 0)):
        board.used[count] = value
