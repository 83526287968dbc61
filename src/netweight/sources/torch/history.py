"""What autograd would know of the values of a recording: who asks for a gradient, and where gradients stop.

Nothing is worked out until somebody asks. A node passes gradients on if it was recorded with autograd enabled and its
operator has one.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import islice
from typing import Any, NamedTuple

from netweight.ir import ValueKind, is_floating
from netweight.ops.table import REGISTRY
from netweight.sources.recording import Recording, Step


class Asking(NamedTuple):
    """Whether a value has a gradient in a step of training, and whether it has one if every tensor asks for it."""

    now: bool
    ever: bool


_NEVER = Asking(now=False, ever=False)


@dataclass(slots=True, eq=False)
class History:
    """Which values of a recording ask for gradients.

    Attributes:
        leaves: Inputs, constants and activations that ask for one themselves.
        frozen: Parameters that asked for none when they were first read.
    """

    leaves: dict[str, None] = field(default_factory=dict)
    frozen: set[str] = field(default_factory=set)
    _replaced: dict[str, str] = field(default_factory=dict)
    _known: dict[str, Asking] = field(default_factory=dict)
    _followed: int = 0

    def meet(self, name: str, kind: ValueKind) -> None:
        """A parameter that asks for no gradient is read for the first time, or another constant that asks for one."""
        if kind == "parameter":
            self.frozen.add(name)
        else:
            self.leaves[name] = None

    def replace(self, before: str, now: str) -> None:
        """Say that a value was written over another behind autograd's back: its gradient is that of the other."""
        self._replaced[now] = before

    def settle(self, recording: Recording[Any], name: str, state: Asking) -> None:
        """Say what the program's own function makes of its result."""
        self._of(recording, name)
        self._known[name] = state

    def forget(self, name: str) -> None:
        """A value that autograd does see written, by a function of the program's."""
        self._replaced.pop(name, None)

    def taken_back(self, left: int) -> None:
        """Only the first operators are left of what was recorded."""
        self._followed = min(self._followed, left)

    def inherit(self, before: str, now: str) -> None:
        """A leaf, or a value that was written over another, was itself written: it is another value of the same."""
        if before in self.leaves:
            self.leaves[now] = None
        if before in self._replaced:
            self._replaced[now] = self._replaced[before]

    def again(self, recording: Recording[Any], name: str, *, asks: bool) -> bool:
        """Whether a parameter must be detached from now on: it asks for no gradient after reads that did."""
        if asks and name in self.frozen:
            self.frozen.discard(name)
            recording.note(f"{name} is trained, although it is read before it asks for a gradient", guess=True)
        return not asks and name not in self.frozen

    def asks(self, recording: Recording[Any], name: str) -> bool:
        """Whether the tensor with this value says that it requires a gradient."""
        return self._of(recording, name).now

    def can_ask(self, recording: Recording[Any], name: str) -> bool:
        """Whether it does if all inputs and parameters ask for one."""
        return self._of(recording, name).ever

    def diverted(self, recording: Recording[Any]) -> dict[str, str | None]:
        """Values whose gradients do not go to what their nodes read, and where they go instead."""
        found: dict[str, str | None] = {}
        for step in recording.nodes:
            for name in step.outputs:
                if step.site.grad and name not in self._replaced and name not in self.leaves:
                    continue
                before = self._replaced.get(name)
                passes = before is not None and self.can_ask(recording, before)
                if passes or any(self.can_ask(recording, read) for read in step.inputs if read is not None):
                    found[name] = before if passes else None
        return found

    def _of(self, recording: Recording[Any], name: str) -> Asking:
        for step in islice(recording.nodes, self._followed, None):
            self._follow(recording, step)
        self._followed = len(recording.nodes)
        return self._state(recording, name)

    def _follow(self, recording: Recording[Any], step: Step[Any]) -> None:
        op = REGISTRY.find(step.op)
        passed = _NEVER
        if step.site.grad and (op is None or op.differentiable):
            read = [self._state(recording, name) for name in step.inputs if name is not None]
            passed = Asking(any(state.now for state in read), any(state.ever for state in read))
        for name in step.outputs:
            if name in self._replaced:
                self._known[name] = self._state(recording, self._replaced[name])
            elif is_floating(recording.specs[name].dtype):
                self._known[name] = passed

    def _state(self, recording: Recording[Any], name: str) -> Asking:
        if name in self.leaves:
            return Asking(now=True, ever=True)
        kind = recording.kinds.get(name)
        if kind in ("parameter", "input") and is_floating(recording.specs[name].dtype):
            return Asking(now=kind == "parameter" and name not in self.frozen, ever=True)
        return self._known.get(name, _NEVER)
