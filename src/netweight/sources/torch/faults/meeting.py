"""What is known where an operator refused: its arguments, where they come from, and the module around it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from torch import nn

from netweight.sources.size_origins import Trail, sizes
from netweight.sources.torch.faults.definition import made_at
from netweight.sources.torch.faults.described import described, is_of_torch
from netweight.sources.torch.faults.failed_call import Argument, FailedCall

_ROLES = {
    "self": "its input",
    "input": "its input",
    "other": "the other",
    "mat2": "the other",
    "argument 0": "its input",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Meeting:
    """An operator and what it was given.

    Attributes:
        call: The operator.
        trail: What was recorded before.
        modules: Every module by its path.
        layer: Path of the module that was running.
        names: What the user's code calls a value on the line that raised.
        why: Sentences on how it came about; rules add to them.
        fixes: Changes that fit; rules add to them.
    """

    call: FailedCall
    trail: Trail
    modules: Mapping[str, nn.Module]
    layer: str
    names: Mapping[str, str] = field(default_factory=dict)
    why: list[str] = field(default_factory=list)
    fixes: list[str] = field(default_factory=list)

    @property
    def module(self) -> nn.Module | None:
        """The module that was running."""
        return self.modules.get(self.layer)

    def called(self, argument: Argument) -> str:
        """What the user calls an argument: his variable, the parameter, or its place."""
        return argument.owner or self.names.get(argument.value, "") or _ROLES.get(argument.role, argument.role)

    def variable(self, argument: Argument) -> str:
        """What stands for an argument in a line of code: the user's variable, or the call that gives it."""
        name = argument.owner or self.names.get(argument.value, "")
        made = "" if name else self.name_of(argument).rpartition(" ")[2].rpartition(".")[2]
        called = f"self.{made}(...)" if made.isidentifier() else f"(the output of {made})" if made else ""
        return name or called or ("it" if "x" in self.names.values() else "x")

    def name_of(self, argument: Argument) -> str:
        """What a line of code calls an argument: the user's variable, or ``the output of a``; empty if neither."""
        name = argument.owner or self.names.get(argument.value, "")
        step = self.trail.writer_of(argument.value) if argument.value and not name else None
        layer = self.trail.layer_of(step) if step is not None else ""
        module = self.modules.get(layer) if layer else None
        return f"the output of {layer}" if module is not None and is_of_torch(module) else name

    def origin(self, argument: Argument, dim: int) -> str:
        """Where one of its sizes comes from, after the size: ``"= 16 (image) + 32 (table), ..."``."""
        if argument.owner:
            return f"are those of {argument.owner}"
        text = self.trail.origin(argument.value, dim % len(argument.shape)).text if argument.value else ""
        if not text:
            return ""
        return f"= {text}" if text[0].isdigit() else f"come from {text}"

    def whole(self, argument: Argument) -> str:
        """Shape of an argument and what made it: ``"2x48 of cat at net.py:15"``."""
        if argument.owner:
            return sizes(argument.shape)
        step = self.trail.writer_of(argument.value) if argument.value else None
        if step is not None:
            return f"{sizes(argument.shape)} of {self.trail.by(step)}"
        source = f" of {self.trail.of_source(argument.value)}" if argument.value else ""
        return f"{sizes(argument.shape)}{source}"

    def tell_size(self, argument: Argument, dim: int, what: str, shape: str) -> None:
        """Say where one size of an argument comes from: ``"48 features = 16 (image) + ..."``."""
        origin = self.origin(argument, dim)
        size = argument.shape[dim]
        self.why.append(f"{size} {what} {origin}" if origin else f"{size} {what} {shape}")

    def tell_whole(self, argument: Argument, extra: str = "") -> None:
        """Say the shape of one argument and what made it."""
        self.why.append(f"{self.called(argument)} is {self.whole(argument)}{extra}")

    def tell_shapes(self) -> None:
        """Say the shape of each argument and what made it."""
        for argument in {(one.role if one.owner else one.value or one.role): one for one in self.call.tensors}.values():
            self.tell_whole(argument)

    def suggest(self, text: str, *, fits: bool = True) -> None:
        """A change, if it was tried and fits."""
        if fits and text not in self.fixes:
            self.fixes.append(text)

    def with_setting(self, kind: type[nn.Module] | tuple[type[nn.Module], ...], **changed: Any) -> str:
        """The module with other settings and the line on which it is made; empty if it is of another class."""
        if not isinstance(self.module, kind):
            return ""
        place = made_at(self.layer, self.modules)
        return f"{described(self.module, **changed)}{f' at {place}' if place else ''}"


Rule = Callable[[Meeting], None]
"""Says why an operator refuses, and what would fit."""
