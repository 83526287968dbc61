"""Random small programs: PyTorch's figures, measured as they run, are ours. ``scripts/fuzz-torch`` draws more."""

from __future__ import annotations

from collections import Counter

import pytest
import torch

from eager.compared import compared, shown
from eager.figures import held_in_forward
from eager.lines import LINES, NAMES
from eager.otherwise import may_differ
from eager.programs import program, shrunk

FIRST, COUNT = 70_000, 30


@pytest.mark.filterwarnings("ignore")
def test_programs_cost_and_hold_what_pytorch_measures() -> None:
    outcomes = [compared(seed) for seed in range(FIRST, FIRST + COUNT)]
    assert not [shown(outcome) for outcome in outcomes if outcome.differences]
    sorts = Counter(outcome.sort for outcome in outcomes)
    assert sorts["equal"] >= COUNT // 4
    assert sorts["equal"] + sorts["equal in part"] >= COUNT // 2


def test_figures_that_a_line_is_not_listed_for_are_compared() -> None:
    assert may_differ("v1 = v0.zero_()") == {"saved", "backward_macs"}
    assert may_differ("v1 = torch.inner(v0, v0) + v0.take(v2)") == {"peak", "saved"}
    assert may_differ("v1 = v0.relu()") == frozenset()


@pytest.mark.filterwarnings("ignore")
def test_a_seed_writes_the_same_program_every_time() -> None:
    first, second = (program(FIRST + 1, LINES, NAMES) for _ in range(2))
    assert first is not None
    assert second is not None
    assert first.source == second.source
    assert all(torch.equal(one, other) for one, other in zip(first.inputs, second.inputs, strict=True))


@pytest.mark.filterwarnings("ignore")
def test_a_program_is_shrunk_to_the_lines_that_matter() -> None:
    seeds = (program(seed, LINES, NAMES) for seed in range(FIRST, FIRST + 200))
    drawn = next(found for found in seeds if found is not None and len(found.lines) > 7 and "relu" in found.body)
    small = shrunk(drawn, lambda less: "relu" in less.body)
    assert len(small.lines) < len(drawn.lines)
    assert "relu" in small.body
    assert held_in_forward(small.make(), small.inputs) > 0
