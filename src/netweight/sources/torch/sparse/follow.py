"""Calls with sparse tensors, followed by what these store."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor
from torch.utils._pytree import tree_map

from netweight.sources.torch.constants import tensors_in
from netweight.sources.torch.operators import Operator
from netweight.sources.torch.recorder import Recorder
from netweight.sources.torch.sparse import elementwise, layout, products, reduce, reduced
from netweight.sources.torch.sparse.elementwise import KEEPING_ZERO, LINEAR
from netweight.sources.torch.sparse.rules import SPARSE
from netweight.sources.torch.sparse.stored import Sparse, SparseTensors

HOMES = (elementwise, layout, products, reduce, reduced)
_MAKING = frozenset(name for name in SPARSE if "sparse" in name or name == "_spdiags")


class SparseCalls:
    """Whether a program has sparse tensors, and what it does with them.

    Attributes:
        met: Whether it has any.
    """

    def __init__(self, recorder: Recorder) -> None:
        self.met = False
        self.tensors = SparseTensors(recorder.recording)
        self._recorder = recorder

    def follow(self, operator: Operator, args: Any, kwargs: dict[str, Any]) -> Any:
        """Result of a call with sparse tensors, NotImplemented where no rule takes it; None of any other call."""
        given = tensors_in(args, kwargs)
        if operator.name not in _MAKING and all(tensor.layout is torch.strided for tensor in given):
            return None
        if operator.name == "_coalesced_":
            self.tensors.say_coalesced(args[0], said=args[1])
            return args[0]
        if operator.writes:
            return NotImplemented
        recorder = self._recorder
        recorder.recording.site = recorder.module_calls.site()
        recorder.overload = None
        opened, named = tree_map(self._opened, (tuple(args), kwargs))
        rule = SPARSE.get(operator.name)
        if rule is not None:
            return tree_map(self._closed, rule(recorder, *opened, **named))
        if operator.name in KEEPING_ZERO and operator.rule is not None and isinstance(opened[0], Sparse):
            x, *rest = opened
            if operator.name not in LINEAR and x.layout == "coo":
                x = layout.coalesced(recorder, x)
            named = {name: value for name, value in named.items() if name not in ("memory_format", "layout")}
            values = operator.rule(recorder, x.values, *rest, **named)
            return values if values is NotImplemented else self._closed(x.with_values(values))
        return NotImplemented

    def unknown(self, operator: Operator, args: Any, kwargs: dict[str, Any]) -> Any:
        """A call that no rule takes, tried on zeros; None if none of its tensors is sparse."""
        given = tensors_in(args, kwargs)
        if operator.name not in _MAKING and all(tensor.layout is torch.strided for tensor in given):
            return None
        recording = self._recorder.recording
        reads: list[Tensor] = []
        for tensor in given:
            is_dense = tensor.layout is torch.strided
            reads.extend([tensor] if is_dense else [self.tensors.of(tensor).values])
        with torch._C._DisableTorchDispatch():
            result = operator.func(*tree_map(self._zeros, tuple(args)), **tree_map(self._zeros, kwargs))
        made: list[Tensor] = []

        def handed(value: Any) -> Any:
            if not isinstance(value, Tensor):
                return value
            sparse = None if value.layout is torch.strided else self.tensors.of(value)
            stored = value if sparse is None else sparse.values
            made.append(torch.empty(stored.shape, dtype=stored.dtype, device="meta"))
            return made[-1] if sparse is None else self.tensors.made(sparse.with_values(made[-1]))

        result = tree_map(handed, result)
        recording.record(operator.unknown_name, None, reads, made)
        return result

    def _zeros(self, value: Any) -> Any:
        """A tensor with numbers in place of any."""
        if isinstance(value, torch.device):
            return torch.device("cpu")
        if not isinstance(value, Tensor):
            return value
        if value.layout is torch.strided:
            return torch.zeros(value.shape, dtype=value.dtype) if value.is_meta else value
        return self.tensors.on_cpu(self.tensors.of(value))

    def _opened(self, value: Any) -> Any:
        if isinstance(value, Tensor) and value.layout is not torch.strided:
            return self.tensors.of(value)
        return value

    def _closed(self, value: Any) -> Any:
        return self.tensors.made(value) if isinstance(value, Sparse) else value
