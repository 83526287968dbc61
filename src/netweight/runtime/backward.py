"""Gradients of a graph: the nodes in reverse, each asked for the gradients of its inputs."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from netweight.autograd.gradients import Backpropagation, Call
from netweight.autograd.links import links_of
from netweight.errors import NetweightError, UsageError
from netweight.ir import Function, Graph, Node, is_floating, located
from netweight.lazy import Array, np
from netweight.ops.table import REGISTRY
from netweight.runtime.forward import Run, run
from netweight.runtime.kept import Kept


def backward(graph: Graph, done: Run, grad_outputs: Mapping[str, Array]) -> dict[str, Array]:
    """Gradients of the wanted parameters and inputs, as far as the outputs depend on them.

    What a run with ``keep="saved"`` kept is let go of as it is used: such a run has one backward.

    >>> import netweight, numpy as np
    >>> from netweight import build
    >>> graph = build.graph(lambda x: build.linear(x, 1, name="fc"), (1, 2))
    >>> done = netweight.run(graph, {"x": np.float32([[3, 4]])}, netweight.initialize(graph), keep="saved")
    >>> grads = netweight.backward(graph, done, {"fc": np.float32([[1]])})
    >>> grads["fc.weight"].tolist(), grads["fc.bias"].tolist()
    ([[3.0, 4.0]], [1.0])

    Args:
        graph: The network.
        done: Its forward pass, with ``keep="saved"`` or ``keep=True``.
        grad_outputs: Gradient per output.

    Raises:
        UsageError: If the run kept nothing for backward, backward has used it up, or an output is unknown.
        NetweightError: If an operator on the way has no gradient.
    """
    for name in grad_outputs:
        if name not in graph.outputs:
            raise UsageError(f"backward: expected outputs of the graph ({', '.join(graph.outputs)}), got {name!r}")
    plan = done.plan
    if plan is None:
        raise UsageError("backward: expected a run that kept its values, got one without", fix='run(keep="saved")')
    check_differentiable(plan, grad_outputs)
    kept = dict(done.kept) if done.keep is True else done.kept
    grads = {name: grad for name, grad in grad_outputs.items() if name in plan.reached}
    for call in reversed(plan.calls):
        if call.runs_backward and call.step not in kept:
            raise UsageError(
                "backward: expected a run that had no backward yet, got one that had", fix="run(keep=True)"
            )
        mine = kept.pop(call.step, None)
        if mine is None or grads.keys().isdisjoint(call.link.takes):
            continue
        with located(call.node):
            found = _gradients(call, mine, grads)
        del mine
        while found:
            name, grad = found.pop(0)
            if name in grads:
                others = [grads[other] for other in grads if other != name] + [other for _, other in found]
                lent = (*done.values.values(), *grad_outputs.values(), *_arrays(kept.values()))
                _add_to(grads, name, grad, (*others, *lent))
            else:
                grads[name] = grad
    return {name: grads[name] for name in plan.trained if name in grads}


def check_differentiable(plan: Backpropagation, outputs: Iterable[str]) -> None:
    """Refuse gradients that would have to pass an operator that has none.

    Raises:
        NetweightError: If there is such an operator between a tensor whose gradient is wanted and the outputs.
    """
    for node in without_gradient(plan, outputs):
        with located(node):
            raise NetweightError(f"backward: expected operators with a gradient, got {node.op!r}")


def without_gradient(plan: Backpropagation, outputs: Iterable[str]) -> Iterator[Node]:
    """Calls between a tensor whose gradient is wanted and the outputs whose operator has no gradient, the last first.

    Args:
        plan: What is wanted.
        outputs: Those that are differentiated.
    """
    graph = plan.graph
    links = list(zip(graph.nodes, links_of(graph), strict=True))
    leads = {*plan.wanted, *graph.leaves}
    for _, link in links:
        if not leads.isdisjoint(link.gives):
            leads.update(link.takes)
    needed = set(outputs)
    for node, link in reversed(links):
        if needed.isdisjoint(link.takes) or leads.isdisjoint(link.gives):
            continue
        if link.broken:
            yield node
        needed.update(name for name in link.gives if name is not None and is_floating(graph.spec(name).dtype))


def _gradients(call: Call, kept: Kept, grads: dict[str, Array]) -> list[tuple[str, Array]]:
    """Gradients that a call passes on, by the names of its inputs; those of its outputs are used up."""
    if call.link.function is not None:
        return written(call, call.link.function, kept, grads)
    if not call.link.own:
        pairs = zip(call.link.takes, call.link.gives, call.wanted, strict=True)
        return [(to, grads.pop(name)) for name, to, asked in pairs if asked and to is not None and name in grads]
    arriving = [grads.pop(name, None) for name in call.node.outputs]
    filled = tuple(
        np.zeros(y.shape, y.dtype) if grad is None else grad for grad, y in zip(arriving, kept.outputs, strict=True)
    )
    grad_y: Any = filled[0] if len(filled) == 1 else filled
    found = REGISTRY[call.node.op].backward(call.node.attrs, grad_y, *kept.inputs, **kept.saved)
    passed = zip(call.node.inputs, call.wanted, found, strict=True)
    return [(name, grad) for name, asked, grad in passed if asked and name is not None and grad is not None]


def written(call: Call, function: Function, kept: Kept, grads: dict[str, Array]) -> list[tuple[str, Array]]:
    """Gradients by the backward that the author of the network wrote."""
    graph = function.backward
    assert graph is not None  # what has none is not kept
    arriving = zip(function.arriving, function.outputs, kept.outputs, strict=True)
    given = {name: grads.pop(to) if to in grads else np.zeros(y.shape, y.dtype) for name, to, y in arriving}
    done = run(graph, {**kept.saved, **given}, kept.saved)
    passed = zip(call.link.gives, call.wanted, function.gradients, strict=True)
    return [(to, done.outputs[name]) for to, asked, name in passed if asked and to is not None and name is not None]


def _add_to(grads: dict[str, Array], name: str, grad: Array, others: Iterable[Array]) -> None:
    """Add a gradient to what another reader of the value passed back: in place if nobody else has that memory."""
    before = grads[name]
    shared = {id(_owner(array)) for array in (grad, *others)}
    if before.flags.writeable and before.dtype == grad.dtype and id(_owner(before)) not in shared:
        before += grad
    else:
        grads[name] = before + grad


def _owner(array: Array) -> Array:
    """The array whose memory this one is in."""
    while isinstance(array.base, np.ndarray):
        array = array.base
    return array


def _arrays(kept: Iterable[Kept]) -> Iterator[Array]:
    for one in kept:
        yield from (array for array in one.inputs if array is not None)
        yield from one.saved.values()
