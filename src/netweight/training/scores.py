"""What a network makes of many pictures, batch after batch."""

from __future__ import annotations

from collections.abc import Mapping

from netweight.ir import Graph
from netweight.lazy import Array, np
from netweight.runtime import run
from netweight.runtime.kernels import KERNELS


def scores(graph: Graph, weights: Mapping[str, Array], images: Array) -> Array:
    """Scores of each class, (N, classes), of the network's first output.

    Args:
        graph: A network of one input, as it is used after training; a batch is as large as its input says, and the last
            one is filled up with pictures whose scores nobody sees.
        weights: Parameters, buffers and constants by name.
        images: (N, C, H, W).
    """
    (name,) = graph.inputs
    batch = graph.spec(name).shape[0]
    found = []
    for start in range(0, len(images), batch):
        part = images[start : start + batch]
        fed = part if len(part) == batch else np.concatenate([part, np.repeat(part[:1], batch - len(part), axis=0)])
        with np.errstate(over="ignore", invalid="ignore"):  # scores that are no numbers are counted as such
            done = run(graph, {name: fed}, weights, kernels=KERNELS["fast"])
        found.append(done.outputs[graph.outputs[0]][: len(part)])
    return np.concatenate(found)
