"""The graph under construction, and which of its values each live tensor holds.

Values are written once; tensors are not. A tensor that is written in place, itself or through a view of it, holds a new
value afterwards, and so does every tensor that shares its storage: the recording keeps one base value per storage and,
for each view, the chain of view operators that leads to it, and walks the chain again when the base has changed.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import Any

import torch
from torch import Tensor

from netweight.ir import Quantization, TensorSpec, ValueKind
from netweight.ops.table import REGISTRY, output_specs
from netweight.sources.torch.constants import Constants
from netweight.sources.torch.drafts import Draft, Site
from netweight.sources.torch.dtypes import spec_of
from netweight.sources.torch.memory import Binding, Link, Storage
from netweight.sources.torch.writes import levels, undone


@dataclass(slots=True)
class TensorRecording:
    """Values, nodes and bindings.

    Attributes:
        specs: Spec of each value, by name; names of activations are numbers until the graph is finished.
        storages: The value whose memory each lives in.
        kinds: Where a value comes from, unless it is an activation.
        quantizations: What is stored beside the elements of a value.
        nodes: In execution order.
        tensors: The tensor behind each parameter, buffer and constant.
        released: For each storage the number of nodes recorded when PyTorch let go of it.
        updates: Buffer to its next value.
        notes: Guesses and things left out, for the reader.
        guesses: Notes after which the figures may not be exact.
        site: Where the program is.
        constants: What constants hold, and who made them.
    """

    specs: dict[str, TensorSpec] = field(default_factory=dict)
    storages: dict[str, str] = field(default_factory=dict)
    kinds: dict[str, ValueKind] = field(default_factory=dict)
    quantizations: dict[str, Quantization] = field(default_factory=dict)
    nodes: list[Draft] = field(default_factory=list)
    tensors: dict[str, Tensor] = field(default_factory=dict)
    released: dict[str, int] = field(default_factory=dict)
    updates: dict[str, str] = field(default_factory=dict)
    notes: dict[str, int] = field(default_factory=dict)
    guesses: list[str] = field(default_factory=list)
    site: Site = field(default_factory=lambda: Site(0, "", 0))
    constants: Constants = field(default_factory=Constants)
    _bindings: dict[int, Binding] = field(default_factory=dict)
    _former: list[Binding] = field(default_factory=list)
    _owned: dict[int, tuple[str, ValueKind]] = field(default_factory=dict)
    _owners: list[Tensor] = field(default_factory=list)
    _adopted: dict[int, str] = field(default_factory=dict)
    _fed: dict[str, bool] = field(default_factory=dict)
    _memories: set[int] = field(default_factory=set)
    _looked_at: int = 0

    def note(self, text: str, *, guess: bool = False) -> None:
        """Something a reader must know; a guess means that the figures may not be exact."""
        self.notes[text] = self.notes.get(text, 0) + 1
        if guess:
            self.guesses.append(text)

    def own(self, tensor: Tensor, name: str, kind: ValueKind) -> None:
        """Say that a tensor is a parameter or buffer of the model; a tensor under several names keeps the first."""
        if id(tensor) in self._owned:
            return
        self._owned[id(tensor)] = (name, kind)
        self._owners.append(tensor)  # an id means something only while its object lives

    def quantize(self, parameter: Tensor, quantization: Quantization) -> None:
        """Say what is stored beside the elements of a parameter."""
        name = self.value_of(parameter)
        self.quantizations[name] = quantization

    def is_owned(self, tensor: Tensor) -> bool:
        """Whether the tensor is a parameter or buffer of the model."""
        return id(tensor) in self._owned

    def parameters(self) -> Iterator[tuple[str, Tensor]]:
        """Parameters of the model, each once, and what they are called."""
        for tensor in {id(tensor): tensor for tensor in self._owners}.values():
            name, kind = self._owned.get(id(tensor), ("", "constant"))
            if kind == "parameter":
                yield name, tensor

    def is_parameter(self, tensor: Tensor) -> bool:
        """Whether the tensor is a parameter of the model, or one made outside of it."""
        owned = self._owned.get(id(tensor))
        return owned[1] == "parameter" if owned else isinstance(tensor, torch.nn.Parameter)

    def add_input(self, tensor: Tensor, name: str) -> None:
        """A tensor that the caller supplies."""
        self._know(name, spec_of(tensor), "input")
        self._bind(tensor, name, ())
        self._fed[name] = True

    def knows(self, tensor: Tensor) -> bool:
        """Whether the tensor holds a value of the graph."""
        return id(tensor) in self._bindings or id(tensor) in self._adopted

    def holds(self, constant: Tensor) -> bool:
        """Whether a constant, or another with the same memory, is in the graph."""
        tensors = self.tensors
        if self._looked_at < len(tensors):
            self._memories.update(map(self.constants.memory, islice(tensors.values(), self._looked_at, None)))
            self._looked_at = len(tensors)
        return self.constants.memory(constant) in self._memories

    def is_fed(self, tensor: Tensor) -> bool:
        """Whether a tensor with numbers stands for a value of the graph: an input, or what was computed from one."""
        return self._name_of(tensor) in self._fed

    def is_given(self, tensor: Tensor) -> bool:
        """Whether such a tensor depends on an input."""
        return self._fed.get(self._name_of(tensor), False)

    def _name_of(self, tensor: Tensor) -> str:
        """Value that a tensor is bound to, which may have been written since; nothing if it is none of the graph's."""
        binding = self._bindings.get(id(tensor))
        return self._adopted.get(id(tensor), "") if binding is None else binding.name

    def feed(self, tensor: Tensor, same: Tensor, *, given: bool) -> None:
        """``tensor`` has the numbers of what ``same`` stands for in the graph, which may depend on an input."""
        if tensor is not same:
            self.mirror(tensor, same)
        self._fed[self.value_of(tensor)] = given

    def forget(self, tensor: Tensor) -> None:
        """The numbers of such a tensor were written at capture: it, and what shares its memory, are constants now."""
        if not self.is_fed(tensor):
            return
        binding = self._binding(tensor)
        storage = binding.storage
        for ident in [ident for ident, other in self._bindings.items() if other.storage is storage]:
            self._former.append(self._bindings.pop(ident))
            self._adopted.pop(ident, None)
        self.released[self.storages[binding.name]] = len(self.nodes)

    def mirror(self, tensor: Tensor, same: Tensor) -> None:
        """``tensor`` holds the value of ``same`` and shares its memory."""
        name = self.value_of(same)
        binding = self._binding(same)
        self._bind(tensor, name, binding.chain, binding.storage)

    def value_of(self, tensor: Tensor) -> str:
        """Name of the value that a tensor holds now; unknown tensors become parameters, buffers or constants."""
        binding = self._bindings.get(id(tensor))
        if binding is None:
            return self._adopted.get(id(tensor)) or self._adopt(tensor)
        if binding.version != binding.storage.version:
            name = binding.storage.base
            for op, attrs in binding.chain:
                name = self.emit(op, attrs, (name,), storage=self.storages[name])[0]
            binding.name, binding.version = name, binding.storage.version
        return binding.name

    def record(self, op: str, attrs: Any, inputs: Sequence[Tensor | None], outputs: Sequence[Tensor]) -> None:
        """A node whose outputs are new memory."""
        self.record_call(op, attrs, self.names_of(inputs), [spec_of(tensor) for tensor in outputs], outputs)

    def names_of(self, tensors: Sequence[Tensor | None]) -> tuple[str | None, ...]:
        """Names of the values that tensors hold now."""
        return tuple([None if tensor is None else self.value_of(tensor) for tensor in tensors])

    def specs_of(self, names: Sequence[str | None]) -> list[TensorSpec | None]:
        """Specs of values."""
        return [None if name is None else self.specs[name] for name in names]

    def record_one(self, op: str, attrs: Any, names: tuple[str | None, ...], spec: TensorSpec, output: Tensor) -> None:
        """A node that reads values of these names, and whose one output is new memory."""
        name = f"%{len(self.specs)}"
        self.specs[name] = spec
        self.storages[name] = name
        self.nodes.append(Draft(op, attrs, names, (name,), self.site))
        self._bind(output, name, ())

    def record_call(
        self, op: str, attrs: Any, names: tuple[str | None, ...], specs: Sequence[TensorSpec],
        outputs: Sequence[Tensor],
    ) -> None:  # fmt: skip
        """A node that reads values of these names, and whose outputs are new memory."""
        made = self.emit(op, attrs, names, specs=specs)
        for tensor, name in zip(outputs, made, strict=True):
            self._bind(tensor, name, ())

    def record_view(self, links: Sequence[Link], source: Tensor, view: Tensor, *, shares: bool) -> None:
        """View operators one after the other, whose last result is ``view``.

        If PyTorch made a copy instead of a view (it does not share the memory), so does the graph.
        """
        if view is source:
            return
        name = self.value_of(source)
        binding = self._binding(source)
        if not shares:
            name = self.emit("copy", None, (name,))[0]
        last = len(links) - 1
        for at, (op, attrs) in enumerate(links):
            specs = (spec_of(view),) if at == last else None
            name = self.emit(op, attrs, (name,), specs=specs, storage=self.storages[name])[0]
        if shares:
            self._bind(view, name, (*binding.chain, *links), binding.storage)
        else:
            self._bind(view, name, tuple(links))

    def write(self, target: Tensor, written: Tensor) -> None:
        """``target`` now holds what ``written`` holds: the end of every operator that works in place."""
        name = self.value_of(written)
        self.value_of(target)
        binding = self._binding(target)
        storage = self.storages[binding.name]
        if name not in self.kinds and self.storages[name] == name:
            self.storages[name] = storage  # it is written there instead of into memory of its own
        if binding.chain:
            steps = zip(binding.chain, levels(self, binding), strict=True)
            for (op, attrs), level in reversed(list(steps)):
                name = undone(self, op, attrs, level, name, storage)
        binding.storage.base = name
        binding.storage.version += 1
        if not binding.chain:
            binding.name, binding.version = name, binding.storage.version

    def emit(
        self, op: str, attrs: Any, names: tuple[str | None, ...], *, specs: Sequence[TensorSpec] | None = None,
        storage: str = "",
    ) -> tuple[str, ...]:  # fmt: skip
        """Names of what a node makes: memory of its own, or that of ``storage``."""
        if specs is None:
            specs = output_specs(REGISTRY[op], attrs, *self.specs_of(names))
        known = len(self.specs)
        made = tuple([f"%{at}" for at in range(known, known + len(specs))])
        for name, spec in zip(made, specs, strict=True):
            self.specs[name] = spec
            self.storages[name] = storage or name
        self.nodes.append(Draft(op, attrs, names, made, self.site))
        return made

    def _know(self, name: str, spec: TensorSpec, kind: ValueKind) -> None:
        """A value that no node writes."""
        self.specs[name] = spec
        self.storages[name] = name
        self.kinds[name] = kind

    def _bind(self, tensor: Tensor, name: str, chain: tuple[Link, ...], storage: Storage | None = None) -> None:
        if storage is None:
            storage = Storage(name if not chain else self.storages[name])
        ident = id(tensor)
        storage.live += 1
        binding = Binding(tensor, self._gone)
        binding.ident, binding.first, binding.name = ident, name, name
        binding.storage, binding.version, binding.chain = storage, storage.version, chain
        before = self._bindings.get(ident)
        if before is not None:
            self._former.append(before)  # its memory is held until the tensor is gone
        self._bindings[ident] = binding

    def _gone(self, binding: Any) -> None:
        """A tensor is no more; with the last that looked at it, its memory is free."""
        ident, first, storage = binding.ident, binding.first, binding.storage
        if self._bindings.get(ident) is binding:
            del self._bindings[ident]
        storage.live -= 1
        if storage.live == 0:
            self.released[self.storages[first]] = len(self.nodes)

    def _adopt(self, tensor: Tensor) -> str:
        """A tensor from outside the capture: a parameter or buffer of the model, or a constant."""
        owned = self._owned.get(id(tensor))
        if owned is not None:
            name, kind = owned
        else:
            kind = "parameter" if isinstance(tensor, torch.nn.Parameter) else "constant"
            name = f"{kind}{len(self.tensors)}"
            self._owners.append(tensor)
        self.tensors[name] = self.constants.numbers(tensor)
        self._know(name, spec_of(tensor), kind)
        self._adopted[id(tensor)] = name
        return name

    def _binding(self, tensor: Tensor) -> Binding:
        """Where a tensor with a value has it; most that come from outside are only read, and need none."""
        ident = id(tensor)
        if ident not in self._bindings:
            name = self._adopted[ident]
            binding = self._bindings[ident] = Binding(tensor)  # it outlives the capture: nothing waits for its end
            binding.ident, binding.first, binding.name = ident, name, name
            binding.storage, binding.version, binding.chain = Storage(name, live=1), 0, ()
        return self._bindings[ident]
