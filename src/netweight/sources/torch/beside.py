"""Operators on tensors that have numbers and stand for values of the graph: computed, and recorded beside that.

Buffers are such tensors, inputs whose whole numbers a program looks at, and all that is computed from these alone.
Every forward does the work, so it is in the graph; the numbers are there for what the program decides by them.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor
from torch.utils._pytree import tree_leaves

from netweight.errors import ShapeError
from netweight.sources.torch.known_numbers import FIXED, NOT_GIVEN, READ
from netweight.sources.torch.operators import Operator
from netweight.sources.torch.own_operators import counted
from netweight.sources.torch.recorder import Recorder
from netweight.sources.torch.writes import write

_META = torch.device("meta")


class Beside:
    """Records what has been computed.

    Args:
        recorder: What rules record with.
        apply: Records a call by the rule of its operator.
    """

    def __init__(self, recorder: Recorder, apply: Callable[[Operator, Any, dict[str, Any]], Any]) -> None:
        self._recorder = recorder
        self._recording = recorder.recording
        self._apply = apply

    def record(self, operator: Operator, tensors: list[Tensor], args: Any, kwargs: dict[str, Any], result: Any) -> None:
        """Record work on what stands for values of the graph, and products; the results have numbers as well.

        Integers whose count or place depends on the numbers of an input are fixed at capture; a note says so. Where
        they depend on buffers alone, the buffers are in the graph and the integers are constants beside them.
        """
        recording = self._recording
        given = max(map(recording.is_given, tensors), default=NOT_GIVEN)
        targets = operator.targets(args, kwargs) if operator.writes else []
        if any(recording.is_fed(target) or recording.holds(target) for target in targets):  # before or by this write
            if operator.follows_plain and self._written(operator, targets, args, kwargs, given=given):
                return
            for target in targets:
                recording.forget(target)
        results = [leaf for leaf in tree_leaves(result) if isinstance(leaf, Tensor) and not recording.is_fed(leaf)]
        if not results or operator.writes:
            if given:
                recording.note(FIXED if results else READ, guess=bool(results))
            return
        made = self._recorded(operator, tensors, args, kwargs, results)
        if made is not NotImplemented:
            self._feed(results, made, given=given)
        elif given:
            recording.note(FIXED, guess=True)
        else:
            recording.names_of([tensor for tensor in tensors if recording.is_followed(tensor)])

    def _feed(self, results: list[Tensor], made: Any, *, given: int) -> None:
        parts = [leaf for leaf in tree_leaves(made) if isinstance(leaf, Tensor)]
        for leaf, part in zip(results, parts, strict=False):
            if self._recording.knows(part):  # a result that was not asked for is an empty tensor
                self._recording.feed(leaf, part, given=given)

    def _written(
        self, operator: Operator, targets: list[Tensor], args: Any, kwargs: dict[str, Any], *, given: int
    ) -> bool:
        """Record a write to tensors that stand for values of the graph; False where no rule takes it."""
        recording = self._recording
        for target in targets:
            bind_views(self._recorder, target)
        recording.site = self._recorder.module_calls.site()
        self._recorder.overload = None if operator.out else operator.func
        named = {name: value for name, value in kwargs.items() if name not in operator.out}
        assert operator.rule is not None
        try:
            made = operator.rule(self._recorder, *args, **named)
        except ShapeError:
            return False
        if made is NotImplemented:
            return False
        parts = made if isinstance(made, tuple) else (made,)
        if any(part.shape != target.shape for part, target in zip(parts, targets, strict=False)):
            return False  # ``out`` was of another size
        for target, part in zip(targets, parts, strict=False):
            write(recording, target, part)
            recording.feed_memory(target, given=given)
        return True

    def _recorded(
        self, operator: Operator, tensors: list[Tensor], args: Any, kwargs: dict[str, Any], results: list[Tensor]
    ) -> Any:
        """What stands for the results in the graph, NotImplemented where they are constants."""
        self._recording.site = self._recorder.module_calls.site()
        made: Any = NotImplemented
        own = self._recorder.own_rules.get(operator.full_name) if self._recorder.own_rules else None
        if own is not None:
            made = counted(self._recorder, own, operator, args, kwargs)
        elif operator.rule is not None:
            try:
                made = self._apply(operator, args, kwargs)
            except ShapeError:
                made = NotImplemented
        if made is not NotImplemented and not _fits(made, results):  # a size that only numbers tell
            made = NotImplemented
        if made is NotImplemented and any(leaf.is_floating_point() or leaf.is_complex() for leaf in results):
            made = [torch.empty(leaf.shape, dtype=leaf.dtype, device=_META) for leaf in results]
            self._recording.record(operator.unknown_name, None, tensors, made)
        return made


def _fits(made: Any, results: list[Tensor]) -> bool:
    parts = [leaf.shape for leaf in tree_leaves(made) if isinstance(leaf, Tensor)]
    return parts[: len(results)] == [leaf.shape for leaf in results]


def bind_views(recorder: Recorder, constant: Tensor) -> None:
    """Views of the memory of a constant, which is about to be written, hold views of the value that it holds."""
    recording = recorder.recording
    for tensor, view in recording.constants.views_of(constant):
        if recording.is_fed(tensor):
            continue
        made = view.rule(recorder, *view.args, **view.kwargs)
        for part in made if isinstance(made, list | tuple) else (made,):
            if part.shape == tensor.shape and part.storage_offset() == tensor.storage_offset():
                recording.mirror(tensor, part)
                break
