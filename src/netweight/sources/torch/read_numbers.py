"""Numbers that a program asks for and that follow from weights alone: computed from what has been recorded."""

from __future__ import annotations

import torch
from torch import Tensor

from netweight.lazy import Array, np
from netweight.ops.table import REGISTRY, as_tuple
from netweight.sources.recording import Step
from netweight.sources.torch.recording import TensorRecording
from netweight.sources.torch.site import Site

_MOST = 1 << 22
"""Elements that are computed for one question."""


class ReadNumbers:
    """Answers what numbers a tensor has that has none at capture."""

    def __init__(self, recording: TensorRecording) -> None:
        self._recording = recording
        self._made_by: dict[str, Step[Site]] = {}
        self._unknown: set[str] = set()
        self._looked_at = 0

    def of(self, tensor: Tensor) -> Tensor | None:
        """The numbers of a tensor; None if they depend on an input, on chance, or on what has no numbers itself."""
        name = self._recording.value_of(tensor)
        self._look()
        steps = self._steps_to(name)
        if steps is None:
            return None
        arrays: dict[str | None, Array | None] = {None: None}
        with torch._C._DisableTorchDispatch():
            for step in steps:
                inputs = [self._array(source, arrays) for source in step.inputs]
                results = as_tuple(REGISTRY[step.op].forward(step.attrs, *inputs))
                arrays.update(zip(step.outputs, results, strict=False))
            array = self._array(name, arrays)
            return torch.from_numpy(np.array(array)).to(tensor.dtype).reshape(tensor.shape)

    def _look(self) -> None:
        """Learn which of the values recorded since follow from weights."""
        nodes = self._recording.nodes
        for step in nodes[self._looked_at :]:
            definition = REGISTRY.find(step.op)
            known = definition is not None and not definition.random and not any(map(self._is_unknown, step.inputs))
            if known:
                self._made_by.update(dict.fromkeys(step.outputs, step))
            else:
                self._unknown.update(step.outputs)
        self._looked_at = len(nodes)

    def _is_unknown(self, name: str | None) -> bool:
        if name is None or name in self._made_by:
            return False
        if name in self._unknown:
            return True
        tensor = self._recording.tensors.get(name)
        plain = type(tensor) in (Tensor, torch.nn.Parameter)
        return tensor is None or not plain or tensor.is_meta or tensor.is_quantized or tensor.is_sparse

    def _steps_to(self, name: str) -> list[Step[Site]] | None:
        """What makes a value, in order; None if something is unknown, or it is too much."""
        if self._is_unknown(name):
            return None
        found: dict[int, Step[Site]] = {}
        waiting, size = [name], 0
        while waiting:
            value = waiting.pop()
            size += self._recording.specs[value].numel
            if size > _MOST:
                return None
            step = self._made_by.get(value)
            if step is not None and id(step) not in found:
                found[id(step)] = step
                waiting.extend(source for source in step.inputs if source is not None)
        return [step for step in self._recording.nodes if id(step) in found] if found else []

    def _array(self, name: str | None, arrays: dict[str | None, Array | None]) -> Array | None:
        if name not in arrays:
            assert name is not None
            tensor = self._recording.tensors[name].detach().cpu()
            small = tensor.dtype.itemsize < 4 and tensor.is_floating_point()  # types that NumPy does not have
            arrays[name] = (tensor.float() if small else tensor).numpy()
        return arrays[name]
