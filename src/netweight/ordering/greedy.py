"""An order of a segment by looking one step ahead."""

from __future__ import annotations

from netweight.ordering.local import Local
from netweight.ordering.search import forced


def greedy(local: Local, enough: int) -> tuple[tuple[int, ...], int]:
    """Steps and peak of an order that always takes the step that raises the peak least, then leaves the least."""
    done, held, path = forced(local, 0, local.start, enough)
    order, peak = list(path), enough
    while ready := local.ready(done):
        rises = {step: local.change(step, done) for step in ready}
        step = min(ready, key=lambda s: (max(peak, held + rises[s][0]), rises[s][1], s))
        peak = max(peak, held + rises[step][0])
        done, held, path = forced(local, done | 1 << step, held + rises[step][1], peak)
        order += [step, *path]
    return tuple(order), peak
