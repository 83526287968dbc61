"""How often weights are right on some pictures."""

from __future__ import annotations

from collections.abc import Mapping

from netweight.data.dataset import Dataset
from netweight.ir import Graph
from netweight.lazy import Array
from netweight.results.evaluation import Evaluation, OfClass
from netweight.training import metrics
from netweight.training.scores import scores


def evaluated(
    graph: Graph, weights: Mapping[str, Array], images: Array, labels: Array, data: Dataset, *, model: str, part: str
) -> Evaluation:
    """How often a network is right.

    Args:
        graph: The network as it is used.
        weights: Its parameters, buffers and constants.
        images: (N, C, H, W), as the network takes them.
        labels: (N,), class numbers.
        data: What they are from.
        model: What the network is called.
        part: Which part of the data they are.
    """
    found = scores(graph, weights, images)
    table = metrics.confusion(found, labels)
    return Evaluation(
        model=model, data=data.name, part=part, images=len(labels), right=int(table.trace()),
        loss=metrics.cross_entropy(found, labels),
        top1=metrics.top(found, labels, 1), top5=metrics.top(found, labels, 5),
        classes=tuple(_of_class(data.classes[at], table, labels, at) for at in range(len(table))),
        confusion=tuple(tuple(map(int, row)) for row in table),
    )  # fmt: skip


def _of_class(name: str, table: Array, labels: Array, at: int) -> OfClass:
    images, right, said = int((labels == at).sum()), int(table[at, at]), int(table[:, at].sum())
    return OfClass(
        name=name, images=images, right=right, said=said, recall=right / images if images else None,
        precision=right / said if said else None,
    )  # fmt: skip
