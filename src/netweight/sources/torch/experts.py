"""Mixtures of experts: where a network chooses a few of many alike parts for each token, and whose weights these are.

A choice is one of experts where the modules around it have as many alike children as there are scores in a row, or
weights that are stacked as often. What a router itself reads is no expert.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

import torch

from netweight.ir import is_floating
from netweight.sources.recording import Step
from netweight.sources.torch.module_calls import ModuleCalls
from netweight.sources.torch.recording import TensorRecording

CHOICES = frozenset({"topk", "sort", "argsort", "argmax", "max"})
"""Operators that choose among scores, their first input."""
_WORDS = re.compile(r"expert|moe|mixture|router|routing|dispatch|switch|(^|_)gat(e|es|ing)($|_)", re.IGNORECASE)
_AROUND = 3
"""How many modules, from that of the choice outwards, are looked at."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Mixture:
    """Experts of which each token meets a few.

    Attributes:
        place: Path of the module that has them.
        chosen: How many each token meets.
        experts: How many there are.
        parameters: Names of their weights.
    """

    place: str
    chosen: int
    experts: int
    parameters: frozenset[str]

    def says(self, *, counted: bool) -> str:
        """What a reader must know of it; ``counted`` where the work is that of chosen experts."""
        share = f"{self.chosen} of {self.experts} experts"
        if counted:
            return f"each token is counted in {share}, taken to be chosen evenly"
        return f"{share} are chosen for each token; all that the program computes is counted"


class Experts:
    """Finds the mixtures of experts of a model while it is captured.

    Attributes:
        asked: Whether the program asked which tokens an expert got, and was told as if experts were chosen evenly.
    """

    def __init__(self, recording: TensorRecording, module_calls: ModuleCalls) -> None:
        self.asked = False
        self._recording = recording
        self._calls = module_calls
        self._chosen: dict[str, Mixture | None] = {}
        self._found: dict[tuple[str, int], tuple[str, frozenset[str]] | None] = {}

    def chosen_by(self, node: Step[Any], at: int | None = None) -> Mixture | None:
        """The experts among which an operator, the one ``at`` this place, chooses; None if it chooses other things."""
        name = node.inputs[0]
        assert name is not None
        if name not in self._chosen:
            self._chosen[name] = self._among(node, name, at)
        return self._chosen[name]

    def _among(self, node: Step[Any], name: str, at: int | None) -> Mixture | None:
        spec = self._recording.specs[name]
        shape = spec.shape
        if node.op not in CHOICES or not shape or not is_floating(spec.dtype):  # numbers of experts are sorted, too
            return None
        dim, chosen = choice_of(node, self._recording)
        experts = shape[dim]
        if experts < 2 or chosen >= experts:
            return None
        found = self._around(self._calls.calls[node.site.call].path, experts)
        if found is None:
            return None
        place, parameters = found
        own = self._read_before(name, at)
        return Mixture(place=place, chosen=chosen, experts=experts, parameters=parameters - own)

    def mixtures(self) -> Iterator[Mixture]:
        """All that were found in what was recorded.

        A router that takes the best twice, without the first the second time, chooses two.
        """
        found: dict[tuple[str, int], dict[str | None, Mixture]] = {}
        for at, node in enumerate(self._recording.nodes):
            mixture = self.chosen_by(node, at) if node.op in CHOICES else None
            if mixture is not None and mixture.parameters:
                found.setdefault((mixture.place, node.site.call), {})[node.inputs[0]] = mixture
        last = {place: list(choices.values()) for (place, _), choices in found.items()}
        for choices in last.values():
            chosen = sum(mixture.chosen for mixture in choices)
            alone = any(mixture.chosen > 1 for mixture in choices) or chosen >= choices[-1].experts
            yield choices[-1] if alone else replace(choices[-1], chosen=chosen)

    def _around(self, path: str, experts: int) -> tuple[str, frozenset[str]] | None:
        """The innermost module around a choice that has so many experts, and their parameters."""
        key = path, experts
        if key not in self._found:
            self._found[key] = None
            scope = path
            for _ in range(_AROUND):
                parameters = self._inside(scope, experts)
                if parameters:
                    self._found[key] = scope, parameters
                    break
                if not scope:
                    break
                scope = scope.rpartition(".")[0]
        return self._found[key]

    def _inside(self, scope: str, experts: int) -> frozenset[str]:
        module = self._calls.modules.get(scope)
        if module is None or not _speaks_of_experts(module, scope):
            return frozenset()
        names: set[str] = set()
        for path, part in _near(module, scope):
            names.update(_alike(part, path, experts) or _stacked(part, path, experts))
        return frozenset(names)

    def _read_before(self, scores: str, at: int | None) -> frozenset[str]:
        """Parameters that the scores come from, up to the product that makes them."""
        wanted = {scores}
        found: set[str] = set()
        for node in reversed(self._recording.nodes[:at]):
            if not wanted or len(found) > 1:
                break
            if wanted.isdisjoint(node.outputs):
                continue
            wanted.difference_update(node.outputs)
            read = [name for name in node.inputs if name is not None]
            weights = [name for name in read if self._recording.kinds.get(name) == "parameter"]
            found.update(weights)
            if not weights:
                wanted.update(read[:1])
        return frozenset(found)


def choice_of(node: Step[Any], recording: TensorRecording) -> tuple[int, int]:
    """Dimension along which an operator of ``CHOICES`` chooses, and how many it takes."""
    attrs, name = node.attrs, node.inputs[0]
    assert name is not None
    rank = len(recording.specs[name].shape)
    dim = (attrs.dims or (rank - 1,))[-1] if node.op == "argmax" else attrs.dim
    return dim % max(rank, 1), attrs.k if node.op == "topk" else 1


def _speaks_of_experts(module: torch.nn.Module, path: str) -> bool:
    """Whether a module, its place or something in it is called as mixtures of experts are."""
    inside = (*module._modules, *module._parameters)
    return any(map(_WORDS.search, (type(module).__name__, path.rpartition(".")[2], *inside)))


def _near(module: torch.nn.Module, path: str) -> Iterator[tuple[str, torch.nn.Module]]:
    """A module, its children and theirs, by path."""
    waiting = [(path, module, 0)]
    while waiting:
        at, part, depth = waiting.pop()
        yield at, part
        if depth < 2:
            children = part._modules.items()
            waiting.extend([(f"{at}.{name}" if at else name, child, depth + 1) for name, child in children if child])


def _alike(part: torch.nn.Module, path: str, experts: int) -> set[str]:
    """Parameters of children that are as many as there are experts, and of one class."""
    children = {name: child for name, child in part._modules.items() if child is not None}
    kinds: Mapping[type[torch.nn.Module], None] = dict.fromkeys(map(type, children.values()))
    for kind in kinds:
        same = {name: child for name, child in children.items() if type(child) is kind}
        if len(same) == experts:
            prefix = f"{path}." if path else ""
            return {f"{prefix}{name}.{below}" for name, child in same.items() for below, _ in child.named_parameters()}
    return set()


def _stacked(part: torch.nn.Module, path: str, experts: int) -> set[str]:
    """Parameters of a module that has the weights of all experts in one tensor, biases too."""
    own = {name: p for name, p in part._parameters.items() if p is not None and p.dim() and p.shape[0] % experts == 0}
    called = "expert" in f"{path.rpartition('.')[2]} {type(part).__name__}".lower()
    matrices = [p for p in own.values() if p.dim() > 2 and p.shape[0] == experts]
    if not matrices and not called:
        return set()
    prefix = f"{path}." if path else ""
    return {prefix + name for name, p in own.items() if called or p.shape[0] == experts}
