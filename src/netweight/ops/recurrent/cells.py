"""What the recurrent layers share: one layer in one direction, gates stacked along the rows of the weights.

Shapes
    x          (T, N, C): steps, samples, features
    h0         (N, H), or None for zeros
    weight_ih  (G * H, C), G gates
    weight_hh  (G * H, H)
    bias_ih    (G * H,) or None
    bias_hh    (G * H,) or None
    lengths    (N,) integers, or None: the steps of each sample; ``y`` is zero after them, and the states stay
    y          (T, N, H): the hidden state after each step, at the place of its step
    h_n        (N, H): the hidden state after the last step

With ``reverse`` the last step is read first, that of each sample if there are lengths. Layers, directions and dropout
between them are nodes of the graph. Tensors that are left out at the end may be missing. Extras are in the order of
reading.

Source: torch.nn.RNN, GRU and LSTM; the options are those of ONNX's RNN, GRU and LSTM, version 22.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple, TypeAlias

from netweight.errors import ShapeError
from netweight.ir import TensorSpec
from netweight.lazy import Array, np
from netweight.ops.arrays.fast_types import widened
from netweight.ops.extent import Extent, Mixes
from netweight.ops.move.places import check_positions
from netweight.ops.recurrent.activations import ACTIVATIONS, Activation, Function, functions_of

Arrays: TypeAlias = tuple[Array, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class RecurrentAttrs:
    """Attributes of a recurrent layer.

    Attributes:
        reverse: Read the last step first.
        activations: The activation functions, in the order in which the equations name them.
        clip: Bound of the arguments of the activation functions, on either side of zero; None for none.
    """

    reverse: bool = False
    activations: tuple[Activation, ...] = ()
    clip: float | None = None

    @property
    def functions(self) -> tuple[Function, ...]:
        """The activation functions."""
        return functions_of(self.activations, self.clip)


class Given(NamedTuple):
    """Tensors of a layer, or their specs.

    Attributes:
        x: The sequence.
        states: First states, None for zeros.
        weight_ih: Weights of the input.
        weight_hh: Weights of the state.
        bias_ih: Bias of the input.
        bias_hh: Bias of the state.
        peephole: How the gates look at the cell.
        lengths: Steps of each sample.
    """

    x: Any
    states: tuple[Any, ...]
    weight_ih: Any
    weight_hh: Any
    bias_ih: Any
    bias_hh: Any
    peephole: Any
    lengths: Any


class Gradients(NamedTuple):
    """Gradients of one step.

    Attributes:
        read: Of what the weights made of x, (N, G * H).
        recalled: Of what they made of the state before, (N, G * H).
        states: Of the states before the step.
        candidate: What the rows of the last gate multiplied, where that is not the state before.
    """

    read: Array
    recalled: Array
    states: Arrays
    candidate: Array | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """One kind of recurrent layer: what it does in a step.

    Attributes:
        op: Name of the operator.
        gates: Gates stacked in a weight.
        functions: How many activation functions the equations name.
        states: States that go from step to step; the first one is the output.
        peephole: Whether gates may look at the cell.
        extras: Names of what is kept of each step: first the gates, then states other than the output.
        widths: Their widths in multiples of H.
        forward: Attributes, tensors, what the weights made of x in this step, and the states before it to the states
            after it and what is kept.
        backward: Attributes, tensors, what was kept of this step and its output, the states before it, and the
            gradients of the states after it to the ``Gradients``.
        work: Work of a step per hidden feature without products and biases: attributes, and the number of peepholes, 0
            or 1.
        backward_work: The same of the gradients.
    """

    op: str
    gates: int
    functions: int
    states: int = 1
    peephole: bool = False
    extras: tuple[str, ...]
    widths: Callable[[Any], tuple[int, ...]]
    forward: Callable[..., tuple[Arrays, Arrays]]
    backward: Callable[..., Gradients]
    work: Callable[[Any, int], dict[str, int]]
    backward_work: Callable[[Any, int], dict[str, int]]

    @property
    def slots(self) -> tuple[str, ...]:
        """Names of the tensors, in order."""
        looks = ("peephole",) if self.peephole else ()
        states = ("h0", "c0")[: self.states]
        return ("x", *states, "weight_ih", "weight_hh", "bias_ih", "bias_hh", *looks, "lengths")

    def given(self, tensors: Sequence[Any]) -> Given:
        """The tensors of a call by name; those at the end may be missing."""
        padded = (*tensors, *(None,) * (len(self.slots) - len(tensors)))
        states, rest = padded[1 : 1 + self.states], padded[1 + self.states :]
        weight_ih, weight_hh, bias_ih, bias_hh, *others = rest
        peephole, lengths = others if self.peephole else (None, *others)
        return Given(padded[0], states, weight_ih, weight_hh, bias_ih, bias_hh, peephole, lengths)


class Way(NamedTuple):
    """The order in which steps are read.

    Attributes:
        at: Place of the step that each sample reads, (T, N).
        active: Whether the sample has that step, (T, N).
    """

    at: Array
    active: Array

    @classmethod
    def of(cls, attrs: RecurrentAttrs, x: Array, lengths: Array | None) -> Way:
        """Forwards, or each sample from its own last step."""
        steps = np.arange(x.shape[0])[:, None]
        ends = np.full(x.shape[1], x.shape[0]) if lengths is None else lengths.astype(np.int64)
        active = steps < ends
        return cls(np.where(active, ends - 1 - steps if attrs.reverse else steps, 0), active)

    def read(self, x: Array) -> Array:
        """Steps in the order of reading; those beyond a length are some step."""
        found: Array = x[self.at, np.arange(x.shape[1])]
        return found

    def put(self, steps: Array) -> Array:
        """From the order of reading to their places, zeros where there is no step."""
        y = np.zeros_like(steps)
        samples = np.broadcast_to(np.arange(steps.shape[1]), self.at.shape)
        y[self.at[self.active], samples[self.active]] = steps[self.active]
        return y


def starts(given: Given) -> Arrays:
    """The states given, or zeros."""
    zeros = np.zeros((given.x.shape[1], given.weight_hh.shape[1]), given.x.dtype)
    return tuple(zeros if state is None else state for state in given.states)


def previous_states(states: Array, first: Array) -> Array:
    """State before each step, in the order of reading, from the states after each step."""
    return np.concatenate([first[None], states])[:-1]


def project(x: Array, weight: Array, bias: Array | None) -> Array:
    """x weightᵀ + bias, for one step or all of them."""
    left, right, back = widened(x, weight, (1,))
    y = back(left @ right.T)
    return y if bias is None else y + bias


def check(cell: Cell, attrs: RecurrentAttrs, given: Given) -> None:
    """Refuse tensors that do not fit together, and options that make no sense."""
    op, gates, x, weight_hh = cell.op, cell.gates, given.x, given.weight_hh
    if len(x.shape) != 3 or len(weight_hh.shape) != 2:
        raise ShapeError(f"{op}: expected x (T, N, C) and weight_hh ({gates} * H, H), got {x.shape}, {weight_hh.shape}")
    rows, hidden = weight_hh.shape
    if rows != gates * hidden:
        raise ShapeError(f"{op}: expected weight_hh ({gates} * H, H), got {weight_hh.shape}")
    if given.weight_ih.shape != (rows, x.shape[2]):
        raise ShapeError(f"{op}: expected weight_ih of shape {(rows, x.shape[2])}, got {given.weight_ih.shape}")
    _check_vectors(op, given, rows, hidden)
    names = [name for name, _, _ in attrs.activations]
    if len(names) != cell.functions or not ACTIVATIONS.keys() >= set(names):
        known = ", ".join(ACTIVATIONS)
        raise ShapeError(f"{op}: expected {cell.functions} activations of {known}, got {', '.join(names)}")
    if attrs.clip is not None and attrs.clip <= 0:
        raise ShapeError(f"{op}: expected a positive clip, got {attrs.clip}")


def _check_vectors(op: str, given: Given, rows: int, hidden: int) -> None:
    samples = given.x.shape[1]
    expected: list[tuple[str, TensorSpec | None, tuple[int, ...]]] = [
        *(("an initial state", state, (samples, hidden)) for state in given.states),
        ("biases", given.bias_ih, (rows,)),
        ("biases", given.bias_hh, (rows,)),
        ("peephole", given.peephole, (3 * hidden,)),
        ("lengths", given.lengths, (samples,)),
    ]
    for what, tensor, shape in expected:
        if tensor is not None and tensor.shape != shape:
            raise ShapeError(f"{op}: expected {what} of shape {shape}, got {tensor.shape}")
    if given.lengths is not None:
        check_positions(op, given.lengths)


def recurrent_extent(_attrs: RecurrentAttrs, *_inputs: TensorSpec | None) -> Extent:
    """All steps, and all features."""
    return Mixes((-3, -1))
