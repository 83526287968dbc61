"""Recording of a backward that a program wrote: what it does is taken out of the network, into a list of its own."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Self

import torch
from torch import Tensor

from netweight.sources.recording import Step
from netweight.sources.torch.rebinding import bind_gradient, take_from
from netweight.sources.torch.recorder import Recorder
from netweight.sources.torch.site import Site


@dataclass(slots=True, eq=False)
class Backward:
    """A block whose operators are taken out of the recording when it ends.

    Attributes:
        rec: What records.
        arriving: Names of the gradients of the outputs.
        gradients: Names of those of the inputs.
        steps: What the block recorded; None if it failed.
        released: See ``WrittenFunction``.
        error: Why it failed.
    """

    rec: Recorder
    arriving: list[str] = field(default_factory=list)
    gradients: tuple[str | None, ...] = ()
    steps: tuple[Step[Site], ...] | None = None
    released: dict[str, int] = field(default_factory=dict)
    error: Exception | None = None
    _start: int = 0
    _before: dict[str, int] = field(default_factory=dict)
    _seen: dict[int, tuple[Tensor, Tensor]] = field(default_factory=dict)

    def __enter__(self) -> Self:
        self._start = len(self.rec.recording.nodes)
        self._before = dict(self.rec.recording.released)
        return self

    def __exit__(self, _kind: object, error: BaseException | None, _trace: object) -> bool:
        recording = self.rec.recording
        taken = take_from(recording, self._start)
        released, recording.released = recording.released, self._before
        made = {name for step in taken for name in step.outputs}.union(self.arriving)
        self.released = {name: at - self._start for name, at in released.items() if name in made}
        if error is None:
            self.steps = tuple(taken)
        elif isinstance(error, Exception):
            self.error = error
        return self.steps is None and isinstance(error, Exception)

    def gradient(self, output: Any, name: str | None, *, materialized: bool) -> Tensor | None:
        """What arrives as the gradient of an output: zeros, or nothing, for one that has none."""
        if not isinstance(output, Tensor):
            return None
        if name is None:
            return torch.zeros(output.shape, dtype=output.dtype) if materialized else None
        tensor = self.rec.native(torch.empty_strided, output.shape, output.stride(), dtype=output.dtype, device="meta")
        self.arriving.append(bind_gradient(self.rec.recording, tensor))
        return tensor

    def seen(self, tensor: Tensor) -> Tensor:
        """A tensor with the same value: what is written to it reaches nobody else."""
        if not tensor.is_meta:
            return tensor
        found = self._seen.get(id(tensor))
        if found is None:
            fresh = self.rec.native(torch.ops.aten.alias, tensor)
            self.rec.recording.bind(fresh, self.rec.recording.value_of(tensor), ())
            found = self._seen[id(tensor)] = tensor, fresh
        return found[1]

    def finish(self, inputs: Sequence[str | None], gradients: Sequence[Any]) -> None:
        """Say what the block computed."""
        padded = [*gradients, *[None] * len(inputs)][: len(inputs)]
        self.gradients = tuple(
            self.rec.recording.value_of(grad) if name is not None and isinstance(grad, Tensor) else None
            for name, grad in zip(inputs, padded, strict=True)
        )
