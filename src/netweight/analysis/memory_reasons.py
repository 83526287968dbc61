"""Why one convention says another figure than liveness does: one sentence with the numbers in it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace

from netweight.analysis.conventions import Convention
from netweight.results.memory import ConventionMemory

BASIS = "liveness"
_NAMED = 2


def with_reasons(found: Mapping[str, ConventionMemory], rules: Mapping[str, Convention]) -> dict[str, ConventionMemory]:
    """The same, each with its reason.

    Args:
        found: What each convention says, liveness among them.
        rules: The conventions.
    """
    return {
        name: replace(memory, why=reason(name, memory, rules[name], found[BASIS])) for name, memory in found.items()
    }


def reason(name: str, memory: ConventionMemory, rule: Convention, basis: ConventionMemory) -> str:
    """One sentence."""
    if name == BASIS:
        return "a tensor lives from the step that writes it to its last reader; views share the memory that they show"
    more = memory.peak_bytes - basis.peak_bytes
    if not more:
        return f"as much as {BASIS}: {rule.differs}, which changes nothing at the peak"
    amount = f"{abs(more):,} bytes {'more' if more > 0 else 'less'} than {BASIS}: {rule.differs}"
    return "; ".join([amount, *_effects(memory, basis)])


def _effects(memory: ConventionMemory, basis: ConventionMemory) -> Iterator[str]:
    """What that does to this network."""
    if memory.shared_bytes:
        yield f"{memory.shared_bytes:,} bytes are shared"
    if memory.peak_layer != basis.peak_layer:
        yield f"the peak is at {memory.peak_layer}, not at {basis.peak_layer}"
        return
    usual = {tensor.name for tensor in basis.live}
    others = [tensor for tensor in memory.live if tensor.name not in usual]
    if others:
        named = [f"{tensor.name} ({tensor.nbytes:,})" for tensor in others[:_NAMED]]
        rest = [f"{len(others) - _NAMED} others"] if len(others) > _NAMED else []
        yield f"here {' and '.join([*named, *rest])} {'is' if len(others) == 1 else 'are'} there too"
