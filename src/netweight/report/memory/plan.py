"""What the plan of an arena is worth, in a sentence."""

from __future__ import annotations

from collections.abc import Iterator

from netweight.results.memory import ConventionMemory


def plan_lines(name: str, memory: ConventionMemory) -> Iterator[str]:
    """Size of the arena, its bound, and whether it is proved that no plan is smaller."""
    plan = memory.plan
    if plan is None:
        return
    gap = plan.arena_bytes - plan.lower_bound_bytes
    share = f"{100 * gap / plan.lower_bound_bytes:.2g} %" if plan.lower_bound_bytes else "all"
    proof = "proved optimal" if plan.proved_optimal else f"at most {gap:,} bytes ({share}) above what is possible"
    yield f"plan, {name}: an arena of {plan.arena_bytes:,} bytes, {proof}"
    yield f"  no plan takes less than {plan.lower_bound_bytes:,} bytes; nothing reused takes {memory.total_bytes:,}"
