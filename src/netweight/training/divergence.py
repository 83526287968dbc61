"""Where the first number arose that is none: a training whose loss is no number stops, and says so."""

from __future__ import annotations

from collections.abc import Mapping

from netweight.errors import DivergedError
from netweight.ir import Graph
from netweight.lazy import Array, np
from netweight.runtime import run


def stopped(
    graph: Graph, feeds: Mapping[str, Array], weights: Mapping[str, Array], *, epoch: int, batch: int
) -> DivergedError:
    """The error of a training that cannot go on.

    Args:
        graph: The network with its loss.
        feeds: Its inputs.
        weights: Its parameters, buffers and constants.
        epoch: Which epoch it is, from 0.
        batch: Which batch of that, from 0.
    """
    return DivergedError(
        f"train: expected a loss that is a number, got none in epoch {epoch + 1}, batch {batch + 1}",
        why=_cause(graph, feeds, weights),
        fix="a lower --lr, --clip-norm 1, or --warmup 1",
    )


def _cause(graph: Graph, feeds: Mapping[str, Array], weights: Mapping[str, Array]) -> str:
    for name, array in feeds.items():
        if not _finite(array):
            return f"the pictures or targets ({name}) have it already"
    for name, array in weights.items():
        if not _finite(array):
            return f"{name} has it since the update before"
    with np.errstate(all="ignore"):
        values = run(graph, feeds, weights, keep=True).values
    for node in graph.nodes:
        if not all(_finite(values[name]) for name in node.outputs):
            return f"it arose in {node.layer} ({node.op})"
    return "it did not arise again: dropout drew other numbers"


def _finite(array: Array) -> bool:
    return array.dtype.kind not in "fc" or bool(np.isfinite(array).all())
