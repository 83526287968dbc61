"""What the recurrent layers share: one layer in one direction, gates stacked along the rows of the weights.

Shapes
    x          (T, N, C): steps, samples, features
    h0         (N, H), or None for zeros
    weight_ih  (G * H, C), G gates
    weight_hh  (G * H, H)
    bias_ih    (G * H,) or None
    bias_hh    (G * H,) or None
    y          (T, N, H): the hidden state after each step, at the place of its step
    h_n        (N, H): the hidden state after the last step

With ``reverse`` the last step is read first. Layers, directions and dropout between them are nodes of the graph.
Extras are in the order of reading.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from netweight.count import product, total
from netweight.errors import ShapeError
from netweight.ir import TensorSpec
from netweight.lazy import np
from netweight.ops.reach import Mixes, Reach
from netweight.ops.table import FREE, Array, Cost, Wanted


@dataclass(frozen=True, slots=True, kw_only=True)
class RecurrentAttrs:
    """Attributes of a recurrent layer.

    Attributes:
        reverse: Read the last step first.
    """

    reverse: bool = False


class Sizes(NamedTuple):
    """Sizes of a recurrent layer: steps, samples, features, hidden features."""

    t: int
    n: int
    c: int
    hidden: int


def recurrent_sizes(
    op: str,
    gates: int,
    x: TensorSpec,
    states: Sequence[TensorSpec | None],
    weights: tuple[TensorSpec, TensorSpec],
    biases: Sequence[TensorSpec | None],
) -> Sizes:
    """Sizes that the tensors agree on."""
    weight_ih, weight_hh = weights
    if len(x.shape) != 3 or len(weight_hh.shape) != 2:
        raise ShapeError(f"{op}: expected x (T, N, C) and weight_hh ({gates} * H, H), got {x.shape}, {weight_hh.shape}")
    t, n, c = x.shape
    rows, hidden = weight_hh.shape
    if rows != gates * hidden:
        raise ShapeError(f"{op}: expected weight_hh ({gates} * H, H), got {weight_hh.shape}")
    if weight_ih.shape != (rows, c):
        raise ShapeError(f"{op}: expected weight_ih of shape {(rows, c)}, got {weight_ih.shape}")
    for state in states:
        if state is not None and state.shape != (n, hidden):
            raise ShapeError(f"{op}: expected an initial state of shape {(n, hidden)}, got {state.shape}")
    for bias in biases:
        if bias is not None and bias.shape != (rows,):
            raise ShapeError(f"{op}: expected biases of shape {(rows,)}, got {bias.shape}")
    return Sizes(t, n, c, hidden)


def recurrent_cost(gates: int, sizes: Sizes, biases: Sequence[TensorSpec | None], each: dict[str, int]) -> Cost:
    """MACs of both products of every gate, one addition per bias and gate, and ``each`` work per hidden element.

    The first hidden product counts even where the initial state is left out.
    """
    t, n, c, hidden = sizes
    states = {"t": t, "n": n, "hidden": hidden}
    reads = {"t": t, "n": n, "gates": gates, "hidden": hidden}
    parts = {kind: [product(states, each=count)] for kind, count in each.items()}
    parts.setdefault("adds", []).extend(product(reads) for bias in biases if bias is not None)
    return Cost(
        macs=product({**reads, "c + hidden": total([product(c=c), product(hidden=hidden)])}),
        **{kind: total(counts) for kind, counts in parts.items()},
    )


def recurrent_backward_cost(gates: int, sizes: Sizes, wanted: Wanted, each: dict[str, int]) -> Cost:
    """Twice the MACs of the forward if all gradients are wanted; ``each`` work per hidden element.

    Back through time, with weight_hh, is needed for any gradient; the products of the gates' gradients with weight_ih,
    x and h' for those of ``x``, weight_ih and weight_hh. A bias takes one add per gate.

    Args:
        gates: Number of gates.
        sizes: Sizes of the layer.
        wanted: For ``x``, the initial states, both weights and both biases.
        each: Work outside the products per step, sample and hidden feature.
    """
    if not any(wanted):
        return FREE
    t, n, c, hidden = sizes
    grad_x, *_, grad_weight_ih, grad_weight_hh, grad_bias_ih, grad_bias_hh = wanted
    states = {"t": t, "n": n, "hidden": hidden}
    reads = {"t": t, "n": n, "gates": gates, "hidden": hidden}
    features = [product(hidden=hidden)] * (1 + grad_weight_hh) + [product(c=c)] * (grad_x + grad_weight_ih)
    parts = {kind: [product(states, each=count)] for kind, count in each.items()}
    parts.setdefault("adds", []).extend([product(reads)] * (grad_bias_ih + grad_bias_hh))
    return Cost(
        macs=product({**reads, "features": total(features)}), **{kind: total(counts) for kind, counts in parts.items()}
    )


def recurrent_reach(_attrs: RecurrentAttrs, *_inputs: TensorSpec | None) -> Reach:
    """All steps, and all features."""
    return Mixes((-3, -1))


def recurrent_dims(gates: int) -> dict[str, str]:
    """Names of the dimensions, for a layer of so many gates."""
    rows = "hidden_out" if gates == 1 else f"{gates}*hidden"
    return {
        "x": "t n c",
        "h0": "n hidden",
        "c0": "n hidden",
        "weight_ih": f"{rows} c",
        "weight_hh": f"{rows} hidden",
        "bias_ih": rows,
        "bias_hh": rows,
        "y": "t n hidden",
    }


def in_order(x: Array, attrs: RecurrentAttrs) -> Array:
    """Steps in the order of reading, and from there back: reversing twice changes nothing."""
    return x[::-1] if attrs.reverse else x


def initial_state(state: Array | None, x: Array, weight_hh: Array) -> Array:
    """The state given, or zeros."""
    return np.zeros((x.shape[1], weight_hh.shape[1]), x.dtype) if state is None else state


def previous_states(states: Array, first: Array) -> Array:
    """State before each step, in the order of reading, from the states after each step."""
    return np.concatenate([first[None], states])[:-1]


def project(x: Array, weight: Array, bias: Array | None) -> Array:
    """x weightᵀ + bias, for one step or all of them."""
    y: Array = x @ weight.T
    return y if bias is None else y + bias


def project_gradients(grad: Array, x: Array, bias: Array | None) -> tuple[Array, Array | None]:
    """Gradients of the weight and the bias that ``project`` used for all steps: (T, N, G * H) and (T, N, C) in."""
    return np.einsum("tng,tnc->gc", grad, x), None if bias is None else grad.sum(axis=(0, 1))
