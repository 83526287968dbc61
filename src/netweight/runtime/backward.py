"""Gradients of a graph: the nodes in reverse, each asked for the gradients of its inputs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeAlias

from netweight.errors import NetweightError, UsageError
from netweight.ir import Graph, Node, is_floating, located
from netweight.lazy import np
from netweight.ops.table import REGISTRY
from netweight.runtime.forward import Run

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Array: TypeAlias = NDArray[Any]


def backward(graph: Graph, done: Run, grad_outputs: Mapping[str, Array]) -> dict[str, Array]:
    """Gradients of the parameters and inputs that the outputs depend on.

    Args:
        graph: The network.
        done: Its forward pass, with ``keep=True``.
        grad_outputs: Gradient per output.

    Raises:
        UsageError: If the run did not keep its values, or an output is unknown.
        NetweightError: If an operator on the way has no gradient.
    """
    for name in grad_outputs:
        if name not in graph.outputs:
            raise UsageError(f"backward: expected outputs of the graph ({', '.join(graph.outputs)}), got {name!r}")
    grads: dict[str, Array] = dict(grad_outputs)
    for node, saved in zip(reversed(graph.nodes), reversed(done.saved), strict=True):
        if not any(name in grads for name in node.outputs):
            continue
        with located(node):
            found = _node_gradients(graph, node, done, saved, grads)
        for read, grad in zip(node.inputs, found, strict=True):
            if read is not None and grad is not None and _wanted(graph, read):
                grads[read] = grads[read] + grad if read in grads else grad
        for written in node.outputs:
            grads.pop(written, None)
    return {name: grad for name, grad in grads.items() if graph.values[name].kind in ("parameter", "input")}


def _node_gradients(
    graph: Graph, node: Node, done: Run, saved: Mapping[str, Array], grads: Mapping[str, Array]
) -> tuple[Array | None, ...]:
    op = REGISTRY[node.op]
    if not op.differentiable:
        raise NetweightError(f"backward: expected operators with a gradient, got {node.op!r}")
    missing = [name for name in (*node.inputs, *node.outputs) if name is not None and name not in done.values]
    if missing:
        raise UsageError(
            f"backward: expected a run that kept its values, got one without {missing[0]!r}", fix="run(keep=True)"
        )
    arrays = tuple(None if name is None else done.values[name] for name in node.inputs)
    outputs = tuple(
        grads[name] if name in grads else np.zeros(graph.spec(name).shape, done.values[name].dtype)
        for name in node.outputs
    )
    grad_y: Any = outputs[0] if len(outputs) == 1 else outputs
    return op.backward(node.attrs, grad_y, *arrays, **saved)


def _wanted(graph: Graph, name: str) -> bool:
    """Gradients flow to floating inputs, parameters and activations, not to buffers, constants and indices."""
    value = graph.values[name]
    return value.kind in ("parameter", "input", "activation") and is_floating(value.spec.dtype)
