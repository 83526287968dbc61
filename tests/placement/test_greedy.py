"""Greedy plans of problems whose figures are published or counted by hand."""

from collections.abc import Callable

import pytest

from netweight.errors import UsageError
from netweight.placement import Buffer, best
from netweight.placement.greedy import ORDERS, greedy
from netweight.placement.tflm import tflm

PISARCHYK = [(0, 1, 32), (1, 4, 28), (2, 5, 36), (3, 5, 16), (4, 5, 8), (5, 7, 64), (6, 8, 10), (7, 8, 40)]
"""First and last step and bytes of the example of Pisarchyk and Lee."""


def records(*rows: tuple[int, int, int]) -> list[Buffer]:
    """Buffers of rows with first step, last step, size; both steps are part of the life."""
    return [Buffer(str(number), first, last + 1, size) for number, (first, last, size) in enumerate(rows)]


def test_published_example_needs_124_bytes() -> None:
    # alive at step 5: 36 + 16 + 8 + 64 = 124
    plan = best(records(*PISARCHYK))
    assert (plan.height, plan.lower_bound, plan.proved) == (124, 124, True)


def test_lives_that_do_not_meet_share_bytes() -> None:
    plan = best(records((0, 1, 100), (2, 3, 50), (1, 2, 20)))
    assert (plan.height, plan.proved) == (120, True)


@pytest.mark.parametrize("order", ORDERS)
def test_rounding_up_is_not_needed_at_the_top(order: str) -> None:
    # 10 bytes at 0, then 20 at 16: 36; the other way round 20 at 0, then 10 at 32: 42
    plan = greedy([Buffer("a", 0, 2, 10, alignment=16), Buffer("b", 1, 3, 20, alignment=16)], order)
    assert plan.lower_bound == 36
    assert plan.height in (36, 42)


def test_a_pinned_buffer_stays() -> None:
    plan = best([Buffer("a", 0, 2, 10), Buffer("b", 0, 2, 5, offset=4), Buffer("c", 0, 2, 4)])
    assert plan.offsets == {"b": 4, "a": 9, "c": 0}


def test_a_buffer_of_no_bytes_is_in_nobodys_way() -> None:
    assert best([Buffer("a", 0, 2, 0, offset=3), Buffer("b", 0, 2, 8)]).offsets["b"] == 0


def test_no_buffers_need_no_bytes() -> None:
    assert best([]).height == 0


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ((2, 2, 1), "buffer x: expected lower < upper, got a lifetime of 2 to 2"),
        ((3, 2, 1), "buffer x: expected lower < upper, got a lifetime of 3 to 2"),
        ((0, 1, -1), "buffer x: expected a size from 0 bytes on, got -1"),
        ((0, 1, 1, 0), "buffer x: expected an alignment from 1 byte on, got 0"),
        ((0, 1, 1, 1, -1), "buffer x: expected an offset from 0 on, got -1"),
    ],
)
def test_what_is_no_buffer(row: tuple[int, ...], message: str) -> None:
    with pytest.raises(UsageError) as caught:
        Buffer("x", *row)
    assert caught.value.message == message


def test_two_of_one_name() -> None:
    with pytest.raises(UsageError, match="buffer x: expected each id once, got it twice"):
        best([Buffer("x", 0, 1, 1), Buffer("x", 0, 1, 1)])


@pytest.mark.parametrize("planner", [best, tflm, lambda buffers: greedy(buffers, "size")])
def test_pins_that_no_plan_can_keep(planner: Callable[[list[Buffer]], object]) -> None:
    with pytest.raises(UsageError, match="buffer y: expected an offset that leaves 'x' alone, got 3"):
        planner([Buffer("x", 0, 2, 4, offset=0), Buffer("y", 1, 2, 4, offset=3)])
    with pytest.raises(UsageError, match="buffer x: expected an offset that 8 divides, got 12"):
        planner([Buffer("x", 0, 2, 4, 8, 12)])
