"""The graph under construction, and which of its values each live tensor holds.

Values are written once; tensors are not. A tensor that is written in place, itself or through a view of it, holds a new
value afterwards, and so does every tensor that shares its storage: the recording keeps one base value per storage and,
for each view, the chain of view operators that leads to it, and walks the chain again when the base has changed.
"""

from __future__ import annotations

import weakref
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from itertools import islice
from typing import Any

import torch
from torch import Tensor
from torch.nn.parameter import is_lazy

from netweight.ir import Quantization, TensorSpec, ValueKind
from netweight.ops.table import REGISTRY, output_specs
from netweight.sources.recording import Recording, Step
from netweight.sources.torch.constants import Constants
from netweight.sources.torch.dtypes import spec_of
from netweight.sources.torch.history import History
from netweight.sources.torch.known_numbers import GIVEN, MADE_UP, NOT_GIVEN
from netweight.sources.torch.memory import Binding, Link, Storage
from netweight.sources.torch.recorded_checkpoint import RecordedCheckpoint
from netweight.sources.torch.site import Site
from netweight.sources.torch.sparse.met import check_dense
from netweight.sources.torch.temporaries import Temporaries
from netweight.sources.torch.written_function import WrittenFunction


@dataclass(slots=True, eq=False)
class TensorRecording(Recording[Site]):
    """What is recorded of a module, and the value that each live tensor holds.

    Attributes:
        released: For each storage the number of operators recorded when PyTorch let go of it.
        site: Where the program is.
        constants: What constants hold, and who made them.
        given: Inputs of the graph that have numbers.
        history: Where gradients stop, and who asks for them.
        functions: Calls of functions whose backward the program wrote; ``checkpoints`` are parts that run again.
        apart: Values that are not in the network, but in such a backward.
        bindings: What live tensors hold; ``former`` has those before, ``adopted`` and ``changed`` tensors from outside.
        sparse: What sparse tensors store, by their ``id``; see ``SparseTensors``.
        attributes: Gives the tensors that the model holds as plain attributes, with their names.
    """

    released: dict[str, int] = field(default_factory=dict)
    site: Site = field(default_factory=lambda: Site(0, "", 0))
    constants: Constants = field(init=False)
    given: dict[str, Tensor] = field(default_factory=dict)
    history: History = field(default_factory=History)
    functions: list[WrittenFunction] = field(default_factory=list)
    checkpoints: list[RecordedCheckpoint] = field(default_factory=list)
    apart: set[str] = field(default_factory=set)
    sparse: dict[int, Any] = field(default_factory=dict)
    attributes: Callable[[], Iterable[tuple[str, Tensor]]] = tuple
    bindings: dict[int, Binding] = field(default_factory=dict)
    former: list[Binding] = field(default_factory=list)
    _owned: dict[int, tuple[str, ValueKind]] = field(default_factory=dict)
    _owners: list[Tensor] = field(default_factory=list)
    adopted: dict[int, str] = field(default_factory=dict)
    changed: dict[int, str] = field(default_factory=dict)
    _fed: dict[str, int] = field(default_factory=dict)
    _memories: dict[int, list[str]] = field(default_factory=dict)
    _looked_at: int = 0
    _waiting: dict[int, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """What the program makes is made between operators."""
        self.constants = Constants(Temporaries(self.nodes))

    def own(self, tensor: Tensor, name: str, kind: ValueKind) -> None:
        """Say that a tensor is a parameter or buffer of the model; a tensor under several names keeps the first."""
        if id(tensor) in self._owned:
            return
        self._owned[id(tensor)] = (name, kind)
        self._owners.append(tensor)  # an id means something only while its object lives

    def is_weight(self, buffer: Tensor) -> None:
        """Say that what a module keeps as a buffer is one of its weights, before anything reads it."""
        if id(buffer) in self._owned:
            self._owned[id(buffer)] = self._owned[id(buffer)][0], "parameter"

    def quantize(self, parameter: Tensor, quantization: Quantization) -> None:
        """Say what is stored beside the elements of a parameter."""
        name = self.value_of(parameter)
        self.quantizations[name] = quantization

    def is_owned(self, tensor: Tensor) -> bool:
        """Whether the tensor is a parameter or buffer of the model."""
        return id(tensor) in self._owned

    def parameters(self) -> list[tuple[str, Tensor]]:
        """Parameters of the model, each once, and what they are called; those without a size have not been made."""
        tensors = {id(tensor): tensor for tensor in self._owners}
        owned = [(name, tensors[ident]) for ident, (name, kind) in self._owned.items() if kind == "parameter"]
        return [(name, tensor) for name, tensor in owned if not is_lazy(tensor)]

    def owned_as(self, tensor: Tensor) -> tuple[str, ValueKind]:
        """Name and kind of a parameter or buffer of the model; no name for any other tensor."""
        return self._owned.get(id(tensor), ("", "constant"))

    def is_parameter(self, tensor: Tensor) -> bool:
        """Whether the tensor is a parameter of the model, or one made outside of it."""
        owned = self._owned.get(id(tensor))
        return owned[1] == "parameter" if owned else isinstance(tensor, torch.nn.Parameter)

    def add_input(self, tensor: Tensor, name: str, *, made_up: bool = False) -> None:
        """A tensor that the caller supplies, with the caller's numbers or with some that are ``made_up``."""
        self.add(name, spec_of(tensor), "input")
        self.bind(tensor, name, ())
        self._fed[name] = MADE_UP if made_up else GIVEN
        if not tensor.is_meta:
            self.given[name] = tensor

    def knows(self, tensor: Tensor) -> bool:
        """Whether the tensor holds a value of the graph."""
        return id(tensor) in self.bindings or id(tensor) in self.adopted

    def holds(self, constant: Tensor) -> bool:
        """Whether a constant, or another with the same memory, is in the graph."""
        tensors = self.tensors
        if self._looked_at < len(tensors):
            for name, tensor in islice(tensors.items(), self._looked_at, None):
                self._memories.setdefault(self.constants.memory(tensor), []).append(name)
            self._looked_at = len(tensors)
        return self.constants.memory(constant) in self._memories

    def keep_numbers(self, target: Tensor, *, adopt: bool = False) -> None:
        """Before a constant is written: values of the graph in its memory keep the numbers that they have.

        To ``adopt`` one that is none yet is to follow the write.
        """
        if adopt:
            self.value_of(self.constants.base_of(target))
        if not self.holds(target):
            return
        memory = self.constants.memory(target)
        for name in self._memories[memory]:
            self.tensors[name] = self.tensors[name].detach().clone()
        self._memories[memory] = []

    def is_fed(self, tensor: Tensor) -> bool:
        """Whether a tensor with numbers stands for a value of the graph: an input, or what was computed from one."""
        return self._name_of(tensor) in self._fed

    def is_followed(self, constant: Tensor) -> bool:
        """Whether what is computed from it is recorded: it stands for a value of the graph, or the model has it."""
        ident = id(constant)
        return ident in self._owned or self.is_fed(constant) or not self.constants.is_made(constant)

    def is_given(self, tensor: Tensor) -> int:
        """Whether such a tensor depends on an input, and on whose numbers: one of ``known_numbers``."""
        return self._fed.get(self._name_of(tensor), NOT_GIVEN)

    def _name_of(self, tensor: Tensor) -> str:
        """Value that a tensor is bound to, which may have been written since; empty if the graph does not have it."""
        binding = self.bindings.get(id(tensor))
        return self.adopted.get(id(tensor), "") if binding is None else binding.name

    def feed(self, tensor: Tensor, same: Tensor, *, given: int) -> None:
        """``tensor`` has the numbers of what ``same`` stands for in the graph, which may depend on an input."""
        if tensor is not same:
            self.mirror(tensor, same)
        self.constants.temporaries.forget(self.constants.memory(tensor))
        self._fed[self.value_of(tensor)] = given

    def feed_memory(self, tensor: Tensor, *, given: int) -> None:
        """All tensors in the memory of one have the numbers of what they stand for in the graph."""
        storage = self.binding(tensor).storage
        for other in [other() for other in self.bindings.values() if other.storage is storage]:
            if other is not None:
                self._fed[self.value_of(other)] = given

    def forget(self, tensor: Tensor) -> None:
        """The numbers of such a tensor were written at capture: it, and what shares its memory, are constants now."""
        if not self.is_fed(tensor):
            return
        binding = self.binding(tensor)
        storage = binding.storage
        for ident in [ident for ident, other in self.bindings.items() if other.storage is storage]:
            self.former.append(self.bindings.pop(ident))
            self.adopted.pop(ident, None)
        self.released[self.storages[binding.name]] = len(self.nodes)

    def mirror(self, tensor: Tensor, same: Tensor) -> None:
        """``tensor`` holds the value of ``same`` and shares its memory."""
        name = self.value_of(same)
        binding = self.binding(same)
        self.bind(tensor, name, binding.chain, binding.storage)

    def value_of(self, tensor: Tensor) -> str:
        """Name of the value that a tensor holds now; unknown tensors become parameters, buffers or constants."""
        binding = self.bindings.get(id(tensor))
        if binding is None:
            return self.adopted.get(id(tensor)) or self._adopt(tensor)
        if binding.version != binding.storage.version:
            name = self._viewed_again(binding)
            if binding.name in self._fed:
                self._fed[name] = self._fed[binding.name]
            binding.name, binding.version = name, binding.storage.version
        return binding.name

    def _viewed_again(self, binding: Binding) -> str:
        """The value of a view whose memory was written; autograd knew the view before, whatever it sees now."""
        now = self.site
        self.site = replace(now, grad=True)
        name = binding.storage.base
        for op, attrs in binding.chain:
            name = self.derived(op, attrs, name, self.storages[name])
        self.site = now
        self.history.inherit(binding.name, name)
        return name

    def before_site(self) -> int:
        """How many operators were recorded before the one that the program calls now."""
        known = len(self.nodes)
        while known and self.nodes[known - 1].site is self.site:
            known -= 1
        return known

    def record(self, op: str, attrs: Any, inputs: Sequence[Tensor | None], outputs: Sequence[Tensor]) -> None:
        """A node whose outputs are new memory."""
        self.record_call(op, attrs, self.names_of(inputs), [spec_of(tensor) for tensor in outputs], outputs)

    def names_of(self, tensors: Sequence[Tensor | None]) -> tuple[str | None, ...]:
        """Names of the values that tensors hold now."""
        return tuple([None if tensor is None else self.value_of(tensor) for tensor in tensors])

    def record_one(self, op: str, attrs: Any, names: tuple[str | None, ...], spec: TensorSpec, output: Tensor) -> None:
        """A node that reads values of these names, and whose one output is new memory."""
        name = f"%{len(self.specs)}"
        self.specs[name] = spec
        self.storages[name] = name
        self.nodes.append(Step(op, attrs, names, (name,), self.site))
        self.bind(output, name, ())

    def record_call(
        self, op: str, attrs: Any, names: tuple[str | None, ...], specs: Sequence[TensorSpec],
        outputs: Sequence[Tensor],
    ) -> None:  # fmt: skip
        """A node that reads values of these names, and whose outputs are new memory."""
        made = self.emit(op, attrs, names, specs, self.site)
        for tensor, name in zip(outputs, made, strict=True):
            self.bind(tensor, name, ())

    def record_view(self, links: Sequence[Link], source: Tensor, view: Tensor, *, shares: bool) -> None:
        """View operators one after the other, whose last result is ``view``.

        If PyTorch made a copy instead of a view (it does not share the memory), so does the graph.
        """
        if view is source:
            return
        name = self.value_of(source)
        binding = self.binding(source)
        if not shares:
            name = self.derived("copy", None, name)
        last = len(links) - 1
        for at, (op, attrs) in enumerate(links):
            name = self.derived(op, attrs, name, self.storages[name], spec_of(view) if at == last else None)
        if shares:
            self.bind(view, name, (*binding.chain, *links), binding.storage)
        else:
            self.bind(view, name, tuple(links))

    def record_parts(self, op: str, attrs: Any, source: Tensor, parts: Sequence[tuple[Tensor, Link]]) -> None:
        """A view operator with several results (split); each has a link, the view operator that gives it alone."""
        name, binding = self.value_of(source), self.binding(source)
        specs = [spec_of(part) for part, _ in parts]
        made = self.emit(op, attrs, (name,), specs, self.site, self.storages[name])
        for (part, link), result in zip(parts, made, strict=True):
            self.bind(part, result, (*binding.chain, link), binding.storage)

    def derived(
        self, op: str, attrs: Any, names: str | tuple[str, ...], storage: str = "", spec: TensorSpec | None = None
    ) -> str:
        """The only result of an operator on values of the graph: its spec follows from the table unless it is given."""
        inputs = (names,) if isinstance(names, str) else names
        specs = output_specs(REGISTRY[op], attrs, *self.specs_of(inputs)) if spec is None else (spec,)
        return self.emit(op, attrs, inputs, specs, self.site, storage)[0]

    def bind(self, tensor: Tensor, name: str, chain: tuple[Link, ...], storage: Storage | None = None) -> None:
        """The tensor holds a value from now on: a view of what fills a piece of memory, or memory of its own."""
        if storage is None:
            storage = Storage(name if not chain else self.storages[name])
        ident = id(tensor)
        storage.live += 1
        binding = Binding(tensor, self._gone)
        binding.ident, binding.first, binding.name = ident, name, name
        binding.storage, binding.version, binding.chain = storage, storage.version, chain
        before = self.bindings.get(ident)
        if before is not None:
            self.former.append(before)  # its memory is held until the tensor is gone
        self.bindings[ident] = binding

    def _gone(self, binding: Any) -> None:
        """Called when a tensor is freed; with the last tensor in it, its memory is released."""
        ident, first, storage = binding.ident, binding.first, binding.storage
        if self.bindings.get(ident) is binding:
            del self.bindings[ident]
        storage.live -= 1
        if storage.live == 0:
            self.released[self.storages[first]] = len(self.nodes)

    def _adopt(self, tensor: Tensor) -> str:
        """A tensor from outside the capture: a parameter or buffer of the model, or a constant."""
        check_dense(tensor)
        if id(tensor) in self.changed:
            name = self.changed.pop(id(tensor))
            if self.history.again(self, name, asks=tensor.requires_grad):
                name = self.derived("detach", None, name, self.storages[name])
            return self.adopted.setdefault(id(tensor), name)
        owned = self._owned.get(id(tensor))
        if owned is None and not self.constants.is_made(tensor):
            self._own_attributes()
            owned = self._owned.get(id(tensor))
        if owned is not None:
            name, kind = owned
        else:
            kind = "parameter" if isinstance(tensor, torch.nn.Parameter) else "constant"
            name = f"{kind}{len(self.tensors)}"
            self._hold(tensor, name)
        self.tensors.setdefault(name, self.constants.numbers(tensor))
        self.add(name, spec_of(tensor), kind)
        if tensor.requires_grad is not (kind == "parameter"):
            self.history.meet(name, kind)
        self.adopted[id(tensor)] = name
        return name

    def _hold(self, tensor: Tensor, name: str) -> None:
        """Keep a constant: the object, as its id means something only then; of what the program made, the numbers."""
        memory = self.constants.memory(tensor)
        if not self.constants.is_made(tensor):
            self._owners.append(tensor)
            return
        self.tensors[name] = self.constants.numbers(tensor).detach()
        self.constants.temporaries.read(memory, name)
        ident = id(tensor)
        self._waiting[ident] = weakref.ref(tensor, lambda _: self._let_go(ident, name))

    def _let_go(self, ident: int, name: str) -> None:
        """Called when the program lets go of a constant that it made."""
        self._waiting.pop(ident, None)
        if self.adopted.get(ident) == name:
            del self.adopted[ident]
        if ident in self.bindings and self.bindings[ident]() is None:
            del self.bindings[ident]

    def _own_attributes(self) -> None:
        """Look, once, for tensors that the model holds as plain attributes: state that it does not learn."""
        attributes, self.attributes = self.attributes, tuple
        for name, tensor in attributes():
            self.own(tensor, name, "parameter" if isinstance(tensor, torch.nn.Parameter) else "buffer")

    def binding(self, tensor: Tensor) -> Binding:
        """The binding of a tensor that holds a value; for one from outside it is made when it is first asked for."""
        ident = id(tensor)
        if ident not in self.bindings:
            name = self.adopted[ident]
            binding = self.bindings[ident] = Binding(tensor)  # it outlives the capture: nothing waits for its end
            binding.ident, binding.first, binding.name = ident, name, name
            binding.storage, binding.version, binding.chain = Storage(name, live=1), 0, ()
        return self.bindings[ident]
