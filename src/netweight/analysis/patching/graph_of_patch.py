"""A patch of a stage as nodes of its own: slices of what it reads, and every operator on its part."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

from netweight.analysis.patching.box import Box, part_of, whole
from netweight.analysis.patching.stage import Patch, Stage
from netweight.ir import Node, Value
from netweight.ops import REGISTRY
from netweight.ops.move.slicing import SliceAttrs


@dataclass(kw_only=True)
class PatchNodes:
    """Nodes and values of one patch.

    Attributes:
        stage: The layers that it runs.
        patch: What it has of their tensors.
        suffix: What is added to the names of its values.
        nodes: The nodes, in order.
        values: What they write, by name.
        ends: For each step that runs here the places of its first and last node, those of its slices included.
        results: Name of its part of each result.
    """

    stage: Stage
    patch: Patch
    suffix: str
    nodes: list[Node] = field(default_factory=list)
    values: dict[str, Value] = field(default_factory=dict)
    ends: dict[int, tuple[int, int]] = field(default_factory=dict)
    results: dict[str, str] = field(default_factory=dict)
    _boxes: dict[str, Box] = field(default_factory=dict)
    _parts: dict[tuple[str, Box], str] = field(default_factory=dict)

    def names(self, name: str) -> str:
        """Name of the patch's part of a value that it computes; of all others the name that they have."""
        return f"{name}{self.suffix}" if name in self.patch.held and name in self.stage.computed else name

    def add(self, *, inputs_there: bool = False) -> None:
        """Add all nodes.

        Args:
            inputs_there: Whether the parts of the inputs are there under their own names, so that nothing slices them.
        """
        graph = self.stage.graph
        for name in graph.inputs:
            if name in self.patch.held:
                self._add_input(name, there=inputs_there)
        for step, part in self.patch.parts.items():
            start = len(self.nodes)
            node = graph.nodes[step]
            reads = [
                None if name is None or box is None else self._part(name, box, node)
                for name, box in zip(node.inputs, part.inputs, strict=True)
            ]
            outputs = tuple([self._made(name, box) for name, box in zip(node.outputs, part.made, strict=True)])
            self.nodes.append(replace(node, attrs=part.attrs, inputs=tuple(reads), outputs=outputs))
            self.ends[step] = start, len(self.nodes) - 1
        for name, box in self.patch.targets.items():
            self.results[name] = self._part(name, box, graph.nodes[self.stage.end - 1])

    def _add_input(self, name: str, *, there: bool) -> None:
        """The part of an input that the patch reads."""
        box = self.patch.held[name]
        if there:
            self._boxes[self.names(name)] = box
            value = self.stage.graph.values[name]
            spec = part_of(box, value.spec)
            self.values[self.names(name)] = replace(value, name=self.names(name), spec=spec, storage="")
            return
        reader = next(node for node in self.stage.graph.nodes if name in node.inputs)
        self._boxes[self.names(name)] = box
        self._slice(name, whole(self.stage.graph.spec(name).shape), box, reader, called=self.names(name))

    def _made(self, name: str, box: Box | None) -> str:
        """An output of a node, in the memory that it has in the whole network if that is the patch's."""
        value = self.stage.graph.values[name]
        box = whole(value.spec.shape) if box is None else box
        called = f"{name}{self.suffix}"
        owner = f"{value.storage}{self.suffix}"
        storage = owner if owner in self.values else called
        self.values[called] = replace(value, name=called, spec=part_of(box, value.spec), storage=storage)
        self._boxes[called] = box
        return called

    def _part(self, name: str, box: Box, reader: Node) -> str:
        """Name of a part of a value, sliced if the value is larger."""
        called = self.names(name)
        there = self._boxes.get(called) or whole(self.stage.graph.spec(name).shape)
        if there == box:
            return called
        if (called, box) not in self._parts:
            self._parts[called, box] = self._slice(called, there, box, reader)
        return self._parts[called, box]

    def _slice(self, name: str, there: Box, box: Box, reader: Node, *, called: str = "") -> str:
        """Views of a value, cut along one dimension after the other; the last one has the given name."""
        spec, storage = self._known(name).spec, self._known(name).storage
        cuts = [(dim, a, b) for dim, (a, b) in enumerate(zip(there, box, strict=True)) if a != b]
        if called and not cuts:  # all of the input: a view under the name of the patch
            cuts = [(0, there[0], box[0])]
        for index, (dim, old, new) in enumerate(cuts):
            attrs = SliceAttrs(dim=dim, start=new.start - old.start, stop=new.stop - old.start)
            spec = REGISTRY["slice"].shape(attrs, spec)  # type: ignore[assignment]
            made = called if called and index == len(cuts) - 1 else self._free(f"{name.removesuffix(self.suffix)}")
            self.values[made] = Value(name=made, spec=spec, storage=storage)
            node = Node(op="slice", attrs=attrs, inputs=(name,), outputs=(made,), layer=reader.layer, origin="")
            self.nodes.append(node)
            name = made
        return name

    def _known(self, name: str) -> Value:
        return self.values[name] if name in self.values else self.stage.graph.values[name]

    def _free(self, stem: str) -> str:
        number = 1
        while f"{stem}{self.suffix}:{number}" in self.values:
            number += 1
        return f"{stem}{self.suffix}:{number}"


def fused_in(nodes: PatchNodes, runs: Iterable[tuple[int, int]], offset: int) -> list[tuple[int, int]]:
    """Runs of one kernel, as places among the nodes of a patch from ``offset`` on."""
    found = []
    for first, last in runs:
        steps = [step for step in range(first, last + 1) if step in nodes.ends]
        if len(steps) > 1:
            found.append((nodes.ends[steps[0]][0] + offset, nodes.ends[steps[-1]][1] + offset))
    return found


def suffix_for(place: tuple[int, ...], taken: Mapping[str, object]) -> str:
    """What marks the values of a patch: ``@0,1``, with another sign where a value is called so.

    >>> suffix_for((0, 1), {})
    '@0,1'
    """
    sign = "@"
    while any(sign in name for name in taken):
        sign += "@"
    return f"{sign}{','.join(map(str, place))}"
