"""Batches of an epoch: which pictures, in which order, drawn anew; the next one is made while one is trained on.

What epoch k gives follows from the seed and k alone, so that a training that goes on gets what it would have got.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from queue import Empty, Full, Queue
from typing import Any

from netweight.errors import UsageError
from netweight.lazy import Array, np

_AHEAD = 2
_WAIT_S = 0.1
_ORDER, _DRAW = 0, 1


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Batches:
    """Batches of each epoch.

    Attributes:
        images: (N, C, H, W).
        labels: (N,), class numbers.
        batch: Pictures at once.
        seed: Of the order, and of what is drawn.
        change: Makes of pictures, labels and a generator the pictures and targets that are trained on; None for none.
        drop_last: Whether a last batch that is smaller is left out.
    """

    images: Array
    labels: Array
    batch: int
    seed: int = 0
    change: Callable[[Array, Array, np.random.Generator], tuple[Array, Array]] | None = None
    drop_last: bool = False

    def __post_init__(self) -> None:
        if self.batch < 1:
            raise UsageError(f"batch: expected at least 1, got {self.batch}")
        if self.drop_last and len(self.labels) < self.batch:
            raise UsageError(
                f"batch: expected at least {self.batch:,} pictures for batches of that size, got {len(self.labels):,}"
            )

    def __len__(self) -> int:
        """Batches of an epoch."""
        whole, rest = divmod(len(self.labels), self.batch)
        return whole + (rest > 0 and not self.drop_last)

    def epoch(self, epoch: int) -> Iterator[tuple[Array, Array]]:
        """The batches of one epoch, made by a thread of its own.

        Args:
            epoch: Which one, from 0.
        """
        ready: Queue[tuple[str, Any]] = Queue(_AHEAD)
        over = threading.Event()
        thread = threading.Thread(target=self._make, args=(epoch, ready, over), name="netweight-batches", daemon=True)
        thread.start()
        try:
            while True:
                kind, found = _next(ready, thread)
                if kind == "error":
                    raise found
                if kind == "end":
                    return
                yield found
        finally:
            over.set()
            thread.join()

    def _make(self, epoch: int, ready: Queue[tuple[str, Any]], over: threading.Event) -> None:
        try:
            order = np.random.default_rng((self.seed, _ORDER, epoch)).permutation(len(self.labels))
            for index in range(len(self)):
                if not _put(ready, ("batch", self._one(epoch, index, order)), over):
                    return
            _put(ready, ("end", None), over)
        except BaseException as error:
            _put(ready, ("error", error), over)

    def _one(self, epoch: int, index: int, order: Array) -> tuple[Array, Array]:
        at = order[index * self.batch : (index + 1) * self.batch]
        images, targets = self.images[at], self.labels[at]
        if self.change is None:
            return images, targets
        return self.change(images, targets, np.random.default_rng((self.seed, _DRAW, epoch, index)))


def _put(ready: Queue[tuple[str, Any]], what: tuple[str, Any], over: threading.Event) -> bool:
    """Whether somebody still wants it."""
    while not over.is_set():
        try:
            ready.put(what, timeout=_WAIT_S)
        except Full:
            continue
        return True
    return False


def _next(ready: Queue[tuple[str, Any]], thread: threading.Thread) -> tuple[str, Any]:
    while True:
        try:
            return ready.get(timeout=_WAIT_S)
        except Empty:
            if not thread.is_alive() and ready.empty():
                raise RuntimeError("the thread that makes batches has ended") from None
