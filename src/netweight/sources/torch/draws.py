"""Random numbers by which a program decides: the figures are then those of one draw, and a reader must know.

``if torch.rand([]) < 0.1: continue`` drops a layer. Numbers that PyTorch draws are followed through what is computed
from them until the program looks at one. Python's and NumPy's generators give numbers right away: it is enough that
they were asked.
"""

from __future__ import annotations

import random
import sys
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from typing import Any
from weakref import ref

from torch import Tensor
from torch.utils._pytree import tree_leaves

from netweight.sources.torch.recording import TensorRecording

_LOOKS = frozenset({"_local_scalar_dense", "is_nonzero", "item", "equal", "nonzero", "masked_select"})
_UNIFORM = frozenset({"rand", "rand_like", "uniform_"})
_BELOW = frozenset({"lt", "le"})
_ABOVE = frozenset({"gt", "ge"})


class Draws:
    """Constants that were drawn, and what is known of them.

    Attributes:
        live: For each tensor that depends on a draw what is said of it, and a reference that tells when it is gone.
    """

    def __init__(self, recording: TensorRecording) -> None:
        self.live: dict[int, tuple[str, Any]] = {}
        self._recording = recording

    def see(self, name: str, seeded: bool, tensors: Sequence[Tensor], args: Sequence[Any], result: Any) -> None:  # noqa: FBT001
        """An operator computed something from constants.

        Args:
            name: Operator.
            seeded: Whether it asks the generator.
            tensors: What it read.
            args: Its arguments.
            result: What it gave.
        """
        drawn = [self.live[id(tensor)][0] for tensor in tensors if id(tensor) in self.live]
        if drawn and name in _LOOKS:
            self.look(tensors)
        elif seeded or drawn:
            text = _chance(name, drawn, args)
            for leaf in tree_leaves(result):
                if isinstance(leaf, Tensor):
                    self._mark(leaf, "uniform" if seeded and _is_unit(name, args) else text)

    def look(self, tensors: Sequence[Tensor]) -> None:
        """The program looks at the numbers of tensors: it is said if some were drawn."""
        drawn = [self.live[id(tensor)][0] for tensor in tensors if id(tensor) in self.live]
        if drawn:
            chance = next((text for text in drawn if text not in ("", "uniform")), "")
            text = f"the program decides by random numbers{chance}: figures are those of one draw"
            self._recording.note(text, guess=True)

    def _mark(self, tensor: Tensor, text: str | None) -> None:
        ident = id(tensor)
        if text is None:
            self.live.pop(ident, None)
        else:
            self.live[ident] = text, ref(tensor, lambda _: self.live.pop(ident, None))


def _is_unit(name: str, args: Sequence[Any]) -> bool:
    """Whether numbers are drawn evenly between 0 and 1."""
    return name in _UNIFORM and (name != "uniform_" or len(args) < 2)


def _chance(name: str, drawn: Collection[str], args: Sequence[Any]) -> str | None:
    """What is said of the result of an operator on what was drawn; None if it is always the same.

    >>> _chance("lt", ["uniform"], [None, 0.25])
    ' (with a probability of 0.25)'
    """
    if "uniform" in drawn and len(args) == 2 and isinstance(args[1], int | float) and name in _BELOW | _ABOVE:
        chance = float(args[1]) if name in _BELOW else 1 - float(args[1])
        return f" (with a probability of {chance:g})" if 0 < chance < 1 else None
    return next((text for text in drawn if text not in ("", "uniform")), "")


@contextmanager
def generators_watched(recording: TensorRecording) -> Iterator[None]:
    """A block in which it is noticed that the program asks Python or NumPy for random numbers."""
    before = random.getstate()
    numpy = sys.modules.get("numpy.random")
    arrays = None if numpy is None else numpy.get_state(legacy=False)
    try:
        yield
    finally:
        asked = [] if random.getstate() == before else ["Python"]
        if numpy is not None and arrays is not None and not _alike(numpy.get_state(legacy=False), arrays):
            asked.append("NumPy")
        for whom in asked:
            recording.note(f"the program asks {whom} for random numbers: figures are those of one draw", guess=True)


def _alike(now: dict[str, Any], before: dict[str, Any]) -> bool:
    """Whether a generator of NumPy was not asked."""
    one, other = now["state"], before["state"]
    return all((one[key] == other[key]).all() if key == "key" else one[key] == other[key] for key in one)
