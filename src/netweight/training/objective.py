"""A network with its loss: the graph whose gradients train it.

The loss is part of the graph, made of the same operators, so that it is counted, run and differentiated as they are.

Source: cross entropy and label smoothing, Szegedy et al. 2016, section 7; auxiliary classifiers, Szegedy et al. 2015,
section 5 (weight 0.3) and 2016, section 4.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from netweight import build
from netweight.build import Symbol
from netweight.errors import ShapeError, UsageError, unknown_name
from netweight.ir import Graph, Node, TensorSpec, Value, is_floating

LossName = Literal["cross_entropy", "mse"]
LOSSES: tuple[LossName, ...] = ("cross_entropy", "mse")
TARGET, LOSS = "target", "loss"


@dataclass(frozen=True, slots=True, kw_only=True)
class Loss:
    """What is made small.

    Attributes:
        name: ``"cross_entropy"`` of scores against classes, or ``"mse"``: the mean of the squared differences from the
            target, where classes are ones among zeros.
        label_smoothing: Share of the target that is spread evenly over all classes.
        weights: How much the loss of each output counts, in the order of the outputs; one per output.
    """

    name: LossName = "cross_entropy"
    label_smoothing: float = 0.0
    weights: tuple[float, ...] = (1.0,)

    def __post_init__(self) -> None:
        """Refuse what is no loss.

        Raises:
            UsageError: If the name is unknown, or a number is outside of its range.
        """
        if self.name not in LOSSES:
            raise unknown_name("loss", self.name, LOSSES)
        if not 0 <= self.label_smoothing < 1:
            raise UsageError(f"label smoothing: expected a share from 0 to below 1, got {self.label_smoothing}")


def objective(graph: Graph, loss: Loss, *, soft: bool) -> Graph:
    """The network with an input ``target`` and a first output ``loss``.

    Args:
        graph: A network whose outputs are scores (N, C), before softmax.
        loss: What is made small.
        soft: Whether targets are distributions over the classes (N, C), as mixed pictures have; else they are class
            numbers (N,).

    Raises:
        ShapeError: If an output is not (N, C), or the weights are not as many as the outputs.
    """
    specs = [_scores(graph, name) for name in graph.outputs]
    if len(loss.weights) != len(specs):
        raise ShapeError(
            f"loss: expected a weight for each of the {len(specs)} outputs, got {len(loss.weights)}",
            fix=f"--loss-weights {','.join(['1', *['0.3'] * (len(specs) - 1)])}",
        )
    head = build.graph(_described(loss, soft=soft), *specs, _target(specs[0], soft=soft), name=LOSS, training=True)
    return _joined(graph, head)


def _scores(graph: Graph, name: str) -> TensorSpec:
    spec = graph.spec(name)
    if len(spec.shape) != 2 or not is_floating(spec.dtype):
        raise ShapeError(
            f"loss: expected scores of floating type in the shape (N, classes), got {spec.dtype}{list(spec.shape)} "
            f"in output {name!r}"
        )
    return spec


def _target(scores: TensorSpec, *, soft: bool) -> TensorSpec:
    return scores if soft else TensorSpec(scores.shape[:1], "int64")


def _described(loss: Loss, *, soft: bool) -> Callable[..., Symbol]:
    def describe(*given: Symbol) -> Symbol:
        *outputs, target = given
        parts = [_one(loss, x, target, soft=soft) for x in outputs]
        weighed = [part if weight == 1 else part * weight for part, weight in zip(parts, loss.weights, strict=True)]
        total = weighed[0]
        for part in weighed[1:]:
            total = total + part
        return total

    return describe


def _one(loss: Loss, x: Symbol, target: Symbol, *, soft: bool) -> Symbol:
    classes = x.shape[1]
    if loss.name == "cross_entropy":
        return build.cross_entropy(x, target, label_smoothing=loss.label_smoothing)
    spread = target if soft else build.cast(build.one_hot(target, classes), x.spec.dtype)
    if loss.label_smoothing:
        spread = spread * (1 - loss.label_smoothing) + loss.label_smoothing / classes
    return build.mse_loss(x, spread)


def _joined(graph: Graph, head: Graph) -> Graph:
    """One graph after the other: the head's inputs are the network's outputs, and a target."""
    to = dict(zip(head.inputs, (*graph.outputs, TARGET), strict=True))
    taken = {*graph.values, TARGET}
    for name in head.values:
        if name not in to:
            to[name] = _free(LOSS if name == head.outputs[0] else f"{LOSS}.{name}", taken)
            taken.add(to[name])
    values = {**graph.values}
    for name, value in head.values.items():
        if to[name] not in graph.values:
            values[to[name]] = _renamed(value, to)
    nodes = (*graph.nodes, *(_moved(node, to) for node in head.nodes))
    return replace(
        graph, values=values, nodes=nodes, inputs=(*graph.inputs, TARGET), outputs=(to[head.outputs[0]], *graph.outputs)
    )


def _free(name: str, taken: set[str]) -> str:
    while name in taken:
        name += "_"
    return name


def _renamed(value: Value, to: Mapping[str, str]) -> Value:
    return replace(value, name=to[value.name], storage=to[value.storage])


def _moved(node: Node, to: Mapping[str, str]) -> Node:
    return replace(node, inputs=_names(node.inputs, to), outputs=tuple(to[n] for n in node.outputs), layer=LOSS)


def _names(names: Sequence[str | None], to: Mapping[str, str]) -> tuple[str | None, ...]:
    return tuple(None if name is None else to[name] for name in names)
