"""Names that somebody may have meant who wrote another: close ones or none, as a far one misleads."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import difflib

_CLOSE = 0.7
_AS_GOOD = 0.1
"""How much less close than the closest another one may be."""
_MOST = 3


def plain(name: str) -> str:
    """A name without what people write differently: capitals, hyphens, underscores and spaces.

    >>> plain("ResNet-50") == plain("resnet50")
    True
    """
    return re.sub(r"[-_\s]", "", name.lower())


def similar(name: str, known: Iterable[str]) -> list[str]:
    """Up to three of ``known`` that are written nearly as ``name``, the closest first.

    The same name in another spelling is the only one; so is the last part of a path.

    >>> similar("alexnt", ["alexnet", "lenet5", "googlenet"])
    ['alexnet']
    >>> similar("padding", ["training", "gradient"])
    []
    >>> similar("conv1", ["features.conv1", "conv10"])
    ['features.conv1']
    """
    wanted = plain(name)
    candidates = list(dict.fromkeys(known))
    if not wanted:
        return []
    for same in (
        [candidate for candidate in candidates if plain(candidate) == wanted],
        [candidate for candidate in candidates if plain(re.split("[./]", candidate)[-1]) == wanted],
    ):
        if same:
            return same[:_MOST]
    import difflib

    matcher = difflib.SequenceMatcher(None, "", wanted, autojunk=False)
    scored = [(_closeness(matcher, wanted, plain(candidate)), candidate) for candidate in candidates]
    best = max((score for score, _ in scored), default=0.0)
    near = [(score, candidate) for score, candidate in scored if score >= max(_CLOSE, best - _AS_GOOD)]
    return [candidate for _, candidate in sorted(near, key=lambda pair: -pair[0])[:_MOST]]


def _closeness(matcher: difflib.SequenceMatcher[str], wanted: str, other: str) -> float:
    """1 for equal texts, 0 for texts with little in common; the start of a name is as close as can be."""
    if min(len(wanted), len(other)) >= 2 and (
        other.startswith(wanted) or (wanted.startswith(other) and 2 * len(other) > len(wanted))
    ):
        return 1.0
    matcher.set_seq1(other)
    close = matcher.real_quick_ratio() >= _CLOSE and matcher.quick_ratio() >= _CLOSE
    return matcher.ratio() if close else 0.0
