"""Steps that write and read tensors, and what an order of them holds at once.

While a step runs, all is held that it reads and writes, and all that was written before and is touched again later.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from netweight.errors import GraphError


@dataclass(frozen=True, slots=True, kw_only=True)
class Tensor:
    """One piece of memory.

    Attributes:
        size: Bytes.
        writer: Step that makes it; None if it is there before the first.
        readers: Steps that need it afterwards, in any order.
        held: Whether it stays until the end.
    """

    size: int
    writer: int | None
    readers: tuple[int, ...] = ()
    held: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """Steps, numbered as they stand in an order that is known to work.

    Attributes:
        waits: For each step those that must come before it.
        tensors: What the steps write and read.
        over: For each step the tensors whose memory its output can take, if none needs them any more: as large as the
            output, which is the only one.
    """

    waits: tuple[tuple[int, ...], ...]
    tensors: tuple[Tensor, ...]
    over: tuple[tuple[int, ...], ...] = ()

    def __post_init__(self) -> None:
        """Checked once, so that every other function may trust it.

        Raises:
            GraphError: If a step waits for one that does not stand before it.
        """
        for step, before in enumerate(self.waits):
            for other in before:
                if not 0 <= other < step:
                    raise GraphError(f"order: expected step {step} after all that it waits for, got step {other}")

    @property
    def given(self) -> tuple[int, ...]:
        """The steps as they stand."""
        return tuple(range(len(self.waits)))

    def over_of(self, step: int) -> tuple[int, ...]:
        """Tensors whose memory the output of a step can take."""
        return self.over[step] if self.over else ()

    @property
    def touched(self) -> tuple[tuple[int, ...], ...]:
        """For each step the tensors that it writes or reads."""
        found: list[dict[int, None]] = [{} for _ in self.waits]
        for index, tensor in enumerate(self.tensors):
            for step in tensor.readers if tensor.writer is None else (tensor.writer, *tensor.readers):
                found[step][index] = None
        return tuple(tuple(tensors) for tensors in found)


def check_order(problem: Problem, order: Sequence[int]) -> None:
    """Nothing, if the order has each step once, after all that it waits for.

    Raises:
        GraphError: If it does not.
    """
    if sorted(order) != list(problem.given):
        raise GraphError(f"order: expected each of {len(problem.waits)} steps once, got {len(order)} numbers")
    done: set[int] = set()
    for step in order:
        for other in problem.waits[step]:
            if other not in done:
                raise GraphError(f"order: expected step {other} before step {step}, which needs it")
        done.add(step)


def alive(problem: Problem, order: Sequence[int]) -> list[int]:
    """Bytes held while each step of the order runs.

    Raises:
        GraphError: If the order is none of the problem's.
    """
    check_order(problem, order)
    tensors, touched = problem.tensors, problem.touched
    left = [len({*t.readers, t.writer} - {None}) + t.held for t in tensors]
    now = sum(t.size for t, uses in zip(tensors, left, strict=True) if t.writer is None and uses)
    found = []
    for step in order:
        for index in touched[step]:
            left[index] -= 1
        written = sum(tensors[index].size for index in touched[step] if tensors[index].writer == step)
        ended = sum(tensors[index].size for index in touched[step] if left[index] == 0)
        taken = any(left[index] == 0 for index in problem.over_of(step))
        found.append(now + (0 if taken else written))
        now += written - ended
    return found


def permuted(problem: Problem, order: Sequence[int]) -> Problem:
    """The same problem, its steps numbered as they stand in an order.

    Raises:
        GraphError: If the order is none of the problem's.
    """
    check_order(problem, order)
    place = {step: new for new, step in enumerate(order)}
    tensors = tuple(
        replace(
            tensor,
            writer=None if tensor.writer is None else place[tensor.writer],
            readers=tuple(sorted([place[step] for step in tensor.readers])),
        )
        for tensor in problem.tensors
    )
    waits = tuple([tuple(sorted([place[other] for other in problem.waits[step]])) for step in order])
    return Problem(waits=waits, tensors=tensors, over=tuple([problem.over[step] for step in order if problem.over]))
