"""Numbers that a network's choices have if they are even: which tokens an expert gets is what only real data decide.

A router scores every token against every expert and takes the best. When a program then asks a tensor without numbers
for some (which tokens chose expert 3? how many are there?), the operators that led there are followed backwards. If
all starts with weights, or with a choice among scores, the scores are made up so that every choice is taken equally
often, and the operators are computed on them. What starts elsewhere stays unknown.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor

from netweight.errors import NetweightError
from netweight.ir import is_floating
from netweight.lazy import Array, np
from netweight.ops.table import REGISTRY, forward
from netweight.sources.recording import Step
from netweight.sources.torch.experts import CHOICES, Experts, choice_of

if TYPE_CHECKING:
    from netweight.sources.torch.recording import TensorRecording

_MOST_ELEMENTS = 1 << 20
_MOST_STEPS = 400
_PLAIN = (Tensor, torch.nn.Parameter)
_FLOAT_BYTES = 4
_WEIGHTS, _GIVEN = "*weights", "*given"
"""Marks of what numbers follow from, beside the names of scores; no value is called so."""


class EvenChoices:
    """Finds numbers of values of a graph under construction."""

    def __init__(self, recording: TensorRecording, experts: Experts) -> None:
        self._recording = recording
        self._experts = experts
        self._writers: dict[str, int] = {}
        self._looked_at = 0
        self._numbers: dict[str, Array] = {}
        self._unknown: set[str] = set()
        self._scores: dict[str, Step[Any]] = {}
        self._roots: dict[str, frozenset[str]] = {}

    def numbers(self, tensor: Tensor) -> Tensor | None:
        """Numbers of a tensor that has none, if all of them follow from weights and choices; None if they do not."""
        found = self._of(self._recording.value_of(tensor))
        if found is None:
            return None
        return torch.from_numpy(np.array(found, order="C")).to(tensor.dtype).reshape(tensor.shape)

    def are_none(self, tensor: Tensor) -> bool:
        """Whether the numbers of a tensor follow from weights, or from inputs and constants, and from no choice."""
        roots = self._roots.get(self._recording.value_of(tensor))
        return roots is not None and roots <= {_WEIGHTS, _GIVEN}

    def follows_from_experts(self, tensor: Tensor) -> bool:
        """Whether all that the numbers of a tensor follow from is known, or a choice among experts."""
        roots = self._roots.get(self._recording.value_of(tensor))
        return roots is not None and all(
            self._experts.chosen_by(self._scores[root]) for root in roots - {_WEIGHTS, _GIVEN}
        )

    def _of(self, name: str) -> Array | None:
        nodes = self._recording.nodes
        for at in range(self._looked_at, len(nodes)):
            node = nodes[at]
            self._writers.update(dict.fromkeys(node.outputs, at))
            if node.op in CHOICES and is_floating(self._recording.specs[node.inputs[0] or ""].dtype):
                self._scores.setdefault(node.inputs[0] or "", node)
        self._looked_at = len(nodes)
        self._follow(name)
        return self._numbers.get(name)

    def _follow(self, wanted: str) -> None:
        """Compute what leads to a value, as far as it can be."""
        waiting = [wanted]
        for _ in range(_MOST_STEPS):
            if not waiting:
                return
            name = waiting[-1]
            if name in self._numbers or self._starts(name):
                waiting.pop()
                continue
            if name in self._unknown or name not in self._writers:
                break
            node = self._recording.nodes[self._writers[name]]
            missing = [source for source in node.inputs if source is not None and source not in self._numbers]
            if missing:
                waiting.append(missing[0])
            elif not self._compute(node):
                break
        self._unknown.update(waiting)

    def _starts(self, name: str) -> bool:
        """Whether a value has numbers to start with: one that no operator writes, or scores, which are made up."""
        if name in self._scores:
            node, shape = self._scores[name], self._recording.specs[name].shape
            self._numbers[name] = _even_scores(shape, *choice_of(node, self._recording))
            self._roots[name] = frozenset([name])
            return True
        tensor = self._recording.given.get(name, self._recording.tensors.get(name))
        if (
            tensor is None
            or tensor.is_meta
            or type(tensor) not in _PLAIN
            or tensor.is_quantized
            or tensor.numel() > _MOST_ELEMENTS
            or name in self._writers
        ):
            return False
        if tensor.dtype.is_floating_point and tensor.dtype.itemsize < _FLOAT_BYTES:
            tensor = tensor.float()
        self._numbers[name] = tensor.detach().cpu().numpy()
        kind = _WEIGHTS if self._recording.kinds.get(name) == "parameter" else _GIVEN
        self._roots[name] = frozenset([kind] if kind == _WEIGHTS or name in self._recording.given else ())
        return True

    def _compute(self, node: Step[Any]) -> bool:
        op = REGISTRY.get(node.op)
        sizes = [self._recording.specs[name].numel for name in node.outputs]
        if op is None or op.random or sum(sizes) > _MOST_ELEMENTS:
            return False
        roots = frozenset().union(*[self._roots[name] for name in node.inputs if name is not None])
        if _WEIGHTS in roots and len(roots) > 1:  # what is learned of data, training changes
            return False
        inputs = tuple([None if name is None else self._numbers[name] for name in node.inputs])
        try:
            results, _ = forward(op, node.attrs, inputs)
        except (NetweightError, ValueError, IndexError, TypeError):  # sizes that came from other guesses
            return False
        self._numbers.update(zip(node.outputs, map(np.asarray, results), strict=True))
        self._roots.update(dict.fromkeys(node.outputs, roots))
        return True


def _even_scores(shape: tuple[int, ...], dim: int, chosen: int) -> Array:
    """Scores of which every row has its best ``chosen`` where the row before has left off."""
    if not shape:
        return np.ones(())
    among = shape[dim]
    rows = math.prod(shape) // max(among, 1)
    places = (np.arange(rows)[:, None] * chosen + np.arange(among)) % max(among, 1)
    scores = np.empty((rows, among), np.float32)
    np.put_along_axis(
        scores, places, np.broadcast_to(1 - np.arange(among, dtype=np.float32) / (2 * among), places.shape), 1
    )
    others = [size for at, size in enumerate(shape) if at != dim]
    return np.moveaxis(scores.reshape(*others, among), -1, dim)
