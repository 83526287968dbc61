"""Long short-term memory, the gates in the order i, f, g, o; h' and c' are the states before a step, σ the sigmoid.

    i, f, o = σ(weight_i x + bias_i + weight_h h' + bias_h), each with its own rows
    g = tanh(weight_ig x + bias_ig + weight_hg h' + bias_hg)
    c = f c' + i g
    h = o tanh(c)

Shapes are those of ``netweight.ops.recurrent.cells`` with G = 4, and
    c0     (N, H), or None for zeros
    c_n    (N, H): the cell state after the last step
    gates  (T, N, 4 * H): i, f, g, o; for backward only
    cells  (T, N, H): c after each step; for backward only

Source: Hochreiter & Schmidhuber 1997, with the forget gate of Gers et al. 2000; torch.nn.LSTM.
"""

from __future__ import annotations

from netweight.ir import TensorSpec
from netweight.lazy import np
from netweight.ops.arrays.safe import sigmoid
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

_Optional = TensorSpec | None


def lstm_shape(
    _attrs: RecurrentAttrs,
    x: TensorSpec,
    h0: _Optional,
    c0: _Optional,
    weight_ih: TensorSpec,
    weight_hh: TensorSpec,
    bias_ih: _Optional,
    bias_hh: _Optional,
) -> tuple[TensorSpec, ...]:
    """y (T, N, H), h_n (N, H) and c_n (N, H), then the extras."""
    t, n, _, hidden = recurrent_sizes("lstm", 4, x, [h0, c0], (weight_ih, weight_hh), [bias_ih, bias_hh])
    shapes = (t, n, hidden), (n, hidden), (n, hidden), (t, n, 4 * hidden), (t, n, hidden)
    return tuple(TensorSpec(shape, x.dtype) for shape in shapes)


def lstm_cost(
    _attrs: RecurrentAttrs,
    x: TensorSpec,
    h0: _Optional,
    c0: _Optional,
    weight_ih: TensorSpec,
    weight_hh: TensorSpec,
    bias_ih: _Optional,
    bias_hh: _Optional,
) -> Cost:
    """Per step and sample: 4 H (C + H) MACs, the biases, and per hidden feature the formulas above.

    That is three sigmoids (an exponential, an addition and a division each), two hyperbolic tangents, the three
    products f c', i g and o tanh(c), and one addition.
    """
    sizes = recurrent_sizes("lstm", 4, x, [h0, c0], (weight_ih, weight_hh), [bias_ih, bias_hh])
    each = {"exps": 3, "divs": 3, "tanhs": 2, "muls": 3, "adds": 3 + 1}
    return recurrent_cost(4, sizes, [bias_ih, bias_hh], each)


def lstm_forward(
    attrs: RecurrentAttrs,
    x: Array,
    h0: Array | None,
    c0: Array | None,
    weight_ih: Array,
    weight_hh: Array,
    bias_ih: Array | None,
    bias_hh: Array | None,
) -> tuple[Array, ...]:
    """Step by step."""
    h, c = initial_state(h0, x, weight_hh), initial_state(c0, x, weight_hh)
    inputs = project(in_order(x, attrs), weight_ih, bias_ih)
    gates = np.empty_like(inputs)
    states = np.empty((*inputs.shape[:2], h.shape[-1]), inputs.dtype)
    cells = np.empty_like(states)
    for step, read in enumerate(inputs):
        i, f, g, o = np.split(read + project(h, weight_hh, bias_hh), 4, axis=-1)
        i, f, g, o = sigmoid(i), sigmoid(f), np.tanh(g), sigmoid(o)
        c = f * c + i * g
        h = o * np.tanh(c)
        states[step], cells[step], gates[step] = h, c, np.concatenate([i, f, g, o], axis=-1)
    return in_order(states, attrs), h, c, gates, cells


def lstm_backward(
    attrs: RecurrentAttrs,
    grad_outputs: tuple[Array, Array, Array],
    x: Array,
    h0: Array | None,
    c0: Array | None,
    weight_ih: Array,
    weight_hh: Array,
    bias_ih: Array | None,
    bias_hh: Array | None,
    *,
    y: Array,
    gates: Array,
    cells: Array,
) -> tuple[Array | None, ...]:
    """Back through time."""
    grad_y, grad_h, grad_c = in_order(grad_outputs[0], attrs), grad_outputs[1], grad_outputs[2]
    before = previous_states(in_order(y, attrs), initial_state(h0, x, weight_hh))
    cells_before = previous_states(cells, initial_state(c0, x, weight_hh))
    grad_a = np.empty_like(gates)
    for step in reversed(range(len(gates))):
        i, f, g, o = np.split(gates[step], 4, axis=-1)
        squashed = np.tanh(cells[step])
        grad_h = grad_h + grad_y[step]
        grad_c = grad_c + grad_h * o * (1 - squashed**2)
        grad_gates = (
            grad_c * g * i * (1 - i),
            grad_c * cells_before[step] * f * (1 - f),
            grad_c * i * (1 - g**2),
            grad_h * squashed * o * (1 - o),
        )
        grad_a[step] = np.concatenate(grad_gates, axis=-1)
        grad_h, grad_c = grad_a[step] @ weight_hh, grad_c * f
    grad_weight_ih, grad_bias_ih = project_gradients(grad_a, in_order(x, attrs), bias_ih)
    grad_weight_hh, grad_bias_hh = project_gradients(grad_a, before, bias_hh)
    grad_h0, grad_c0 = None if h0 is None else grad_h, None if c0 is None else grad_c
    grad_x = in_order(grad_a @ weight_ih, attrs)
    return grad_x, grad_h0, grad_c0, grad_weight_ih, grad_weight_hh, grad_bias_ih, grad_bias_hh


def lstm_backward_cost(
    _attrs: RecurrentAttrs,
    wanted: Wanted,
    x: TensorSpec,
    h0: _Optional,
    c0: _Optional,
    weight_ih: TensorSpec,
    weight_hh: TensorSpec,
    bias_ih: _Optional,
    bias_hh: _Optional,
) -> Cost:
    """Twice the MACs of the forward if all is wanted, as ``recurrent_backward_cost`` says.

    Per step, sample and hidden feature tanh(c) again, 16 products and 7 additions: four
    gates, and the cell state through time.
    """
    sizes = recurrent_sizes("lstm", 4, x, [h0, c0], (weight_ih, weight_hh), [bias_ih, bias_hh])
    return recurrent_backward_cost(4, sizes, wanted, {"tanhs": 1, "muls": 16, "adds": 7})


LSTM = register(
    OpDef(
        name="lstm",
        kind="recurrent",
        attrs=RecurrentAttrs,
        inputs=("x", "h0", "c0", "weight_ih", "weight_hh", "bias_ih", "bias_hh"),
        shape=lstm_shape,
        cost=lstm_cost,
        forward=lstm_forward,
        backward=lstm_backward,
        backward_cost=lstm_backward_cost,
        saves=("x", "h0", "c0", "weight_ih", "weight_hh", "y", "gates", "cells"),
        extras=("gates", "cells"),
        reach=recurrent_reach,
        dims=recurrent_dims(4),
    )
)
