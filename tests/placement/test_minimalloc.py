"""MiniMalloc's eleven problems: those that take seconds are solved as machine code, where Numba is installed."""

from pathlib import Path

import pytest

from netweight.placement import Buffer, best
from netweight.placement.bound import lower_bound
from netweight.placement.csv_file import read
from netweight.placement.fast import is_fast
from placement.problems import meet

PROBLEMS = Path(__file__).parent / "minimalloc"
CAPACITY = 1_048_576

needs_numba = pytest.mark.skipif(not is_fast(), reason="the search takes minutes without Numba")

BOUNDS = {
    "A": CAPACITY, "B": CAPACITY, "C": 1_039_360, "D": 986_112, "E": CAPACITY, "F": CAPACITY, "G": CAPACITY,
    "H": CAPACITY, "I": CAPACITY, "J": 989_184, "K": CAPACITY,
}  # fmt: skip
"""Bytes alive at the worst step: published for C, D and J; the others are full to the last byte."""


def problem(name: str) -> tuple[Buffer, ...]:
    return read(PROBLEMS / f"{name}.1048576.csv")


@pytest.mark.parametrize("name", BOUNDS)
def test_bytes_alive_at_the_worst_step(name: str) -> None:
    assert lower_bound(problem(name)) == BOUNDS[name]


@needs_numba
@pytest.mark.parametrize("name", ["C", "D", "G", "H"])
def test_fits(name: str) -> None:
    buffers = problem(name)
    plan = best(buffers, capacity=CAPACITY, nodes=200_000)
    assert plan.height <= CAPACITY
    for number, one in enumerate(buffers):
        for other in buffers[:number]:
            assert not meet(one, plan.offsets[one.id], other, plan.offsets[other.id]), (one, other)
