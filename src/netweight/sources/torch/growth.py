"""Results that are much larger than the constants they are made of: masks and tables over all pairs of positions.

Numbers of such a result are nobody's to compute: ``arange(L)[:, None] >= arange(L)`` has 17 billion for L = 131,072. It
gets a shape, its bytes count as those of any other temporary, and what is done with it is recorded.
"""

from __future__ import annotations

import gc
import math
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import torch
from torch import Tensor
from torch.utils._pytree import tree_leaves

from netweight.sources.torch.operators import Operator
from netweight.sources.torch.recorder import Recorder

LARGEST = 1 << 24
"""Elements up to which a result of constants has numbers."""
_META = torch.device("meta")


def without_numbers(
    recorder: Recorder, operator: Operator, tensors: Sequence[Tensor], args: Any, kwargs: dict[str, Any]
) -> Any:
    """Result on meta of an operator on constants if it is larger than ``LARGEST``; None if it has to be computed."""
    if operator.writes or not _may_grow(tensors, args, kwargs):
        return None
    named = {**kwargs, "device": _META} if "device" in kwargs or not tensors else kwargs
    try:
        result = recorder.native(operator.func, *args, **named)
    except (RuntimeError, TypeError):  # no meta form: a size that follows from numbers; a real run says what is wrong
        return None
    made = [leaf for leaf in tree_leaves(result) if isinstance(leaf, Tensor)]
    if all(leaf.untyped_storage().nbytes() <= LARGEST * leaf.element_size() for leaf in made):
        return None
    gc.collect(1)  # the first call of a meta kernel leaves exceptions, whose frames hold the program's tensors
    for leaf in made:
        recorder.constant(leaf)
    return result


def _may_grow(tensors: Sequence[Tensor], args: Any, kwargs: dict[str, Any]) -> bool:
    """Whether the result can be large at all: no more than all sizes multiplied, a diagonal's square."""
    elements = [tensor.numel() for tensor in tensors]
    reach = math.prod(elements) * (elements[0] if len(elements) == 1 else 1)
    if reach > LARGEST:
        return True
    numbers = [abs(number) for number in _numbers((*args, *kwargs.values())) if number]
    square = max(numbers, default=1) if not tensors else 1
    return bool(numbers) and reach * math.prod(numbers) * square > LARGEST


def _numbers(values: Iterable[Any]) -> Iterator[int]:
    """Whole numbers among arguments: sizes, repetitions, ends of a range."""
    for value in values:
        if isinstance(value, list | tuple):
            yield from _numbers(value)
        elif isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value):
            yield math.ceil(value)
