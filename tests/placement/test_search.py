"""The search against brute force and CP-SAT, on problems drawn at random."""

import os

import pytest

from netweight.placement import Buffer, best
from netweight.placement.bound import lower_bound
from netweight.placement.greedy import ORDERS, best_greedy, greedy
from netweight.placement.kernel import FOUND, IMPOSSIBLE, STOPPED
from netweight.placement.restarts import fit_under
from netweight.placement.second_opinion import second_opinion
from netweight.placement.tflm import tflm
from placement.problems import drawn, lowest, wrong

PROBLEMS = 50 * int(os.environ.get("NETWEIGHT_EXAMPLES", "20"))
"""Thousand in the gate; as many as are asked for by who looks for more."""

TIGHT = [Buffer("a", 0, 2, 4), Buffer("b", 1, 3, 2), Buffer("c", 2, 4, 3), Buffer("d", 0, 1, 2), Buffer("e", 3, 4, 3)]


@pytest.mark.parametrize("tenth", range(10))
def test_brute_force_finds_nothing_lower(tenth: int) -> None:
    for seed in range(tenth, PROBLEMS, 10):
        buffers = drawn(seed)
        plan = best(buffers)
        assert wrong(buffers, plan.offsets, plan.height) == [], seed
        assert plan.lower_bound <= plan.height, seed
        assert (plan.height, plan.proved) == (lowest(buffers), True), seed


def test_cp_sat_finds_the_same() -> None:
    pytest.importorskip("ortools", reason="the second opinion is that of OR-Tools")
    for seed in range(5000, 5000 + PROBLEMS // 10):
        buffers = drawn(seed, most=9)
        plan, other = best(buffers), second_opinion(buffers)
        assert wrong(buffers, other.offsets, other.height) == [], seed
        assert (plan.height, plan.proved) == (other.height, other.proved), seed


@pytest.mark.parametrize("order", ORDERS)
def test_a_greedy_plan_is_a_plan(order: str) -> None:
    for seed in range(300):
        buffers = drawn(seed, most=12)
        plan = greedy(buffers, order)
        assert wrong(buffers, plan.offsets, plan.height) == [], seed
        assert lower_bound(buffers) <= plan.height, seed


def test_tflm_makes_plans() -> None:
    for seed in range(300):
        buffers = drawn(seed, most=12)
        plan = tflm(buffers)
        assert wrong(buffers, plan.offsets, plan.height) == [], seed


def test_some_problems_need_the_search() -> None:
    hard = [seed for seed in range(300) if not best_greedy(drawn(seed)).proved]
    assert len(hard) > 20
    assert any(best(drawn(seed)).method == "search" for seed in hard)


def test_a_ceiling_below_the_bound_is_impossible() -> None:
    assert fit_under(TIGHT, 5, 1000).outcome == IMPOSSIBLE
    assert fit_under(TIGHT, 6, 1000).outcome == FOUND
    assert fit_under(TIGHT, 6, 1).outcome == STOPPED


def test_the_same_seed_gives_the_same_plan() -> None:
    buffers = [Buffer(str(i), (7 * i) % 23, (7 * i) % 23 + 1 + (5 * i) % 11, 3 + (13 * i) % 17) for i in range(40)]
    assert best(buffers, nodes=3000, seed=4) == best(buffers, nodes=3000, seed=4)
