"""What recurrent layers with every option share: activation functions by name, clipping, sequences of their own length.

Shapes are those of ``netweight.ops.recurrent.cells``, and
    lengths  (N,) integers, or None: the steps of each sample; ``y`` is zero after them, and the states stay

With ``reverse`` each sample is read from its own last step.

Source: ONNX RNN, GRU and LSTM, version 22.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

from netweight.errors import ShapeError
from netweight.ir import TensorSpec
from netweight.lazy import np
from netweight.ops.arrays.safe import sigmoid
from netweight.ops.move.gather import check_positions
from netweight.ops.recurrent.cells import RecurrentAttrs, Sizes
from netweight.ops.table import Array

Activation: TypeAlias = tuple[str, float, float]
"""Name, alpha and beta; what a function does not read is 0."""

SIGMOID: Activation = ("sigmoid", 0.0, 0.0)
TANH: Activation = ("tanh", 0.0, 0.0)

# The work of one element, by kind, as that of the operators of those names.
_WORK: dict[str, dict[str, int]] = {
    "sigmoid": {"exps": 1, "adds": 1, "divs": 1},
    "tanh": {"tanhs": 1},
    "relu": {"compares": 1},
    "affine": {"muls": 1, "adds": 1},
    "leaky_relu": {"compares": 1, "muls": 1},
    "thresholded_relu": {"compares": 1},
    "scaled_tanh": {"muls": 2, "tanhs": 1},
    "hardsigmoid": {"muls": 1, "adds": 1, "compares": 2},
    "elu": {"compares": 1, "exps": 1, "adds": 1, "muls": 1},
    "softsign": {"compares": 1, "adds": 1, "divs": 1},
    "softplus": {"exps": 1, "adds": 1, "logs": 1},
}


@dataclass(frozen=True, slots=True, kw_only=True)
class OptionAttrs(RecurrentAttrs):
    """Attributes of any recurrent layer with options, beside the direction.

    Attributes:
        activations: The activation functions, in the order in which the equations name them.
        clip: Bound of the arguments of the activation functions, on either side of zero; None for none.
    """

    activations: tuple[Activation, ...]
    clip: float | None = None


def check_options(op: str, attrs: OptionAttrs, count: int, sizes: Sizes, lengths: TensorSpec | None) -> None:
    """Refuse options that make no sense."""
    names = [name for name, _, _ in attrs.activations]
    if len(names) != count or not _WORK.keys() >= set(names):
        raise ShapeError(f"{op}: expected {count} activations of {', '.join(_WORK)}, got {', '.join(names)}")
    if attrs.clip is not None and attrs.clip <= 0:
        raise ShapeError(f"{op}: expected a positive clip, got {attrs.clip}")
    if lengths is not None:
        check_positions(op, lengths)
        if lengths.shape != (sizes.n,):
            raise ShapeError(f"{op}: expected lengths of shape {(sizes.n,)}, got {lengths.shape}")


def work_of_activations(attrs: OptionAttrs, *chosen: int) -> Counter[str]:
    """Work per hidden feature of the activation functions, by their place in the list, and of clipping."""
    work: Counter[str] = Counter()
    for place in chosen:
        work.update(_WORK[attrs.activations[place][0]])
    if attrs.clip is not None:
        work["compares"] += 2 * len(chosen)
    return work


def activate(attrs: OptionAttrs, place: int, x: Array) -> Array:
    """An activation function of the list, of the clipped argument."""
    name, alpha, beta = attrs.activations[place]
    a = x if attrs.clip is None else np.clip(x, -attrs.clip, attrs.clip)
    formulas: dict[str, Callable[[], Array]] = {
        "sigmoid": lambda: sigmoid(a),
        "tanh": lambda: np.tanh(a),
        "relu": lambda: np.maximum(a, 0),
        "affine": lambda: alpha * a + beta,
        "leaky_relu": lambda: np.where(a >= 0, a, alpha * a),
        "thresholded_relu": lambda: np.where(a >= alpha, a, np.zeros_like(a)),
        "scaled_tanh": lambda: alpha * np.tanh(beta * a),
        "hardsigmoid": lambda: np.clip(alpha * a + beta, 0, 1),
        "elu": lambda: np.where(a >= 0, a, alpha * np.expm1(np.minimum(a, 0))),
        "softsign": lambda: a / (1 + np.abs(a)),
        "softplus": lambda: np.maximum(a, 0) + np.log1p(np.exp(-np.abs(a))),
    }
    return formulas[name]()


def walk(
    attrs: OptionAttrs,
    x: Array,
    lengths: Array | None,
    states: tuple[Array, ...],
    after: Callable[..., tuple[Array, ...]],
) -> tuple[Array, ...]:
    """The first state after every step, at the place of its step, and all states at the end.

    Args:
        attrs: Says in which direction the steps are read.
        x: (T, N, C).
        lengths: Steps of each sample, or None for all.
        states: (N, H) each, before the first step.
        after: One step of all samples and the states before it to the states after it.
    """
    t, n = x.shape[:2]
    sample = np.arange(n)
    steps = np.full(n, t) if lengths is None else lengths.astype(np.int64)
    y = np.zeros((t, *states[0].shape), x.dtype)
    for step in range(t):
        active = step < steps
        at = np.where(active, steps - 1 - step if attrs.reverse else step, 0)
        reached = after(x[at, sample], *states)
        states = tuple(np.where(active[:, None], new, old) for new, old in zip(reached, states, strict=True))
        y[at[active], sample[active]] = states[0][active]
    return (y, *states)
