"""The graph under construction, and which of its values each live tensor holds.

Values are written once; tensors are not. A tensor that is written in place, itself or through a view of it, holds a new
value afterwards, and so does every tensor that shares its storage: the tape keeps one base value per storage and, for
each view, the chain of view operators that leads to it, and walks the chain again when the base has changed.
"""

from __future__ import annotations

import weakref
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import torch

from netweight.ir import Node, Quantization, TensorSpec, Value, ValueKind
from netweight.ops.base import REGISTRY, output_specs
from netweight.ops.layout import PermuteAttrs, ReshapeAttrs
from netweight.sources.torch.bindings import Binding, Link, Storage
from netweight.sources.torch.constants import Constants

_DTYPES = {getattr(torch, name): name for name in (
    "float16", "bfloat16", "float32", "float64", "int8", "int16", "int32", "int64", "uint8", "bool",
    "complex64", "complex128", "float8_e4m3fn", "float8_e5m2",
)} | {torch.quint8: "uint8", torch.qint8: "int8", torch.qint32: "int32"}  # fmt: skip
_TORCH_DTYPES = {
    name: dtype for dtype, name in _DTYPES.items() if dtype not in (torch.quint8, torch.qint8, torch.qint32)
}


def dtype_name(dtype: torch.dtype) -> str:
    """Our name of an element type."""
    return _DTYPES.get(dtype) or str(dtype).removeprefix("torch.")


def torch_dtype(name: str) -> torch.dtype:
    """PyTorch's element type of that name."""
    return _TORCH_DTYPES[name]


def spec_of(tensor: torch.Tensor) -> TensorSpec:
    """Shape and element type of a tensor."""
    return TensorSpec(tuple(tensor.shape), dtype_name(tensor.dtype))


@dataclass(slots=True)
class Site:
    """Where a node was recorded: the call of a module, and the line of the caller."""

    frame: int
    origin: str


@dataclass(slots=True)
class Tape:
    """Values, nodes and bindings.

    Attributes:
        values: By name; names are numbers until the graph is finished.
        nodes: In execution order; their ``layer`` is empty until the graph is finished.
        sites: Where each node was recorded.
        tensors: The tensor behind each parameter, buffer and constant.
        released: For each storage the number of nodes recorded when PyTorch let go of it.
        updates: Buffer to its next value.
        notes: Guesses and things left out, for the reader.
        exact: Whether no guess was made.
        site: Where the program is.
        constants: What constants hold, and who made them.
    """

    values: dict[str, Value] = field(default_factory=dict)
    nodes: list[Node] = field(default_factory=list)
    sites: list[Site] = field(default_factory=list)
    tensors: dict[str, torch.Tensor] = field(default_factory=dict)
    released: dict[str, int] = field(default_factory=dict)
    updates: dict[str, str] = field(default_factory=dict)
    notes: dict[str, int] = field(default_factory=dict)
    exact: bool = True
    site: Site = field(default_factory=lambda: Site(0, ""))
    constants: Constants = field(default_factory=Constants)
    _bindings: dict[int, Binding] = field(default_factory=dict)
    _owned: dict[int, tuple[str, ValueKind]] = field(default_factory=dict)
    _owners: list[torch.Tensor] = field(default_factory=list)
    _adopted: set[int] = field(default_factory=set)
    _fed: set[str] = field(default_factory=set)

    def note(self, text: str, *, guess: bool = False) -> None:
        """Something a reader must know; a guess means that the figures may not be exact."""
        self.notes[text] = self.notes.get(text, 0) + 1
        if guess:
            self.exact = False

    def own(self, tensor: torch.Tensor, name: str, kind: ValueKind) -> None:
        """Say that a tensor is a parameter or buffer of the model; a tensor under several names keeps the first."""
        if id(tensor) in self._owned:
            return
        self._owned[id(tensor)] = (name, kind)
        self._owners.append(tensor)  # an id means something only while its object lives

    def quantize(self, parameter: torch.Tensor, quantization: Quantization) -> None:
        """Say what is stored beside the elements of a parameter."""
        name = self.value_of(parameter)
        self.values[name] = replace(self.values[name], quantization=quantization)

    def is_owned(self, tensor: torch.Tensor) -> bool:
        """Whether the tensor is a parameter or buffer of the model."""
        return id(tensor) in self._owned

    def parameters(self) -> Iterator[tuple[str, torch.Tensor]]:
        """Parameters of the model, each once, and what they are called."""
        for tensor in {id(tensor): tensor for tensor in self._owners}.values():
            name, kind = self._owned.get(id(tensor), ("", "constant"))
            if kind == "parameter":
                yield name, tensor

    def is_parameter(self, tensor: torch.Tensor) -> bool:
        """Whether the tensor is a parameter of the model, or one made outside of it."""
        owned = self._owned.get(id(tensor))
        return owned[1] == "parameter" if owned else isinstance(tensor, torch.nn.Parameter)

    def add_input(self, tensor: torch.Tensor, name: str) -> None:
        """A tensor that the caller supplies."""
        self.values[name] = Value(name=name, spec=spec_of(tensor), kind="input")
        self._bind(tensor, name, ())
        self._fed.add(name)

    def knows(self, tensor: torch.Tensor) -> bool:
        """Whether the tensor holds a value of the graph."""
        return id(tensor) in self._bindings

    def holds(self, constant: torch.Tensor) -> bool:
        """Whether a constant, or another with the same memory, is in the graph."""
        return self.constants.memory(constant) in self._adopted

    def is_fed(self, tensor: torch.Tensor) -> bool:
        """Whether a tensor with numbers is an input, or was computed from one."""
        binding = self._bindings.get(id(tensor))
        return binding is not None and binding.name in self._fed

    def feed(self, tensor: torch.Tensor, same: torch.Tensor) -> None:
        """``tensor`` has the numbers of what ``same`` stands for in the graph."""
        if tensor is not same:
            self.mirror(tensor, same)
        self._fed.add(self.value_of(tensor))

    def mirror(self, tensor: torch.Tensor, same: torch.Tensor) -> None:
        """``tensor`` holds the value of ``same`` and shares its memory."""
        name = self.value_of(same)
        binding = self._bindings[id(same)]
        self._bind(tensor, name, binding.chain, binding.storage)

    def value_of(self, tensor: torch.Tensor) -> str:
        """Name of the value that a tensor holds now; unknown tensors become parameters, buffers or constants."""
        binding = self._bindings.get(id(tensor))
        if binding is None:
            return self._adopt(tensor)
        if binding.version != binding.storage.version:
            name = binding.storage.base
            for op, attrs in binding.chain:
                name = self._emit(op, attrs, (name,), storage=self.values[name].storage)[0]
            binding.name, binding.version = name, binding.storage.version
        return binding.name

    def record(
        self, op: str, attrs: Any, inputs: Sequence[torch.Tensor | None], outputs: Sequence[torch.Tensor]
    ) -> None:
        """A node whose outputs are new memory."""
        self.record_call(op, attrs, self.names_of(inputs), [spec_of(tensor) for tensor in outputs], outputs)

    def names_of(self, tensors: Sequence[torch.Tensor | None]) -> tuple[str | None, ...]:
        """Names of the values that tensors hold now."""
        return tuple([None if tensor is None else self.value_of(tensor) for tensor in tensors])

    def specs_of(self, names: Sequence[str | None]) -> list[TensorSpec | None]:
        """Specs of values."""
        values = self.values
        return [None if name is None else values[name].spec for name in names]

    def record_call(
        self, op: str, attrs: Any, names: tuple[str | None, ...], specs: Sequence[TensorSpec],
        outputs: Sequence[torch.Tensor],
    ) -> None:  # fmt: skip
        """A node that reads values of these names, and whose outputs are new memory."""
        made = self._emit(op, attrs, names, specs=specs)
        for tensor, name in zip(outputs, made, strict=True):
            self._bind(tensor, name, ())

    def record_view(self, links: Sequence[Link], source: torch.Tensor, view: torch.Tensor, *, shares: bool) -> None:
        """View operators one after the other, whose last result is ``view``.

        If PyTorch made a copy instead of a view (it does not share the memory), so does the graph.
        """
        if view is source:
            return
        name = self.value_of(source)
        binding = self._bindings[id(source)]
        if not shares:
            name = self._emit("copy", None, (name,))[0]
        for at, (op, attrs) in enumerate(links):
            specs = [spec_of(view)] if at + 1 == len(links) else None
            name = self._emit(op, attrs, (name,), specs=specs, storage=self.values[name].storage)[0]
        if shares:
            self._bind(view, name, (*binding.chain, *links), binding.storage)
        else:
            self._bind(view, name, tuple(links))

    def write(self, target: torch.Tensor, written: torch.Tensor) -> None:
        """``target`` now holds what ``written`` holds: the end of every operator that works in place."""
        name = self.value_of(written)
        self.value_of(target)
        binding = self._bindings[id(target)]
        storage = self.values[binding.name].storage
        self._reuse(name, storage)
        levels = self._levels(binding)
        for (op, attrs), level in zip(reversed(binding.chain), reversed(levels), strict=True):
            name = self._undo(op, attrs, level, name, storage)
        binding.storage.base = name
        binding.storage.version += 1
        if not binding.chain:
            binding.name, binding.version = name, binding.storage.version

    def _levels(self, binding: Binding) -> list[str]:
        """Values along the chain of a view, the base first, without the last."""
        name = binding.storage.base
        levels = []
        for op, attrs in binding.chain:
            levels.append(name)
            if len(levels) < len(binding.chain):
                name = self._emit(op, attrs, (name,), storage=self.values[name].storage)[0]
        return levels

    def _undo(self, op: str, attrs: Any, level: str, name: str, storage: str) -> str:
        """The value before a view operator, given the value after it has been written."""
        shape = self.values[level].spec.shape
        if op == "reshape":
            return self._emit("reshape", ReshapeAttrs(shape=shape), (name,), storage=storage)[0]
        if op == "permute":
            order = tuple(attrs.order.index(dim) for dim in range(len(attrs.order)))
            return self._emit("permute", PermuteAttrs(order=order), (name,), storage=storage)[0]
        if op == "slice":
            make = REGISTRY["slice_scatter"].attrs
            assert make is not None
            settings = make(dim=attrs.dim, start=attrs.start, stop=attrs.stop, step=attrs.step)
            return self._emit("slice_scatter", settings, (level, name), storage=storage)[0]
        self.note(f"a write through {op} is not followed to the tensors that share its memory", guess=True)
        return level

    def _reuse(self, name: str, storage: str) -> None:
        """The value is written into that memory instead of its own."""
        value = self.values[name]
        if value.kind == "activation" and value.storage == name:
            self.values[name] = Value(name=name, spec=value.spec, storage=storage, quantization=value.quantization)

    def _emit(
        self, op: str, attrs: Any, names: tuple[str | None, ...], *, specs: Sequence[TensorSpec] | None = None,
        storage: str = "",
    ) -> tuple[str, ...]:  # fmt: skip
        if specs is None:
            specs = output_specs(REGISTRY[op], attrs, *self.specs_of(names))
        made = tuple([f"%{at}" for at in range(len(self.values), len(self.values) + len(specs))])
        for name, spec in zip(made, specs, strict=True):
            self.values[name] = Value(name=name, spec=spec, storage=storage)
        self.nodes.append(Node(op=op, attrs=attrs, inputs=names, outputs=made, layer="", origin=self.site.origin))
        self.sites.append(self.site)
        return made

    def _bind(self, tensor: torch.Tensor, name: str, chain: tuple[Link, ...], storage: Storage | None = None) -> None:
        if storage is None:
            storage = Storage(name if not chain else self.values[name].storage)
        ident = id(tensor)
        storage.live += 1

        def gone(_: Any) -> None:
            if self._bindings.get(ident) is binding:
                del self._bindings[ident]
            storage.live -= 1
            if storage.live == 0:
                self.released[self.values[name].storage] = len(self.nodes)

        binding = Binding(name, storage, storage.version, chain, weakref.ref(tensor, gone))
        self._bindings[ident] = binding

    def _adopt(self, tensor: torch.Tensor) -> str:
        """A tensor from outside the capture: a parameter or buffer of the model, or a constant."""
        owned = self._owned.get(id(tensor))
        if owned is not None:
            name, kind = owned
        else:
            kind = "parameter" if isinstance(tensor, torch.nn.Parameter) else "constant"
            name = f"{kind}{len(self.tensors)}"
        self._owners.append(tensor)
        self.tensors[name] = self.constants.numbers(tensor)
        self._adopted.add(self.constants.memory(tensor))
        self.values[name] = Value(name=name, spec=spec_of(tensor), kind=kind)
        # It outlives the capture: nothing waits for its end.
        self._bindings[id(tensor)] = Binding(name, Storage(name, live=1), 0, (), None)
        return name
