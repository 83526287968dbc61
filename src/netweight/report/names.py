"""Names that differ in their numbers alone, and one name for all of them: ``conv[1-3]``."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from itertools import pairwise

_NUMBER = re.compile(r"(?<![0-9])([0-9]{1,9})(?![0-9])")
_FEW = 3  # numbers that are listed one by one


def stem_of(name: str, siblings: Collection[str] = ()) -> tuple[str, ...]:
    """The name without its numbers; ``relu`` is ``relu_0`` where ``relu_1`` is beside it.

    >>> stem_of("encoder_layer_3"), stem_of("relu", {"relu", "relu_1"}), stem_of("relu_1"), stem_of("relu")
    (('encoder_layer_', ''), ('relu_', ''), ('relu_', ''), ('relu',))
    """
    return tuple(_NUMBER.split(f"{name}_0" if f"{name}_1" in siblings else name)[::2])


def span_of(names: Sequence[str]) -> str:
    """One name for names of the same stem.

    >>> span_of(["h.0", "h.1", "h.2"]), span_of(["relu", "relu_1"]), span_of(["conv1"])
    ('h.[0-2]', 'relu_[0-1]', 'conv1')
    >>> span_of(["1.a", "4.a"]), span_of([str(at) for at in (0, 2, 4, 6)]), span_of([str(at) for at in (0, 2, 3, 6)])
    ('[1,4].a', '[0,2..6]', '[0..6]')
    """
    if len(set(names)) == 1:
        return names[0]
    split = [_NUMBER.split(name) for name in names]
    longest = max(map(len, split))
    whole = [
        _NUMBER.split(f"{name}_0") if len(parts) < longest else parts for name, parts in zip(names, split, strict=True)
    ]
    return "".join(texts[0] if at % 2 == 0 else _numbers(texts) for at, texts in enumerate(zip(*whole, strict=True)))


def _numbers(texts: Sequence[str]) -> str:
    """``[1-4]``; ``[0,2..8]`` for another step; ``[3..20]`` where there is no step."""
    distinct = list(dict.fromkeys(texts))
    if len(distinct) == 1:
        return distinct[0]
    numbers = [int(text) for text in distinct]
    steps = {after - before for before, after in pairwise(numbers)}
    if steps == {1}:
        return f"[{distinct[0]}-{distinct[-1]}]"
    if len(distinct) <= _FEW:
        return f"[{','.join(distinct)}]"
    second = f",{distinct[1]}" if len(steps) == 1 else ""
    return f"[{distinct[0]}{second}..{distinct[-1]}]"
