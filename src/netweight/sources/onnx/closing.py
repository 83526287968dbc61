"""Sizes for the dimensions that a model leaves open: the smallest with which it can be read, found by reading it."""

from __future__ import annotations

import shlex
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from netweight.errors import NetweightError, UsageError
from netweight.sources.onnx.batch import is_batch

_SIZES = (1, 2, 3, 4, 8, 16, 24, 28, 32, 48, 64, 80, 96, 112, 128, 160, 192, 224, 256, 299, 320, 384, 448, 512)
_CHANNELS = (3, 1)
_PICTURE = 4
"""Dimensions of a batch of pictures."""
_FEW = (1, 32, 224)
_LARGE = 3000
"""Nodes from which on few sizes are tried."""
_TOTAL = "total"
_RANKLESS: tuple[Callable[[int], tuple[int, ...]], ...] = (
    lambda size: (1, 3, size, size), lambda size: (1, size), lambda size: (1, size, size), lambda size: (size,),
)  # fmt: skip
"""Shapes of inputs that do not say how many dimensions they have."""

Read = Callable[[Mapping[str, Any], Mapping[str, int]], Any]
"""Reads the model with shapes of inputs and sizes of dimensions by name, or raises."""


class OpenDimsError(UsageError):
    """A dimension has no size.

    Attributes:
        sizes: For each input with such a dimension its sizes, with a name or None where one is open.
    """

    def __init__(self, sizes: Mapping[str, Sequence[Any]]) -> None:
        shown = "; ".join(
            f"{name}: {' x '.join('?' if n is None else str(n) for n in given)}" for name, given in sizes.items()
        )
        super().__init__(f"input: expected a size for every dimension, got {shown}")
        self.sizes = sizes


@dataclass(frozen=True, slots=True)
class Closing:
    """Sizes of dimensions by name, and whole shapes of inputs that have some without one."""

    dims: Mapping[str, int]
    shapes: Mapping[str, tuple[int, ...]]

    @property
    def flags(self) -> str:
        """As one writes them."""
        dims = [f"--dim {shlex.quote(f'{name}={size}')}" for name, size in self.dims.items()]
        shapes = {name: "x".join(map(str, shape)) for name, shape in self.shapes.items()}
        return " ".join([*dims, *(f"--input {shlex.quote(f'{name}:{shape}')}" for name, shape in shapes.items())])


def how_to_close(error: OpenDimsError, read: Read, nodes: int) -> str:
    """Flags with which the model can be read; if nothing that was tried will do, that none of it does.

    Args:
        error: What is open.
        read: Reads the model.
        nodes: How many it has.
    """
    flags, refusals = closed(error.sizes, read, nodes)
    if flags:
        return flags
    return f"{_unclosed(error.sizes)}; none of {len(refusals)} sizes that were tried is accepted: {refusals[-1]}"


def closed(sizes: Mapping[str, Sequence[Any]], read: Read, nodes: int) -> tuple[str, list[str]]:
    """Flags with which the model can be read, empty if none was found; and what was wrong with those before."""
    refusals: list[str] = []
    for closing in _closings(sizes, _SIZES if nodes < _LARGE else _FEW):
        try:
            read(closing.shapes, closing.dims)
        except NetweightError as refused:
            refusals.append(refused.message)
        else:
            return closing.flags, refusals
    return "", refusals


def _closings(sizes: Mapping[str, Sequence[Any]], candidates: Sequence[int]) -> Iterator[Closing]:
    symbols = _symbols(sizes)
    rankless = any(list(given) == [None] for given in sizes.values())
    pictures = any(len(given) == _PICTURE and not isinstance(given[1], int) for given in sizes.values())
    for shape in _RANKLESS if rankless else _RANKLESS[:1]:
        for channels in _CHANNELS if pictures else _CHANNELS[:1]:
            for size in candidates:
                dims = {symbol: _size_of(symbol, sizes, size, channels) for symbol in symbols}
                total = [symbol for symbol in symbols if _TOTAL in symbol.lower()]
                if total:  # keys of tokens before beside those of the tokens now
                    others = [symbol for symbol in symbols if symbol not in total and not is_batch(symbol)]
                    sums = {**dims, **dict.fromkeys(total, size * len(others))}
                    yield Closing(sums, _shapes(sizes, sums, (size, channels), shape))
                yield Closing(dims, _shapes(sizes, dims, (size, channels), shape))


def _size_of(symbol: str, sizes: Mapping[str, Sequence[Any]], size: int, channels: int) -> int:
    """One sample, so many channels, and for all else the size."""
    if is_batch(symbol):
        return 1
    second = any(len(given) == _PICTURE and given[1] == symbol for given in sizes.values())
    return channels if second else size


def _symbols(sizes: Mapping[str, Sequence[Any]]) -> list[str]:
    """Names of what is open, of inputs all of whose open dimensions have one."""
    named = [size for given in sizes.values() if None not in given for size in given if isinstance(size, str)]
    return list(dict.fromkeys(named))


def _shapes(
    sizes: Mapping[str, Sequence[Any]],
    dims: Mapping[str, int],
    chosen: tuple[int, int],
    rankless: Callable[[int], tuple[int, ...]],
) -> dict[str, tuple[int, ...]]:
    """Shapes of the inputs that have a dimension without a name: the first is the batch, the second may be channels."""
    size, channels = chosen
    found: dict[str, tuple[int, ...]] = {}
    for name, given in sizes.items():
        if list(given) == [None]:
            found[name] = rankless(size)
        elif None in given:
            nameless = (1, channels if len(given) == _PICTURE else size)
            found[name] = tuple(
                wanted if isinstance(wanted, int) else dims.get(wanted, nameless[at] if at < len(nameless) else size)
                for at, wanted in enumerate(given)
            )
    return found


def _unclosed(sizes: Mapping[str, Sequence[Any]]) -> str:
    """The flags without sizes."""
    unnamed = [f"--input {shlex.quote(f'{name}:SHAPE')}" for name, given in sizes.items() if None in given]
    return " ".join([*(f"--dim {shlex.quote(f'{symbol}=SIZE')}" for symbol in _symbols(sizes)), *unnamed])
