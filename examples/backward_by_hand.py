"""The backward of a small convolutional network, call by call, from the loss to the first weights, and an update.

Run it: python examples/backward_by_hand.py
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np

import netweight
from netweight.ops import REGISTRY

NETWORK = "shallow_cnn:widths=2-3,num_classes=4"
LABEL, LEARNING_RATE = 2, 0.1
SAYS = {
    "linear": "grad_x = grad_y W;  grad_W = grad_y^T x;  grad_b = grad_y, summed over the samples",
    "reshape": "the same numbers in the shape of x",
    "max_pool": "to the element that was the maximum; 0 to the others",
    "relu": "where x was positive; 0 elsewhere",
    "conv": "grad_x = grad_y convolved with W turned round;  grad_W = x correlated with grad_y;  grad_b = its sum",
}


class Step(NamedTuple):
    """One call on the way back: its layer and operator, the gradient that arrives, and those that it passes on."""

    layer: str
    op: str
    arrives: Any
    passed: dict[str, Any]


def numbers() -> tuple[Any, Any, dict[str, Any]]:
    """The network, an 8 x 8 picture, and weights."""
    graph = netweight.capture(NETWORK, (1, 1, 8, 8))
    x = np.random.default_rng(0).standard_normal((1, 1, 8, 8)).astype(np.float32)
    return graph, x, netweight.initialize(graph, seed=0)


def loss_of(scores: Any) -> tuple[float, Any, Any]:
    """Cross entropy of softmax, the probabilities, and the gradient with respect to the scores."""
    shifted = np.exp(scores - scores.max(axis=1, keepdims=True))
    p = shifted / shifted.sum(axis=1, keepdims=True)
    wanted = np.eye(p.shape[1], dtype=p.dtype)[[LABEL]]
    return float(-np.log(p[0, LABEL])), p, p - wanted


def steps(graph: Any, x: Any, weights: dict[str, Any]) -> Iterator[Step]:
    """The calls from the last to the first, each asked for the gradients of what it read."""
    done = netweight.run(graph, {"x": x}, weights, keep=True)
    _, _, grad = loss_of(done.outputs[graph.outputs[0]])
    for number, node in reversed([*enumerate(graph.nodes)]):
        kept = done.kept[number]
        found = REGISTRY[node.op].backward(node.attrs, grad, *kept.inputs, **kept.saved)
        yield Step(node.layer or node.op, node.op, grad, dict(zip(node.inputs, found, strict=True)))
        grad = found[0]


def shape(array: Any) -> str:
    """``1x4``."""
    return "x".join(map(str, array.shape))


def first(array: Any) -> str:
    """The first three numbers."""
    return ", ".join(f"{number:.3f}" for number in array.ravel()[:3])


def main() -> None:
    """Print it."""
    graph, x, weights = numbers()
    done = netweight.run(graph, {"x": x}, weights)
    scores = done.outputs[graph.outputs[0]]
    loss, p, grad = loss_of(scores)
    print(f"scores {first(scores)}, ...   softmax {first(p)}, ...   label {LABEL}   loss {loss:.4f}")
    print(f"gradient of the scores = softmax - (1 at the label, else 0) = {', '.join(f'{g:.3f}' for g in grad[0])}")
    gradients = {}
    for step in steps(graph, x, weights):
        print(f"\n{step.layer}: {SAYS[step.op]}")
        print(f"  arrives      {shape(step.arrives):10}  {first(step.arrives)}")
        for name, found in step.passed.items():
            if found is not None:
                kind = name if name in weights or name == "x" else "grad_x"
                print(f"  {kind:11}  {shape(found):10}  {first(found)}")
        gradients |= {name: g for name, g in step.passed.items() if name in weights}
    updated = {name: array - LEARNING_RATE * gradients[name] for name, array in weights.items()}
    after, _, _ = loss_of(netweight.run(graph, {"x": x}, updated).outputs[graph.outputs[0]])
    print(f"\nweights - {LEARNING_RATE} * gradient: the loss goes from {loss:.4f} to {after:.4f}")


if __name__ == "__main__":
    main()
