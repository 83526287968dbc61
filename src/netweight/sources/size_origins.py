"""Where the size of a tensor comes from: which layer made it, what was joined, what was flattened."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from math import prod
from typing import Any

from netweight.ir import TensorSpec
from netweight.ops.table import REGISTRY
from netweight.sources.recording import Step

_NAMES = {"concat": "cat", "reshape": "reshape"}
_STOPS = frozenset({"conv", "linear", "matmul", "attention", "recurrent", "embedding"})
_FARTHEST = 1000


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a size comes from.

    Attributes:
        text: In words, after the size: ``"16 (image) + 32 (table), joined by cat at net.py:15"``.
        step: The operator that decided it; None for an input, a parameter or a constant.
        dim: Which dimension of that operator's result it is.
    """

    text: str
    step: Step[Any] | None = None
    dim: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Trail:
    """What was recorded until an error, to be walked back.

    Attributes:
        specs: Spec of each value.
        kinds: Where a value comes from that no operator writes.
        steps: What was recorded.
        layer_of: Name of the layer of an operator; empty where the model itself calls it.
        place_of: File and line of an operator; empty where there are none.
        described: What a layer is: ``"Linear(10, 32)"``; empty if it is of the user's own class.
    """

    specs: Mapping[str, TensorSpec]
    kinds: Mapping[str, str]
    steps: Sequence[Step[Any]]
    layer_of: Callable[[Step[Any]], str]
    place_of: Callable[[Step[Any]], str]
    described: Callable[[str], str] = lambda _layer: ""

    def writer_of(self, value: str) -> Step[Any] | None:
        """The operator that writes a value."""
        return next((step for step in reversed(self.steps) if value in step.outputs), None)

    def origin(self, value: str, dim: int) -> Origin:
        """Where the size of a dimension of a value comes from."""
        for _ in range(_FARTHEST):
            step = self.writer_of(value)
            if step is None:
                return Origin(self.of_source(value))
            if step.op == "concat" and step.attrs.dim % len(self.specs[value].shape) == dim:
                return Origin(self._joined(step, dim), step, dim)
            before = self._before(step, value, dim)
            if before is None:
                return Origin(self.by(step), step, dim)
            if len(before[1]) > 1:
                return Origin(self._flattened(step, *before), step, dim)
            value, (dim,) = before
        return Origin("")

    def of_source(self, value: str) -> str:
        """What a value is that no operator writes."""
        kind = self.kinds.get(value, "constant")
        return f"input {value}" if kind == "input" else "a constant" if kind == "constant" else value

    def by(self, step: Step[Any]) -> str:
        """Layer and operator with its line: ``"conv1 (Conv2d(3, 8, 3))"``, ``"matmul at net.py:7"``."""
        layer, place = self.layer_of(step), self.place_of(step)
        described = self.described(layer) if layer else ""
        if described:
            return f"{layer} ({described})"
        within = f" in {layer}" if layer else ""
        return f"{named(step.op)}{within}{f' at {place}' if place else ''}"

    def _joined(self, step: Step[Any], dim: int) -> str:
        parts = [(self.specs[name].shape[dim], self._part(name, step, dim)) for name in step.inputs if name]
        place = self.place_of(step)
        total = " + ".join(f"{size} ({label})" for size, label in parts)
        return f"{total}, joined by {named(step.op)}{f' at {place}' if place else ''}"

    def _part(self, value: str, join: Step[Any], dim: int) -> str:
        """What a joined part is called: the layer of its own at the level of the join."""
        origin = self.writer_of(value)
        if origin is None:
            return value
        outer, layer = self.layer_of(join), self.layer_of(origin)
        inner = layer.removeprefix(f"{outer}.") if outer else layer
        if layer == outer or not layer:
            found = self.origin(value, dim)
            deeper = self.layer_of(found.step) if found.step is not None else ""
            if not deeper or deeper == outer:
                return found.text if found.step is None else self.by(origin)
            inner = deeper.removeprefix(f"{outer}.") if outer else deeper
        return (f"{outer}." if outer else "") + inner.partition(".")[0] if inner else layer

    def _flattened(self, step: Step[Any], value: str, dims: Sequence[int]) -> str:
        shape = self.specs[value].shape
        factors = " * ".join(str(shape[dim]) for dim in dims)
        place = self.place_of(step)
        source = self.writer_of(value)
        maker = self.by(source) if source is not None else self.of_source(value)
        return f"{factors}, flattened{f' at {place}' if place else ''} from {sizes(shape)} of {maker}"

    def _before(self, step: Step[Any], value: str, dim: int) -> tuple[str, list[int]] | None:
        """The value that the size comes from, and its dimensions; None if the operator decides the size."""
        definition = REGISTRY.find(step.op)
        source = next((name for name in step.inputs if name is not None), None)
        if source is None or definition is None or definition.kind in _STOPS:
            return None
        shape, given = self.specs[value].shape, self.specs[source].shape
        if step.op == "permute":
            return source, [step.attrs.order[dim]]
        if step.op == "reshape":
            dims = _folded(given, shape, dim)
            return (source, dims) if dims else None
        offset = len(given) - len(shape)
        if definition.kind == "elementwise":
            return self._broadcast(step, shape, dim)
        if offset == 0 and given[dim] == shape[dim]:
            return source, [dim]
        return None

    def _broadcast(self, step: Step[Any], shape: tuple[int, ...], dim: int) -> tuple[str, list[int]] | None:
        """The operand that has the size, of those that are spread over each other."""
        for name in step.inputs:
            if name is None:
                continue
            given = self.specs[name].shape
            at = dim + len(given) - len(shape)
            if at >= 0 and given[at] == shape[dim]:
                return name, [at]
        return None


def named(op: str) -> str:
    """What a user calls an operator of the table."""
    return _NAMES.get(op, op.removeprefix("aten."))


def sizes(shape: Sequence[int]) -> str:
    """A shape as text.

    >>> sizes((2, 48))
    '2x48'
    """
    return "x".join(map(str, shape)) if shape else "no dimensions"


def _folded(given: tuple[int, ...], shape: tuple[int, ...], dim: int) -> list[int]:
    """Dimensions of ``given`` whose product is one of ``shape``; none if they do not fit.

    >>> _folded((2, 8, 30, 30), (2, 7200), 1)
    [1, 2, 3]
    """
    before, size = prod(shape[:dim]), shape[dim]
    for first in range(len(given)):
        if prod(given[:first]) != before:
            continue
        for last in range(first, len(given)):
            dims = [at for at in range(first, last + 1) if given[at] != 1] or [last]
            if prod(given[first : last + 1]) == size and size != 1:
                return dims
    return []
