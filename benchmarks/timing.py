"""What the benchmarks share: CPU seconds, measured in turns, and Markdown tables."""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Callable, Mapping, Sequence
from typing import TypeVar

Key = TypeVar("Key")


def arguments(about: str | None, *, rounds: int, argv: Sequence[str] | None = None) -> argparse.Namespace:
    """--rounds and --quick; quick is one round of the smallest cases, to see that the script works."""
    parser = argparse.ArgumentParser(description=(about or "").splitlines()[0])
    parser.add_argument(
        "--rounds", type=int, default=rounds, help=f"turns each case gets; the median counts [{rounds}]"
    )
    parser.add_argument("--quick", action="store_true", help="one round of the smallest cases")
    chosen = parser.parse_args(argv)
    if chosen.rounds < 1:
        parser.error("--rounds: expected at least 1")
    if chosen.quick:
        chosen.rounds = 1
    return chosen


def cpu_seconds(job: Callable[[], object]) -> float:
    """CPU time of this process for one call; waiting for a busy machine does not count."""
    start = time.process_time()
    job()
    return time.process_time() - start


def in_turns(
    cases: Mapping[Key, Callable[[], object]],
    rounds: int,
    *,
    cost: Callable[[Callable[[], object]], float] = cpu_seconds,
) -> dict[Key, float]:
    """Median seconds of each case. Every round runs all cases, so a slow minute hits them alike.

    Args:
        cases: What to run, by name; each runs once before the rounds start.
        rounds: Turns that each case gets.
        cost: Seconds of one call.
    """
    for job in cases.values():
        job()
    seconds: dict[Key, list[float]] = {name: [] for name in cases}
    for _ in range(rounds):
        for name, job in cases.items():
            seconds[name].append(cost(job))
    return {name: statistics.median(found) for name, found in seconds.items()}


def markdown(titles: Sequence[str], rows: Sequence[Sequence[str]], *, left: int = 1) -> str:
    """A Markdown table; the first ``left`` columns are text, the others numbers."""
    rule = ["---"] * left + ["---:"] * (len(titles) - left)
    return "\n".join(f"| {' | '.join(cells)} |" for cells in (titles, rule, *rows))
