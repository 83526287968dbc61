"""Memory of what a program computes from no input and lets go of again: masks, positions, tables of angles.

Such tensors have their numbers while a module runs, and no operator of the graph writes them. A piece of memory is held
as long as some tensor object lies in it. What is made and gone before the next operator of the graph is alive beside
others of the kind: of these the most that are alive at once count.
"""

from __future__ import annotations

import weakref
from collections import Counter
from collections.abc import Mapping, Sized
from dataclasses import dataclass, field
from typing import Any

from torch import Tensor

from netweight.ir.graph import Temporary


@dataclass(slots=True)
class _Piece:
    """One piece: its bytes, the steps that it lives over, and how many tensors lie in it."""

    nbytes: int
    first: int
    last: int | None = None
    live: int = 0

    @property
    def is_brief(self) -> bool:
        """Whether it is gone before the next operator of the graph."""
        return self.last is not None and self.last < self.first


@dataclass(slots=True)
class Temporaries:
    """What the program has made so far.

    Attributes:
        steps: Operators recorded so far.
    """

    steps: Sized
    _pieces: dict[int, _Piece] = field(default_factory=dict)
    _seen: dict[int, Any] = field(default_factory=dict)
    _names: dict[int, list[str]] = field(default_factory=dict)
    _events: list[tuple[_Piece, bool]] = field(default_factory=list)

    def see(self, tensor: Tensor, memory: int) -> None:
        """A tensor that lies in memory of that address, which the program made."""
        ident = id(tensor)
        if ident in self._seen:
            return
        piece = self._pieces.get(memory)
        if piece is None:
            piece = self._pieces[memory] = _Piece(tensor.untyped_storage().nbytes(), len(self.steps))
            self._events.append((piece, True))
        piece.live += 1
        self._seen[ident] = weakref.ref(tensor, lambda _: self._gone(ident, memory, piece))

    def forget(self, memory: int) -> None:
        """The graph has that memory: an operator writes it."""
        piece = self._pieces.pop(memory, None)
        if piece is not None:
            piece.nbytes = 0

    def read(self, memory: int, name: str) -> None:
        """An operator of the graph reads that memory as a constant of that name."""
        if memory in self._pieces:
            self._names.setdefault(id(self._pieces[memory]), []).append(name)

    def _gone(self, ident: int, memory: int, piece: _Piece) -> None:
        self._seen.pop(ident, None)
        piece.live -= 1
        if not piece.live:
            piece.last = len(self.steps) - 1
            self._events.append((piece, False))
            if self._pieces.get(memory) is piece:
                del self._pieces[memory]

    def found(self, names: Mapping[str, str]) -> tuple[Temporary, ...]:
        """All of them, with the final names of constants."""
        end = len(self.steps)
        lasting = []
        for piece in self._pieces_made():
            read = tuple([names[name] for name in self._names.get(id(piece), ())])
            if not piece.is_brief or read:
                last = end if piece.last is None else piece.last
                lasting.append(Temporary(names=read, first=piece.first, last=last, nbytes=piece.nbytes))
        return (*lasting, *self._between())

    def _pieces_made(self) -> list[_Piece]:
        return [piece for piece, made in self._events if made]

    def _between(self) -> list[Temporary]:
        """For each step the most that is alive at once of what is made before it, beyond what is held over it."""
        now: Counter[int] = Counter()
        most: Counter[int] = Counter()
        lasting: Counter[int] = Counter()
        for piece, made in self._events:
            step = piece.first
            if made:
                now[step] += piece.nbytes
                most[step] = max(most[step], now[step])
                lasting[step] += 0 if piece.is_brief else piece.nbytes
            elif piece.is_brief:
                now[step] -= piece.nbytes
        brief = ((step, nbytes - lasting[step]) for step, nbytes in most.items())
        return [Temporary(names=(), first=step, last=step - 1, nbytes=nbytes) for step, nbytes in brief if nbytes]
