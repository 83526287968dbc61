"""What all iterations of a loop share: the layers of the body, and the weights that are stored in it."""

from __future__ import annotations

import operator
from collections import Counter
from collections.abc import Callable, Hashable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from netweight.sources.onnx.tensor import Tensor


class Iterations:
    """Tells what a body does for the first time from what it does again in the next iteration."""

    def __init__(self) -> None:
        self._seen: Counter[Hashable] | None = None
        self._stored: dict[Hashable, tuple[Sequence[Any], Sequence[Any]]] = {}

    def key(self, inside: str, what: Hashable) -> Hashable:
        """A key that a node of a body has in every iteration; None outside of loops."""
        if self._seen is None:
            return None
        self._seen[inside, what] += 1
        return inside, what, self._seen[inside, what]

    def kept(self, key: Hashable, inputs: Sequence[Any], make: Callable[[], Sequence[Any]]) -> Sequence[Any]:
        """What ``make`` makes of the inputs; a weight that is stored in a body is made in the first iteration alone."""
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
        """A loop: the function that it gives is called at the start of each iteration."""
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
