"""Elman recurrent layer: one gate, h = act(weight_ih x + bias_ih + weight_hh h' + bias_hh), h' the state before.

Shapes are those of ``netweight.ops.recurrent.cells`` with G = 1.

Source: torch.nn.RNN.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from netweight.errors import ShapeError
from netweight.ir import TensorSpec
from netweight.lazy import np
from netweight.ops.recurrent.cells import (
    RecurrentAttrs,
    in_order,
    initial_state,
    previous_states,
    project,
    project_gradients,
    recurrent_backward_cost,
    recurrent_cost,
    recurrent_dims,
    recurrent_reach,
    recurrent_sizes,
)
from netweight.ops.table import Array, Cost, OpDef, Wanted, register

_Bias = TensorSpec | None


@dataclass(frozen=True, slots=True, kw_only=True)
class RnnAttrs(RecurrentAttrs):
    """Attributes of an Elman layer.

    Attributes:
        nonlinearity: The activation function.
    """

    nonlinearity: Literal["tanh", "relu"] = "tanh"


def rnn_shape(
    attrs: RnnAttrs,
    x: TensorSpec,
    h0: TensorSpec | None,
    weight_ih: TensorSpec,
    weight_hh: TensorSpec,
    bias_ih: _Bias,
    bias_hh: _Bias,
) -> tuple[TensorSpec, TensorSpec]:
    """y (T, N, H) and h_n (N, H)."""
    if attrs.nonlinearity not in ("tanh", "relu"):
        raise ShapeError(f"rnn: expected nonlinearity 'tanh' or 'relu', got {attrs.nonlinearity!r}")
    t, n, _, hidden = recurrent_sizes("rnn", 1, x, [h0], (weight_ih, weight_hh), [bias_ih, bias_hh])
    return TensorSpec((t, n, hidden), x.dtype), TensorSpec((n, hidden), x.dtype)


def rnn_cost(
    attrs: RnnAttrs,
    x: TensorSpec,
    h0: TensorSpec | None,
    weight_ih: TensorSpec,
    weight_hh: TensorSpec,
    bias_ih: _Bias,
    bias_hh: _Bias,
) -> Cost:
    """Per step and sample: C + H MACs, the biases, and one activation per hidden feature."""
    sizes = recurrent_sizes("rnn", 1, x, [h0], (weight_ih, weight_hh), [bias_ih, bias_hh])
    kind = "tanhs" if attrs.nonlinearity == "tanh" else "compares"
    return recurrent_cost(1, sizes, [bias_ih, bias_hh], {kind: 1})


def rnn_forward(
    attrs: RnnAttrs,
    x: Array,
    h0: Array | None,
    weight_ih: Array,
    weight_hh: Array,
    bias_ih: Array | None,
    bias_hh: Array | None,
) -> tuple[Array, Array]:
    """Step by step."""
    h = initial_state(h0, x, weight_hh)
    inputs = project(in_order(x, attrs), weight_ih, bias_ih)
    states = np.empty_like(inputs)
    for step, read in enumerate(inputs):
        a = read + project(h, weight_hh, bias_hh)
        h = np.tanh(a) if attrs.nonlinearity == "tanh" else np.maximum(a, 0)
        states[step] = h
    return in_order(states, attrs), h


def rnn_backward(
    attrs: RnnAttrs,
    grad_outputs: tuple[Array, Array],
    x: Array,
    h0: Array | None,
    weight_ih: Array,
    weight_hh: Array,
    bias_ih: Array | None,
    bias_hh: Array | None,
    *,
    y: Array,
) -> tuple[Array | None, ...]:
    """Back through time; the derivative of the activation follows from its value."""
    grad_y, grad_h = in_order(grad_outputs[0], attrs), grad_outputs[1]
    states = in_order(y, attrs)
    slopes = 1 - states**2 if attrs.nonlinearity == "tanh" else states > 0
    grad_a = np.empty_like(states)
    for step in reversed(range(len(states))):
        grad_a[step] = (grad_h + grad_y[step]) * slopes[step]
        grad_h = grad_a[step] @ weight_hh
    before = previous_states(states, initial_state(h0, x, weight_hh))
    grad_weight_ih, grad_bias_ih = project_gradients(grad_a, in_order(x, attrs), bias_ih)
    grad_weight_hh, grad_bias_hh = project_gradients(grad_a, before, bias_hh)
    grad_h0 = None if h0 is None else grad_h
    grad_x = in_order(grad_a @ weight_ih, attrs)
    return grad_x, grad_h0, grad_weight_ih, grad_weight_hh, grad_bias_ih, grad_bias_hh


def rnn_backward_cost(
    attrs: RnnAttrs,
    wanted: Wanted,
    x: TensorSpec,
    h0: TensorSpec | None,
    weight_ih: TensorSpec,
    weight_hh: TensorSpec,
    bias_ih: _Bias,
    bias_hh: _Bias,
) -> Cost:
    """Twice the MACs of the forward if all is wanted, as ``recurrent_backward_cost`` says.

    Per step, sample and hidden feature: an addition, the slope (a square and a subtraction for tanh, a comparison for
    ReLU) and the product with it.
    """
    sizes = recurrent_sizes("rnn", 1, x, [h0], (weight_ih, weight_hh), [bias_ih, bias_hh])
    each = {"muls": 2, "adds": 2} if attrs.nonlinearity == "tanh" else {"compares": 1, "muls": 1, "adds": 1}
    return recurrent_backward_cost(1, sizes, wanted, each)


RNN = register(
    OpDef(
        name="rnn",
        kind="recurrent",
        attrs=RnnAttrs,
        inputs=("x", "h0", "weight_ih", "weight_hh", "bias_ih", "bias_hh"),
        shape=rnn_shape,
        cost=rnn_cost,
        forward=rnn_forward,
        backward=rnn_backward,
        backward_cost=rnn_backward_cost,
        saves=("x", "h0", "weight_ih", "weight_hh", "y"),
        reach=recurrent_reach,
        dims=recurrent_dims(1),
    )
)
