"""The order that holds the least, against all orders one by one, and against a solver that knows nothing of ours."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from netweight.errors import GraphError
from netweight.ordering.best import best_order
from netweight.ordering.bounds import footprint
from netweight.ordering.problem import Problem, Tensor, alive, check_order, permuted
from netweight.ordering.segments import LARGE, Segment, segments, windows


def drawn(seed: int, most: int) -> Problem:
    """A random problem: chains, branches, what is there before, what stays, outputs that are written over inputs."""
    rng = random.Random(seed)
    count = rng.randint(1, most)
    waits = [tuple(sorted(rng.sample(range(s), min(s, rng.choice([0, 1, 1, 1, 2, 2, 3]))))) for s in range(count)]
    tensors = []
    for step in range(count):
        readers = tuple(later for later in range(count) if step in waits[later])
        tensors.append(Tensor(size=rng.randint(0, 9), writer=step, readers=readers, held=rng.random() < 0.15))
    for _ in range(rng.randint(0, 2)):
        readers = tuple(sorted(rng.sample(range(count), rng.randint(1, min(3, count)))))
        tensors.append(Tensor(size=rng.randint(0, 9), writer=None, readers=readers, held=rng.random() < 0.2))
    over = tuple(
        tuple(i for i, t in enumerate(tensors) if step in t.readers and t.size == tensors[step].size)
        if rng.random() < 0.5
        else ()
        for step in range(count)
    )
    return Problem(waits=tuple(waits), tensors=tuple(tensors), over=over)


def orders(problem: Problem) -> Iterator[list[int]]:
    """Every order that works."""

    def after(order: list[int]) -> Iterator[list[int]]:
        if len(order) == len(problem.waits):
            yield order
        for step in problem.given:
            if step not in order and set(problem.waits[step]).issubset(order):
                yield from after([*order, step])

    yield from after([])


def held(problem: Problem, order: list[int] | tuple[int, ...]) -> int:
    """The peak of an order, each moment by itself: what is there, what is needed, what was written and is needed."""
    worst = 0
    for now, step in enumerate(order):
        done, later = set(order[:now]), set(order[now + 1 :])
        total = 0
        for tensor in problem.tensors:
            uses = {*tensor.readers, tensor.writer} - {None}
            there = (tensor.writer is None and (uses or tensor.held)) or tensor.writer in done
            if (there and (tensor.held or uses & (later | {step}))) or tensor.writer == step:
                total += tensor.size
        dying = [
            index
            for index in problem.over_of(step)
            if not problem.tensors[index].held and not {*problem.tensors[index].readers} & later
        ]
        if dying:
            total -= sum(tensor.size for tensor in problem.tensors if tensor.writer == step)
        worst = max(worst, total)
    return worst


def test_no_order_holds_less() -> None:
    assert sum(_is_better(drawn(seed, 7)) for seed in range(600)) > 100


@given(st.integers(0, 2**64))
def test_no_order_holds_less_whatever_is_drawn(seed: int) -> None:
    _is_better(drawn(seed, 7))


def _is_better(problem: Problem) -> bool:
    """Whether the best order, which is that, is better than the one given."""
    found = best_order(problem)
    least = min(held(problem, order) for order in orders(problem))
    assert (found.peak, found.bound, found.proved) == (least, least, True)
    assert held(problem, found.order) == found.peak
    assert held(problem, problem.given) == found.given_peak
    assert footprint(problem) == found.footprint <= least
    return found.peak < found.given_peak


def test_the_peak_of_an_order_is_what_is_held_at_its_worst_moment() -> None:
    for seed in range(300):
        problem = drawn(seed, 30)
        assert max(alive(problem, problem.given)) == held(problem, problem.given)


def test_a_solver_finds_no_better_order() -> None:
    pytest.importorskip("ortools", reason="ortools is not installed")
    better = 0
    for seed in range(20):
        problem = replace(drawn(seed, 16), over=())
        found = best_order(problem)
        assert found.peak == _by_solver(problem)
        better += found.peak < found.given_peak
    assert better > 3


def _by_solver(problem: Problem) -> int:
    """The least peak by constraint programming: a place for each step, and until when each tensor is held."""
    from ortools.sat.python import cp_model

    model, count = cp_model.CpModel(), len(problem.waits)
    place = [model.new_int_var(0, count - 1, f"step{step}") for step in problem.given]
    model.add_all_different(place)
    for step, before in enumerate(problem.waits):
        for other in before:
            model.add(place[other] < place[step])
    lives = []
    for index, tensor in enumerate(problem.tensors):
        end, length = (model.new_int_var(0, count, f"{what}{index}") for what in ("end", "length"))
        uses = [place[step] + 1 for step in {*tensor.readers, tensor.writer} if step is not None]
        model.add_max_equality(end, [count] if tensor.held else uses)
        start = 0 if tensor.writer is None else place[tensor.writer]
        lives.append(model.new_interval_var(start, length, end, f"life{index}"))
    peak = model.new_int_var(0, sum(tensor.size for tensor in problem.tensors), "peak")
    model.add_cumulative(lives, [tensor.size for tensor in problem.tensors], peak)
    model.minimize(peak)
    solver = cp_model.CpSolver()
    solver.parameters.num_workers = 1
    assert solver.solve(model) == cp_model.OPTIMAL
    return int(solver.objective_value)


def test_a_search_that_is_cut_short_says_how_far_the_best_may_be() -> None:
    short = 0
    for seed in range(60):
        problem = drawn(seed, 24)
        least, found = best_order(problem).peak, best_order(problem, limit=1)
        assert found.bound <= least <= found.peak <= found.given_peak
        assert held(problem, found.order) == found.peak
        assert found.sets <= 1
        short += not found.proved
    assert short > 0


def test_segments_are_cut_where_every_order_has_the_same_steps_before() -> None:
    for seed in range(300):
        problem = drawn(seed, 7)
        fixed = {
            step
            for step in problem.given
            if all(set(order[: step + 1]) == set(range(step + 1)) and order[step] == step for order in orders(problem))
        }
        parts = segments(problem)
        assert [step for part in parts for step in range(part.first, part.last + 1)] == list(problem.given)
        alone = {part.first for part in parts if part.first == part.last}
        assert fixed <= alone
        for part in parts:
            before = set(range(part.first))
            assert all(set(order[: part.first]) == before for order in orders(problem))


def test_windows_cover_a_segment_that_is_too_large_and_change_their_cuts() -> None:
    parts = (Segment(first=0, last=0), Segment(first=1, last=LARGE + 100, whole=False))
    even, odd = windows(parts, 0), windows(parts, 1)
    for found in (even, odd):
        assert [step for part in found for step in range(part.first, part.last + 1)] == list(range(LARGE + 101))
        assert [part.whole for part in found] == [True] + [False] * (len(found) - 1)
    assert {part.first for part in even} & {part.first for part in odd} == {0, 1}


def test_a_large_network_is_improved_window_by_window_and_not_said_to_be_proved() -> None:
    rng = random.Random(5)
    count = LARGE + 500
    waits = [tuple(sorted({rng.randint(max(0, step - 12), step - 1) for _ in range(2)})) for step in range(1, count)]
    waits.insert(0, ())
    readers: list[list[int]] = [[] for _ in range(count)]
    for step, before in enumerate(waits):
        for other in before:
            readers[other].append(step)
    tensors = [Tensor(size=rng.choice((1, 2, 4)), writer=step, readers=tuple(readers[step])) for step in range(count)]
    problem = Problem(waits=tuple(waits), tensors=tuple(tensors))
    assert [part.whole for part in segments(problem)][-1] is False
    found = best_order(problem)
    assert max(alive(problem, found.order)) == found.peak < found.given_peak == max(alive(problem, problem.given))
    assert found.footprint == found.bound < found.peak


def test_a_problem_in_another_order_holds_what_that_order_holds() -> None:
    for seed in range(100):
        problem = drawn(seed, 12)
        order = best_order(problem).order
        assert alive(permuted(problem, order), problem.given) == alive(problem, order)


def test_orders_that_are_none() -> None:
    problem = Problem(waits=((), (0,), (1,)), tensors=())
    check_order(problem, (0, 1, 2))
    with pytest.raises(GraphError, match="order: expected step 0 before step 1, which needs it"):
        check_order(problem, (1, 0, 2))
    with pytest.raises(GraphError, match="order: expected each of 3 steps once, got 2 numbers"):
        check_order(problem, (0, 1))
    with pytest.raises(GraphError, match="order: expected step 0 after all that it waits for, got step 1"):
        Problem(waits=((1,), (0,)), tensors=())
