"""What is below what: from the dearest operator to nothing reused, and what is proved."""

from __future__ import annotations

from collections.abc import Iterator

from netweight.results.memory import ConventionMemory, Order


def chain_lines(name: str, memory: ConventionMemory) -> Iterator[str]:
    """A line for each bound, each at least as large as the one before it."""
    order, plan = memory.order, memory.plan
    if order is None or plan is None:
        return
    rows = (
        ("dearest operator", order.footprint_bytes, ""),
        ("best order", order.peak_bytes, _proof(order.peak_bytes, order.lower_bound_bytes)),
        ("this order", memory.peak_bytes, _better(memory.peak_bytes, order)),
        ("best plan", plan.arena_bytes, _proof(plan.arena_bytes, plan.lower_bound_bytes)),
        ("TFLM's own plan" if memory.kernels == "tflm" else "greedy plan", plan.greedy_bytes, ""),
        ("nothing reused", memory.total_bytes, ""),
    )
    numbers = [f"{number:,}" for _, number, _ in rows]
    size = max(map(len, numbers))
    yield f"bounds, {name}: bytes, each at least as many as the line before"
    for (what, _, said), number in zip(rows, numbers, strict=True):
        yield f"  {what:<16}  {number:>{size}}  {said}".rstrip()


def _proof(found: int, bound: int) -> str:
    if found == bound:
        return "proved optimal"
    share = f"{100 * (found - bound) / bound:.2g} %" if bound else "all"
    return f"none takes less than {bound:,}: at most {found - bound:,} ({share}) too many"


def _better(given: int, order: Order) -> str:
    if order.peak_bytes < given:
        saved = given - order.peak_bytes
        return f"--reorder saves {saved:,} ({100 * saved / given:.2g} %)"
    return "no order is better" if order.proved_optimal else "no better order was found"
