"""The graph under construction: what every source records, whatever it reads from.

A source adds the values that no operator writes, records operators one after the other, and notes what it had to guess.
Results are numbered (``%7``) until the graph is finished. Then each is called what the source calls it, or like the
layer that makes it.
"""

from __future__ import annotations

from collections.abc import Callable, Container, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import groupby, repeat
from typing import Any, Generic, TypeVar

from netweight.ir import Graph, Init, Node, Quantization, Stored, TensorSpec, Value, ValueKind
from netweight.ops.table import REGISTRY

Site = TypeVar("Site")
"""Where a source recorded an operator; its layer follows from that."""


@dataclass(slots=True, eq=False)
class Step(Generic[Site]):
    """An operator that was recorded: a node whose layer and values do not have their names yet.

    Attributes:
        op: Name of the operator.
        attrs: Its attributes.
        inputs: Values that it reads, None where an optional one is left out.
        outputs: Values that it writes.
        site: Where it was recorded.
        fused: Whether it is part of what one kernel does.
    """

    op: str
    attrs: Any
    inputs: tuple[str | None, ...]
    outputs: tuple[str, ...]
    site: Site
    fused: bool = False

    @property
    def is_view(self) -> bool:
        """Whether it only gives another view of its input."""
        return is_view(self.op)


@dataclass(slots=True, eq=False)
class Recording(Generic[Site]):
    """Values and operators of one network.

    Attributes:
        specs: Spec of each value, by name.
        storages: The value whose memory each lives in.
        kinds: Where a value comes from, for all that no operator writes.
        inits: How the numbers of a value are made, where the source says so.
        quantizations: What is stored beside the elements of a value.
        stored: How weights are kept, where their specs do not say it.
        nodes: Operators in the order of execution.
        tensors: The source's own tensor behind each parameter, buffer and constant.
        updates: Buffer to the value that is its next state.
        notes: What a reader must know, and how often it was said.
        guesses: Notes after which the figures may not be exact.
    """

    specs: dict[str, TensorSpec] = field(default_factory=dict)
    storages: dict[str, str] = field(default_factory=dict)
    kinds: dict[str, ValueKind] = field(default_factory=dict)
    inits: dict[str, Init] = field(default_factory=dict)
    quantizations: dict[str, Quantization] = field(default_factory=dict)
    stored: dict[str, Stored] = field(default_factory=dict)
    nodes: list[Step[Site]] = field(default_factory=list)
    tensors: dict[str, Any] = field(default_factory=dict)
    updates: dict[str, str] = field(default_factory=dict)
    notes: dict[str, int] = field(default_factory=dict)
    guesses: dict[str, None] = field(default_factory=dict)

    def note(self, text: str, *, guess: bool = False) -> None:
        """Something a reader must know; a guess means that the figures may not be exact."""
        self.notes[text] = self.notes.get(text, 0) + 1
        if guess:
            self.guesses[text] = None

    def take_back(self, text: str) -> None:
        """Forget the last time that something was noted."""
        self.notes[text] -= 1
        if not self.notes[text]:
            del self.notes[text]

    def told(self, *, without: Container[str] = ()) -> tuple[str, ...]:
        """Notes as the reader gets them: each once, with how often it was said."""
        said = ((text, count) for text, count in self.notes.items() if text not in without)
        return tuple([text if count == 1 else f"{text} ({count} times)" for text, count in said])

    def add(self, name: str, spec: TensorSpec, kind: ValueKind) -> None:
        """A value that no operator writes."""
        self.specs[name] = spec
        self.storages[name] = name
        self.kinds[name] = kind

    def emit(
        self, op: str, attrs: Any, inputs: tuple[str | None, ...], specs: Sequence[TensorSpec], site: Site,
        storage: str = "",
    ) -> tuple[str, ...]:  # fmt: skip
        """Record an operator: names of its results, in memory of their own or in that of the value ``storage``."""
        made = []
        for spec in specs:
            name = f"%{len(self.specs)}"
            while name in self.specs:
                name = f"%{name}"
            self.specs[name] = spec
            self.storages[name] = storage or name
            made.append(name)
        outputs = tuple(made)
        self.nodes.append(Step(op, attrs, inputs, outputs, site))
        return outputs

    def specs_of(self, names: Sequence[str | None]) -> list[TensorSpec | None]:
        """Specs of values."""
        return [None if name is None else self.specs[name] for name in names]

    def value_names(self, layers: Iterable[str], labels: Mapping[str, str] | None = None) -> dict[str, str]:
        """Final name of each value: its label, or its layer; several of one name are numbered."""
        names = {name: name for name in self.kinds}
        taken = set(names)
        last: dict[str, int] = {}
        for node, layer in zip(self.nodes, layers, strict=True):
            for output in node.outputs:
                name = free_name((labels and labels.get(output)) or layer, taken, last)
                taken.add(name)
                names[output] = name
        return names

    def graph(
        self, name: str, inputs: tuple[str, ...], outputs: Iterable[str], *, layers: Iterable[str],
        names: Mapping[str, str], origins: Iterable[str] = repeat(""),
    ) -> Graph:  # fmt: skip
        """The finished graph.

        Args:
            name: What the user calls the network.
            inputs: Values that the caller supplies.
            outputs: Values that the caller gets.
            layers: Layer of each operator.
            names: Final name of each value.
            origins: Where the author of the network wrote each operator.
        """
        steps = zip(self.nodes, layers, origins, strict=False)
        return Graph(
            name=name,
            values={names[key]: self._value(key, names) for key in self.specs if key in names},
            nodes=tuple([_node(step, layer, origin, names) for step, layer, origin in steps]),
            inputs=inputs,
            outputs=tuple([names[output] for output in outputs]),
            updates={names[buffer]: names[value] for buffer, value in self.updates.items()},
        )

    def _value(self, key: str, names: Mapping[str, str]) -> Value:
        name, spec, storage = names[key], self.specs[key], names[self.storages[key]]
        kind = self.kinds.get(key, "activation")
        if not (self.inits or self.quantizations or self.stored):  # as most models do not say more
            return Value(name=name, spec=spec, kind=kind, storage=storage)
        return Value(
            name=name,
            spec=spec,
            kind=kind,
            storage=storage,
            init=self.inits.get(key),
            quantization=self.quantizations.get(key),
            stored=self.stored.get(key),
        )


def _node(step: Step[Any], layer: str, origin: str, names: Mapping[str, str]) -> Node:
    return Node(
        op=step.op,
        attrs=step.attrs,
        inputs=tuple([None if name is None else names[name] for name in step.inputs]),
        outputs=tuple([names[name] for name in step.outputs]),
        layer=layer,
        origin=origin,
    )


def is_view(op: str) -> bool:
    """Whether an operator only gives another view of its input; one that the table does not have makes something."""
    definition = REGISTRY.find(op)
    return definition is not None and definition.view


def fused_runs(steps: Sequence[Step[Any]], call_of: Callable[[Step[Any]], Any]) -> tuple[tuple[int, int], ...]:
    """First and last of the steps that each kernel does.

    Args:
        steps: What was recorded.
        call_of: What is the same for steps of one kernel.
    """
    runs: list[tuple[int, int]] = []
    if not [step for step in steps if step.fused]:
        return ()
    for (_, fused), group in groupby(enumerate(steps), key=lambda item: (call_of(item[1]), item[1].fused)):
        places = [place for place, _ in group]
        if fused and len(places) > 1:
            runs.append((places[0], places[-1]))
    return tuple(runs)


def free_name(label: str, taken: Container[str], last: dict[str, int], mark: str = ":") -> str:
    """The label, with a number if it is taken.

    Args:
        label: What is to be called so.
        taken: Names that others have.
        last: Last number of each label, kept from call to call: thousands may want the same.
        mark: What stands before the number.

    >>> free_name("relu", {"relu", "relu:1"}, {})
    'relu:2'
    """
    name, number = label, last.get(label, 0)
    while name in taken:
        number += 1
        name = f"{label}{mark}{number}"
    if number:
        last[label] = number
    return name
