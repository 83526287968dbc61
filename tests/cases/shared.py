"""Cases that are drawn once, for every test that looks at them: drawing takes longer than most laws."""

from collections.abc import Callable
from functools import cache
from typing import Any

import hypothesis.strategies as st
import numpy as np
from hypothesis import HealthCheck, Phase, given, settings

from cases.draws import Case

Where = Callable[..., bool]
GATE = 20
"""How many cases the gate draws of each strategy; scripts/fuzz draws more, scripts/check --fast fewer."""


@cache
def _drawn(strategy: st.SearchStrategy[Case], count: int) -> tuple[Case, ...]:
    """Cases that nobody can change: their arrays are read-only."""
    found: list[Case] = []

    @settings(max_examples=count, phases=[Phase.generate], suppress_health_check=list(HealthCheck))
    @given(case=strategy)
    def draw(case: Case) -> None:
        for x in case[1]:
            if isinstance(x, np.ndarray):
                x.setflags(write=False)
        found.append(case)

    draw()
    return tuple(found)


def drawn(strategy: st.SearchStrategy[Case], count: int | None = None, where: Where | None = None) -> list[Case]:
    """Cases of a strategy, the same for all who ask.

    Args:
        strategy: Of attributes and inputs.
        count: How many at the gate, spread over all that are drawn; without it, all.
        where: Which of them, asked with attributes and inputs.

    Returns:
        So many, or as many as there are.
    """
    most = settings.default.max_examples
    wanted = most if count is None else max(count, count * most // GATE)
    of_all = max(most, wanted)
    fit = [case for case in _drawn(strategy, of_all) if where is None or where(*case)]
    if where is not None and len(fit) < wanted:
        fit = list(_drawn(strategy.filter(lambda case: where(*case)), wanted))
    return fit if len(fit) <= wanted else [fit[at * len(fit) // wanted] for at in range(wanted)]


def hold(
    law: Callable[..., Any], strategy: st.SearchStrategy[Case], count: int | None = None, where: Where | None = None
) -> None:
    """Ask a law about all cases; one that breaks it is made as small as Hypothesis can, and printed.

    Args:
        law: Called with attributes and inputs; fails where it does not hold.
        strategy: Of attributes and inputs.
        count: As in ``drawn``.
        where: As in ``drawn``.
    """
    for case in drawn(strategy, count, where):
        try:
            law(*case)
        except Exception as error:
            _make_smaller(law, strategy if where is None else strategy.filter(lambda case: where(*case)))
            error.add_note(f"case: {case}")
            raise


def _make_smaller(law: Callable[..., Any], strategy: st.SearchStrategy[Case]) -> None:
    """Fail with the smallest case that is found to break a law, if one is."""

    @settings(max_examples=100, suppress_health_check=list(HealthCheck))
    @given(case=strategy)
    def check(case: Case) -> None:
        law(*case)

    check()
