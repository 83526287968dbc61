"""What an error of a forward tells of the inputs: the layer that refused one, and the sizes that did not meet."""

from __future__ import annotations

import re
from dataclasses import dataclass

import torch

from netweight.errors import text_of

_MISMATCHES = (
    re.compile(r"\(\d+x(?P<got>\d+) and (?P<wanted>\d+)x\d+\)"),
    re.compile(r"got \[\d+, (?P<got>\d+)\] X \[(?P<wanted>\d+), \d+\]"),
    re.compile(r"size of tensor a \((?P<got>\d+)\) must match the size of tensor b \((?P<wanted>\d+)\)"),
    re.compile(r"Expected (?P<wanted>\d+), got (?P<got>\d+)"),
    re.compile(r"to have (?P<wanted>\d+) channels, but got (?P<got>\d+) channels"),
    re.compile(r"normalized_shape=\[(?P<wanted>\d+)\].*size\[(?:\d+, )*(?P<got>\d+)\]"),
    re.compile(r"running_mean should contain (?P<got>\d+) elements not (?P<wanted>\d+)"),
    re.compile(r"shape '\[(?:-?\d+, )*(?P<wanted>\d+)\]' is invalid for input of size (?P<got>\d+)"),
)
_TOO_SMALL = re.compile(
    r"can't be greater than actual input|[Oo]utput size is too small|less than .* input|non-zero size"
)


@dataclass(frozen=True, slots=True)
class Refused:
    """A layer that an error went through, and the shape of what it was given."""

    layer: torch.nn.Module
    shape: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Mismatch:
    """Two sizes that are not equal: what came from the inputs, and what the network has."""

    got: int
    wanted: int


def refused_by(error: BaseException | None, kinds: tuple[type[torch.nn.Module], ...]) -> Refused | None:
    """The innermost layer of these kinds that the error went through; None if there is none."""
    found: Refused | None = None
    at = None if error is None else error.__traceback__
    while at is not None:
        local = at.tb_frame.f_locals
        layer, args = local.get("self"), local.get("args")
        if isinstance(layer, kinds) and isinstance(args, tuple):
            tensor = next((x for x in args if isinstance(x, torch.Tensor)), None)
            found = found if tensor is None else Refused(layer, tuple(tensor.shape))
        at = at.tb_next
    return found


def mismatch_of(error: BaseException | None) -> Mismatch | None:
    """The sizes that PyTorch's text names; None if it names none."""
    text = "" if error is None else text_of(error)
    match = next((found for pattern in _MISMATCHES if (found := pattern.search(text)) is not None), None)
    return None if match is None else Mismatch(int(match["got"]), int(match["wanted"]))


def is_too_small(error: BaseException | None) -> bool:
    """Whether a window or what is left of a picture had no room."""
    return error is not None and _TOO_SMALL.search(text_of(error)) is not None
