"""Symbols, scopes and the graph that grows behind them."""

from __future__ import annotations

import importlib
import os
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Any, NamedTuple

from netweight.errors import NetweightError, ShapeError, UsageError, unknown_name
from netweight.ir import Init, Node, TensorSpec, ValueKind, located
from netweight.ops.table import REGISTRY, output_specs
from netweight.sources.origins import AuthoredFiles
from netweight.sources.recording import Recording, Step, free_name

_AUTHORED = AuthoredFiles(str(Path(__file__).parent) + os.sep, str(Path(__file__).parents[2] / "functions") + os.sep)


def _function(name: str) -> Callable[..., Any]:
    """The function behind an operator of symbols; functions are made of symbols themselves, so they come later."""
    found: Callable[..., Any] = importlib.import_module("netweight.sources.build.layers").function(name)
    return found


def _operator(name: str, *, turned: bool = False) -> Callable[[Symbol, Symbol | float], Symbol]:
    """A method of symbols: a function of the symbol and the other operand, or of both the other way round."""

    def method(self: Symbol, other: Symbol | float) -> Symbol:
        return _function(name)(other, self) if turned else _function(name)(self, other)

    return method


@dataclass(frozen=True, slots=True, repr=False)
class Symbol:
    """A value of the network under construction: a shape and an element type, no numbers.

    Attributes:
        name: Name of the value in the graph.
        spec: Shape and element type.
        builder: The network it belongs to.
    """

    name: str
    spec: TensorSpec
    builder: Builder

    def __repr__(self) -> str:
        return f"<Symbol {self.name!r}: {self.spec}>"

    @property
    def shape(self) -> tuple[int, ...]:
        """Sizes, outermost first."""
        return self.spec.shape

    __add__ = __radd__ = _operator("add")
    __sub__, __rsub__ = _operator("sub"), _operator("sub", turned=True)
    __mul__ = __rmul__ = _operator("mul")
    __truediv__, __rtruediv__ = _operator("div"), _operator("div", turned=True)
    __pow__ = _operator("pow")
    __matmul__ = _operator("matmul")

    def __neg__(self) -> Symbol:
        return _function("neg")(self)

    def __getitem__(self, key: Any) -> Symbol:
        return importlib.import_module("netweight.sources.build.move.slicing").getitem(self, key)

    __iter__ = None  # or Python would iterate by asking for x[0], x[1] ... until something fails


class Place(NamedTuple):
    """Where a layer was written.

    Attributes:
        layer: Its path.
        origin: File and line of the description.
    """

    layer: str
    origin: str


class Builder(Recording[Place]):
    """Records one network: layers and values have their names from the start.

    Attributes:
        training: Whether batch normalisation uses batch statistics and dropout drops.
        modules: Class of each module path that has one.
    """

    def __init__(self, *, training: bool = False) -> None:
        super().__init__()
        self.training = training
        self.modules: dict[str, str] = {}
        self._path: list[str] = []
        self._layers: set[str] = set()
        self._last_numbers: dict[str, int] = {}
        self._layer = ""
        self._inplace = False
        self._started = False

    def symbol(self, name: str, spec: TensorSpec, kind: ValueKind) -> Symbol:
        """A value that no operator writes.

        Raises:
            UsageError: If its name is taken.
        """
        self._refuse_twice(name)
        self.add(name, spec, kind)
        return Symbol(name, spec, self)

    def _refuse_twice(self, name: str) -> None:
        if name in self.specs:
            raise UsageError(f"build: expected a new name, got {name!r} twice")

    def layer_name(self, name: str) -> str:
        """Module path of a call: the scopes around it and ``name``, numbered when it was used before."""
        path = free_name(".".join((*self._path, name)), self._layers, self._last_numbers, "_")
        self._layers.add(path)
        return path

    @contextmanager
    def scope(self, name: str, kind: str = "") -> Iterator[None]:
        """Everything called inside belongs to the module ``name``."""
        self._path.append(name)
        if kind:
            self.modules[".".join(self._path)] = kind
        try:
            yield
        finally:
            self._path.pop()

    @contextmanager
    def recording(self, name: str, *, inplace: bool = False) -> Iterator[None]:
        """A block in which everything recorded is one layer.

        Args:
            name: Last part of its path.
            inplace: The first operator writes over its input; while training, only if its gradient does not need that.
        """
        with self.layer(self.layer_name(name), inplace=inplace):
            yield

    @contextmanager
    def layer(self, path: str, *, inplace: bool = False) -> Iterator[None]:
        """As ``recording``, for a layer whose path has been taken, because it has weights."""
        before = self._layer, self._inplace, self._started
        self._layer, self._inplace, self._started = path, inplace, False
        try:
            yield
        finally:
            self._layer, self._inplace, self._started = before

    def op(self, name: str, attrs: Any, *tensors: Symbol | None) -> Any:
        """An operator of the layer that is being recorded: a symbol, or a tuple of them."""
        inplace, self._inplace = self._inplace, False
        if inplace and self.training:
            inplace = "x" not in REGISTRY[name].saves
        made = self.call(name, attrs, tensors, layer=self._layer, inplace=inplace)
        self._started = True
        return made[0] if len(made) == 1 else made

    def over(self, name: str, attrs: Any, *tensors: Symbol | None, at: int = 0) -> Symbol:
        """An operator of the layer that is being recorded, written over one of its symbols."""
        return self.call(name, attrs, tensors, layer=self._layer, into=tensors[at])[0]

    def number(self, value: complex, like: Symbol) -> Symbol:
        """A constant of no dimensions in the type of a symbol, named after the layer that is being recorded."""
        slots = (f"other_{number}" if number else "other" for number in count())
        slot = next(slot for slot in slots if f"{self._layer}.{slot}" not in self.specs)
        init = Init(kind="values", values=(value,))  # type: ignore[arg-type]
        return self.own(slot, (), init, kind="constant", dtype=like.spec.dtype)

    def spec(self, symbol: Symbol) -> TensorSpec:
        """Shape and element type."""
        return symbol.spec

    def _value_name(self, layer: str) -> str:
        """An output is called like its layer; further ones of a function that records several are numbered."""
        number, name = 0, layer
        while self._started and layer == self._layer and name in self.specs:
            number += 1
            name = f"{layer}:{number}"
        return name

    def state(
        self, layer: str, slot: str, shape: Sequence[int], init: Init, *, kind: ValueKind = "parameter",
        dtype: str = "float32",
    ) -> Symbol:  # fmt: skip
        """A parameter, buffer or constant of ``layer``, named ``layer.slot`` (just ``slot`` for the network itself).

        Raises:
            ShapeError: If a size is not positive.
        """
        name = f"{layer}.{slot}" if layer else slot
        if [size for size in shape if size < 1]:
            raise ShapeError(f"{kind}: expected sizes of at least 1, got {tuple(shape)} for {name!r}")
        made = self.symbol(name, TensorSpec(tuple(shape), dtype), kind)
        self.inits[name] = init
        return made

    def own(
        self, slot: str, shape: Sequence[int], init: Init, *, kind: ValueKind = "parameter", dtype: str = "float32"
    ) -> Symbol:
        """As ``state``, of the layer that is being recorded."""
        return self.state(self._layer, slot, shape, init, kind=kind, dtype=dtype)

    def call(
        self, op: str, attrs: Any, inputs: Sequence[Symbol | None], *, layer: str, inplace: bool = False,
        into: Symbol | None = None,
    ) -> tuple[Symbol, ...]:  # fmt: skip
        """Add a node; its outputs follow from the operator's shape rule.

        Args:
            op: Name of the operator.
            attrs: Its attributes.
            inputs: Its tensors, None where an optional one is left out.
            layer: Module path, from ``layer_name``.
            inplace: The output takes the memory of the first input.
            into: The output takes the memory of this symbol.

        Raises:
            ShapeError: If the operator cannot accept these shapes; a note names the layer.
        """
        definition = REGISTRY[op]
        names = tuple([None if symbol is None else symbol.name for symbol in inputs])
        file, line = _AUTHORED.innermost(sys._getframe(1))  # noqa: SLF001  -- inspect.stack() is a thousand times slower
        try:
            specs = output_specs(definition, attrs, *[None if symbol is None else symbol.spec for symbol in inputs])
        except NetweightError:
            with located(Node(op=op, attrs=attrs, inputs=names, outputs=(), layer=layer, origin=f"{file}:{line}")):
                raise
        into = inputs[0] if inputs and (inplace or definition.view) else into
        storage = "" if into is None else self.storages[into.name]
        made = (self._value_name(layer),) if len(specs) == 1 else tuple(f"{layer}:{at}" for at in range(len(specs)))
        for output, spec in zip(made, specs, strict=True):
            self._refuse_twice(output)
            self.specs[output] = spec
            self.storages[output] = storage or output
        self.nodes.append(Step(op, attrs, names, made, Place(layer, f"{file}:{line}")))
        return tuple([Symbol(output, spec, self) for output, spec in zip(made, specs, strict=True)])


def scope(x: Symbol, name: str, kind: str = "") -> AbstractContextManager[None]:
    """Everything called inside belongs to the module ``name`` of ``x``'s network.

    Args:
        x: Any symbol of the network.
        name: Last part of the module path.
        kind: Class of the module, as the report shows it.
    """
    return x.builder.scope(name, kind)


def call(op: str, attrs: object, *inputs: Symbol | None, name: str = "", inplace: bool = False) -> Symbol:
    """Any operator with one output, by its name in the table; the layer is called like it unless named.

    Raises:
        UsageError: If no input is a symbol.
        UnknownNameError: If there is no such operator.
    """
    first = next((symbol for symbol in inputs if symbol is not None), None)
    if first is None:
        raise UsageError(f"call: expected at least one symbol for {op}, got none")
    if op not in REGISTRY:
        raise unknown_name("operator", op, REGISTRY)
    layer = first.builder.layer_name(name or op)
    return first.builder.call(op, attrs, inputs, layer=layer, inplace=inplace)[0]
