"""What a method of quantisation makes of a matrix, and of which layers."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

Settings = Mapping[str, Any]
"""A ``quantization_config``."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Scheme:
    """How a matrix of weights is stored.

    Attributes:
        dtype: Element type of a weight.
        nbytes: Bytes of a matrix of so many rows (outputs) and columns (inputs), scales and zero points included.
        container: Element type that weights are packed in, empty where they are not.
    """

    dtype: str
    nbytes: Callable[[int, int], int]
    container: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Method:
    """What is stored how.

    Attributes:
        name: What the configuration calls it.
        scheme_of: The scheme of a layer by its path, None for one that is not quantised.
        experts: Whether matrices of experts that one tensor has are stored so, each by itself.
        linears: Whether linear layers are.
        default_skips: Whether output layer, tied tensors and the last layer are left as they are.
        in_blocks: Whether only layers of repeated blocks are quantised.
    """

    name: str
    scheme_of: Callable[[str], Scheme | None]
    experts: bool = False
    linears: bool = True
    default_skips: bool = True
    in_blocks: bool = False


def always(scheme: Scheme, skipped: Sequence[str] | None = None) -> Callable[[str], Scheme | None]:
    """One scheme for all layers but those that ``skipped`` names."""
    return lambda path: None if is_skipped(path, skipped or ()) else scheme


def is_skipped(path: str, names: Sequence[str]) -> bool:
    """Whether a layer is among those that a configuration leaves as they are.

    A name is the path of a layer or of what contains it, the end of a path, or a pattern for its beginning.

    >>> is_skipped("model.layers.11.mlp.gate", ["model.layers.1"]), is_skipped("model.layers.1.fc", ["model.layers.1"])
    (False, True)
    """
    return any(path.endswith(name) or _begins(path, name) for name in names)


def _begins(path: str, name: str) -> bool:
    try:
        found = re.match(name, path)
    except re.error:
        return False
    return found is not None and (found.end() == len(path) or path[found.end()] == "." or path[found.end() - 1] == ".")


def groups_of(columns: int, size: int | None) -> int:
    """Groups along the inputs; one where there is no size, or it is -1."""
    return 1 if size is None or size <= 0 else -(-columns // size)


def packed(numel: int, bits: int, container: int = 8) -> int:
    """Bytes of elements of some bits, as many in a container as fit in whole; its last one may be filled in part.

    >>> packed(10, 3, 32), packed(7, 4)
    (4, 4)
    """
    return -(-numel // (container // bits)) * container // 8
