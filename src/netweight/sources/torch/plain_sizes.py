"""Tuples of numbers that a program takes as they are: ``forward(x, size=(16, 16))``, not the shape of a tensor.

The name decides where it says something (``size``), else the signature, else whether real tensors stand beside the
numbers, as then shapes need not be described. The first argument of a forward is a tensor.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import torch

_SIZES = re.compile(r"(^|_)(sizes?|shapes?|hw|wh|resolutions?|dims|axes|strides?|paddings?|dilations?)$")
_OF_NUMBERS = re.compile(r"\b(int|Size)\b")


class PlainSizes:
    """Which of the inputs that are tuples of numbers are no shapes.

    Args:
        parameters: Those of the forward.
        given: Its arguments, in tuples and dicts.
        otherwise: Whether numbers of which neither name nor signature says what they are are passed as they are; None
            if real tensors beside them decide.
    """

    def __init__(self, parameters: Sequence[inspect.Parameter], given: Any, *, otherwise: bool | None = None) -> None:
        self._first = parameters[0].name if parameters else ""
        self._says = {p.name: says for p in parameters if (says := _takes_numbers(p)) is not None}
        self._otherwise = any(map(_is_real, _values(given))) if otherwise is None else otherwise

    def __contains__(self, name: str) -> bool:
        """Whether numbers under this name, such as ``"batch.0.size"``, are passed as they are."""
        parameter = name.partition(".")[0]
        words = [part for part in name.split(".") if not part.isdecimal()]
        said = self._says.get(parameter)
        if _SIZES.search(words[-1]) and said is not False:
            return True
        return said if said is not None else self._otherwise and parameter != self._first


def _values(given: Any) -> Iterator[Any]:
    """What containers hold, and those in them."""
    if isinstance(given, Mapping):
        given = tuple(given.values())
    if isinstance(given, list | tuple):
        for item in given:
            yield from _values(item)
    else:
        yield given


def _is_real(value: Any) -> bool:
    """Whether it is a floating tensor; integers must be given as they are, whatever stands beside them."""
    return isinstance(value, torch.Tensor) and value.is_floating_point()


def _takes_numbers(parameter: inspect.Parameter) -> bool | None:
    """Whether a parameter takes whole numbers, None if its signature does not say so."""
    if _are_numbers(parameter.default):
        return True
    annotation = parameter.annotation
    if annotation is parameter.empty:
        return None
    text = annotation if isinstance(annotation, str) else _text(annotation)
    if "Tensor" in text:
        return False
    return True if _OF_NUMBERS.search(text) else None


def _text(annotation: Any) -> str:
    return annotation.__name__ if isinstance(annotation, type) and not _arguments(annotation) else str(annotation)


def _arguments(annotation: Any) -> Any:
    return getattr(annotation, "__args__", ())


def _are_numbers(value: Any) -> bool:
    return isinstance(value, Sequence) and len(value) > 0 and all(type(number) is int for number in value)
