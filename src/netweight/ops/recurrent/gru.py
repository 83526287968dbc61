"""Gated recurrent unit, the gates in the order r, z, n; h' is the state before a step, σ the sigmoid.

    r = σ(weight_ir x + bias_ir + weight_hr h' + bias_hr)
    z = σ(weight_iz x + bias_iz + weight_hz h' + bias_hz)
    m = weight_hn h' + bias_hn
    n = tanh(weight_in x + bias_in + r m)
    h = (1 - z) n + z h'

Shapes are those of ``netweight.ops.recurrent.cells`` with G = 3, and for backward only
    gates  (T, N, 3 * H): r, z, n
    inner  (T, N, H): m

Source: Cho et al. 2014, with the reset gate after the product as in torch.nn.GRU.
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

_Bias = TensorSpec | None


def gru_shape(
    _attrs: RecurrentAttrs,
    x: TensorSpec,
    h0: TensorSpec | None,
    weight_ih: TensorSpec,
    weight_hh: TensorSpec,
    bias_ih: _Bias,
    bias_hh: _Bias,
) -> tuple[TensorSpec, ...]:
    """y (T, N, H) and h_n (N, H), then the extras."""
    t, n, _, hidden = recurrent_sizes("gru", 3, x, [h0], (weight_ih, weight_hh), [bias_ih, bias_hh])
    shapes = (t, n, hidden), (n, hidden), (t, n, 3 * hidden), (t, n, hidden)
    return tuple(TensorSpec(shape, x.dtype) for shape in shapes)


def gru_cost(
    _attrs: RecurrentAttrs,
    x: TensorSpec,
    h0: TensorSpec | None,
    weight_ih: TensorSpec,
    weight_hh: TensorSpec,
    bias_ih: _Bias,
    bias_hh: _Bias,
) -> Cost:
    """Per step and sample: 3 H (C + H) MACs, the biases, and per hidden feature the formulas above.

    That is two sigmoids (an exponential, an addition and a division each), a hyperbolic tangent, the three products
    r m, (1 - z) n and z h', and three additions.
    """
    sizes = recurrent_sizes("gru", 3, x, [h0], (weight_ih, weight_hh), [bias_ih, bias_hh])
    each = {"exps": 2, "divs": 2, "tanhs": 1, "muls": 3, "adds": 2 + 3}
    return recurrent_cost(3, sizes, [bias_ih, bias_hh], each)


def gru_forward(
    attrs: RecurrentAttrs,
    x: Array,
    h0: Array | None,
    weight_ih: Array,
    weight_hh: Array,
    bias_ih: Array | None,
    bias_hh: Array | None,
) -> tuple[Array, Array, Array, Array]:
    """Step by step."""
    h = initial_state(h0, x, weight_hh)
    hidden = h.shape[-1]
    inputs = project(in_order(x, attrs), weight_ih, bias_ih)
    gates = np.empty_like(inputs)
    states = np.empty((*inputs.shape[:2], hidden), inputs.dtype)
    inner = np.empty_like(states)
    for step, read in enumerate(inputs):
        recalled = project(h, weight_hh, bias_hh)
        rz = sigmoid(read[:, : 2 * hidden] + recalled[:, : 2 * hidden])
        r, z = rz[:, :hidden], rz[:, hidden:]
        m = recalled[:, 2 * hidden :]
        n = np.tanh(read[:, 2 * hidden :] + r * m)
        h = (1 - z) * n + z * h
        states[step], inner[step], gates[step] = h, m, np.concatenate([rz, n], axis=-1)
    return in_order(states, attrs), h, gates, inner


def gru_backward(
    attrs: RecurrentAttrs,
    grad_outputs: tuple[Array, Array],
    x: Array,
    h0: Array | None,
    weight_ih: Array,
    weight_hh: Array,
    bias_ih: Array | None,
    bias_hh: Array | None,
    *,
    y: Array,
    gates: Array,
    inner: Array,
) -> tuple[Array | None, ...]:
    """Back through time; the candidate reads x directly and h' through r, so its two gradients differ by r."""
    grad_y, grad_h = in_order(grad_outputs[0], attrs), grad_outputs[1]
    before = previous_states(in_order(y, attrs), initial_state(h0, x, weight_hh))
    grad_read, grad_recalled = np.empty_like(gates), np.empty_like(gates)
    for step in reversed(range(len(gates))):
        r, z, n = np.split(gates[step], 3, axis=-1)
        grad_h = grad_h + grad_y[step]
        grad_n = grad_h * (1 - z) * (1 - n**2)
        grad_z = grad_h * (before[step] - n) * z * (1 - z)
        grad_r = grad_n * inner[step] * r * (1 - r)
        grad_read[step] = np.concatenate([grad_r, grad_z, grad_n], axis=-1)
        grad_recalled[step] = np.concatenate([grad_r, grad_z, grad_n * r], axis=-1)
        grad_h = grad_h * z + grad_recalled[step] @ weight_hh
    grad_weight_ih, grad_bias_ih = project_gradients(grad_read, in_order(x, attrs), bias_ih)
    grad_weight_hh, grad_bias_hh = project_gradients(grad_recalled, before, bias_hh)
    grad_h0 = None if h0 is None else grad_h
    grad_x = in_order(grad_read @ weight_ih, attrs)
    return grad_x, grad_h0, grad_weight_ih, grad_weight_hh, grad_bias_ih, grad_bias_hh


def gru_backward_cost(
    _attrs: RecurrentAttrs,
    wanted: Wanted,
    x: TensorSpec,
    h0: TensorSpec | None,
    weight_ih: TensorSpec,
    weight_hh: TensorSpec,
    bias_ih: _Bias,
    bias_hh: _Bias,
) -> Cost:
    """Twice the MACs of the forward if all is wanted, as ``recurrent_backward_cost`` says.

    Per step, sample and hidden feature 11 products and 7 additions: three gates, and the state through time.
    """
    sizes = recurrent_sizes("gru", 3, x, [h0], (weight_ih, weight_hh), [bias_ih, bias_hh])
    return recurrent_backward_cost(3, sizes, wanted, {"muls": 11, "adds": 7})


GRU = register(
    OpDef(
        name="gru",
        kind="recurrent",
        attrs=RecurrentAttrs,
        inputs=("x", "h0", "weight_ih", "weight_hh", "bias_ih", "bias_hh"),
        shape=gru_shape,
        cost=gru_cost,
        forward=gru_forward,
        backward=gru_backward,
        backward_cost=gru_backward_cost,
        saves=("x", "h0", "weight_ih", "weight_hh", "y", "gates", "inner"),
        extras=("gates", "inner"),
        reach=recurrent_reach,
        dims=recurrent_dims(3),
    )
)
