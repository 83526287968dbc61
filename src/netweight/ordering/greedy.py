"""An order of a segment by looking one step ahead."""

from __future__ import annotations

from netweight.ordering.local import Local, members
from netweight.ordering.search import State, forced


def greedy(local: Local, enough: int) -> tuple[tuple[int, ...], int]:
    """Steps and peak of an order that always takes the step that raises the peak least, then leaves the least."""
    state, path = forced(local, State(0, local.start, local.first()), enough)
    order, peak = list(path), enough
    while state.ready:
        changes = {step: local.change(step, state.done) for step in members(state.ready)}
        step = min(changes, key=lambda s: (max(peak, state.held + changes[s][0]), changes[s][1], s))
        during, more = changes[step]
        peak = max(peak, state.held + during)
        state, path = forced(local, state.then(local, step, more), peak)
        order += [step, *path]
    return tuple(order), peak
