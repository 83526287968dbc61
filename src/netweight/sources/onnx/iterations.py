"""What is the same in all iterations of a loop: the layers of its body, and what is stored there."""

from __future__ import annotations

import operator
from collections import Counter
from collections.abc import Callable, Hashable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from netweight.sources.onnx.tensor import Tensor


class Iterations:
    """Tells what is read for the first time from what is read again in another iteration."""

    def __init__(self) -> None:
        self._seen: Counter[Hashable] | None = None
        self._stored: dict[Hashable, tuple[Sequence[Any], Sequence[Any]]] = {}

    def key(self, inside: str, what: Hashable) -> Hashable:
        """The same in every iteration for what is in the same place of a body; None outside of loops."""
        if self._seen is None:
            return None
        self._seen[inside, what] += 1
        return inside, what, self._seen[inside, what]

    def kept(self, key: Hashable, inputs: Sequence[Any], make: Callable[[], Sequence[Any]]) -> Sequence[Any]:
        """What ``make`` makes of the inputs; what is stored in a body is stored once, not once per iteration."""
        if key is None:
            return make()
        read, found = self._stored.get(key, ((), None))
        if found is not None and len(read) == len(inputs) and all(map(operator.is_, read, inputs)):
            return found
        made = make()
        if all(isinstance(result, Tensor) and result.stored for result in made):
            self._stored[key] = (tuple(inputs), made)
        return made

    @contextmanager
    def loop(self) -> Iterator[Callable[[], None]]:
        """A loop; what is given is called at the start of each iteration."""
        before = self._seen
        start = Counter(before or ())
        most = Counter(start)

        def begin() -> None:
            nonlocal most
            most |= self._seen or Counter()
            self._seen = Counter(start)

        try:
            yield begin
        finally:
            self._seen = None if before is None else most | (self._seen or Counter())
