"""What captures replace, where threads begin and end in any order."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import pytest

pytest.importorskip("torch")

from netweight.sources.torch.by_thread import ByThread


class Place:
    """An attribute that is called."""

    def __init__(self) -> None:
        self.now: Callable[..., Any] = self.own
        self.by_thread = ByThread(lambda function: setattr(self, "now", function), self._remove, self.own)

    def own(self, x: int) -> int:
        return x

    def _remove(self) -> None:
        self.now = self.own


def test_one_that_ends_first_takes_nothing_from_another() -> None:
    """The outer ends while a thread that it started still asks; then that one ends."""
    place = Place()
    inside, go_on = threading.Event(), threading.Event()
    seen: list[int] = []

    def work() -> None:
        with place.by_thread.replaced(lambda x: 100 * x):
            inside.set()
            go_on.wait(20)
            seen.append(place.now(2))

    thread = threading.Thread(target=work)
    with place.by_thread.replaced(lambda x: 10 * x):
        thread.start()
        assert inside.wait(20)
        assert place.now(2) == 20
    assert place.now(2) == 2
    assert place.now != place.own
    go_on.set()
    thread.join()
    assert seen == [200]
    assert place.now == place.own


def test_blocks_in_blocks_and_what_is_put_back_twice() -> None:
    place = Place()
    with place.by_thread.replaced(lambda x: 10 * x):
        put_back = place.by_thread.put_back()
        with place.by_thread.replaced(lambda x: 100 * x):
            assert place.now(2) == 200
            put_back()
            assert place.now(2) == 20
        put_back()
        assert place.now(2) == 20
    assert place.now == place.own
