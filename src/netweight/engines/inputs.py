"""Which array goes to which input of an engine: by name, and by position where names say nothing."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from netweight.errors import EngineError
from netweight.lazy import Array


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """An input as an engine has it.

    Attributes:
        names: What the engine calls it, the first name first; several where it knows several.
        shape: Its sizes; None for one that is open, and None for all of it where even their number is.
    """

    names: tuple[str, ...]
    shape: tuple[int | None, ...] | None


def matched(entries: Sequence[Entry], feeds: Mapping[str, Array], engine: str) -> list[Array]:
    """An array for each input of an engine, in its order.

    An input whose name the network has gets that array, wherever it stands. What is left goes by position, if every
    array fits the place that it gets.

    Args:
        entries: Inputs of the engine.
        feeds: Array per input of the network.
        engine: What to call it.

    Raises:
        EngineError: If there are more or fewer of them, or an array does not fit.
    """
    if len(entries) != len(feeds):
        raise EngineError(
            f"engine: {engine} takes {len(entries)} inputs ({_listed(entries)}), the network has {len(feeds)} "
            f"({', '.join(feeds) or 'none'})",
            fix="another --engine",
        )
    named = [next((name for name in entry.names if name in feeds), None) for entry in entries]
    left = iter([name for name in feeds if name not in named])
    found = []
    for entry, name in zip(entries, named, strict=True):
        source = name if name is not None else next(left)
        if not _fits(entry, feeds[source]):
            raise EngineError(
                f"engine: {engine} has an input {entry.names[0]} of {_sizes(entry.shape or ())}, which {source} of "
                f"{_sizes(feeds[source].shape)} does not fit",
                fix="another --engine",
            )
        found.append(feeds[source])
    return found


def _fits(entry: Entry, array: Array) -> bool:
    """Whether known sizes agree; engines may lack sizes of 1."""
    if entry.shape is None:
        return True
    if len(entry.shape) != array.ndim or None not in entry.shape:
        return _without_ones(entry.shape) == _without_ones(array.shape)
    return all(size is None or size == own for size, own in zip(entry.shape, array.shape, strict=True))


def _without_ones(shape: Collection[int | None]) -> list[int | None]:
    return [size for size in shape if size != 1]


def _sizes(shape: Collection[int | None]) -> str:
    return "x".join("?" if size is None else str(size) for size in shape) or "one number"


def _listed(entries: Sequence[Entry]) -> str:
    return ", ".join(entry.names[0] for entry in entries) or "none"
