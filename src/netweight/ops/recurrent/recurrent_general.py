"""Recurrent layers with every option of ONNX.

Other activation functions, clipping, peepholes, sequences of their own length, the reset gate before or after the
product.

h' and c' are the states before a step, * is element by element; f, g and h the activation functions in the order of the
list.

    rnn_general   h = f(weight_i x + bias_i + weight_h h' + bias_h)

    gru_general   r, z = f(weight_i x + bias_i + weight_h h' + bias_h), each with its own rows
                  n = g(weight_in x + bias_in + weight_hn (r * h') + bias_hn), or with reset_after as ``gru``:
                  n = g(weight_in x + bias_in + r * (weight_hn h' + bias_hn))
                  h = (1 - z) * n + z * h'

    lstm_general  i = f(weight_ii x + bias_ii + weight_hi h' + bias_hi + p_i * c'); the forget gate likewise, or 1 - i
                  c = forget * c' + i * g(weight_ig x + bias_ig + weight_hg h' + bias_hg)
                  h = f(weight_io x + bias_io + weight_ho h' + bias_ho + p_o * c) * h(c)

Shapes are those of ``netweight.ops.recurrent.recurrent_options``, the gates in the order r, z, n and i, f, g, o, and
    peephole  (3 * H,) or None: p_i, p_f, p_o

Source: ONNX RNN, GRU and LSTM, version 22; Cho et al. 2014 (reset before the product); Gers & Schmidhuber 2000
(peepholes); Greff et al. 2017 (coupled gates).
"""

from __future__ import annotations

from dataclasses import dataclass

from netweight.errors import ShapeError
from netweight.ir import TensorSpec
from netweight.lazy import np
from netweight.ops.recurrent.cells import (
    initial_state,
    project,
    recurrent_cost,
    recurrent_dims,
    recurrent_reach,
    recurrent_sizes,
)
from netweight.ops.recurrent.recurrent_options import (
    SIGMOID,
    TANH,
    Activation,
    OptionAttrs,
    activate,
    check_options,
    walk,
    work_of_activations,
)
from netweight.ops.table import Array, Cost, OpDef, free, not_differentiable, register

_Optional = TensorSpec | None


@dataclass(frozen=True, slots=True, kw_only=True)
class RnnGeneralAttrs(OptionAttrs):
    """Attributes of an Elman layer with options: one activation function."""

    activations: tuple[Activation, ...] = (TANH,)


@dataclass(frozen=True, slots=True, kw_only=True)
class GruGeneralAttrs(OptionAttrs):
    """Attributes of a gated recurrent unit with options: activation functions of the gates and of the new state.

    Attributes:
        reset_after: The reset gate multiplies what the weights made of the state, not the state.
    """

    activations: tuple[Activation, ...] = (SIGMOID, TANH)
    reset_after: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class LstmGeneralAttrs(OptionAttrs):
    """Attributes of a long short-term memory with options: functions of the gates, of the input, and of the cell.

    Attributes:
        coupled: The forget gate is one minus the input gate; its rows of the weights are not used.
    """

    activations: tuple[Activation, ...] = (SIGMOID, TANH, TANH)
    coupled: bool = False


def rnn_general_shape(
    attrs: RnnGeneralAttrs, x: TensorSpec, h0: _Optional, weight_ih: TensorSpec, weight_hh: TensorSpec,
    bias_ih: _Optional, bias_hh: _Optional, lengths: _Optional,
) -> tuple[TensorSpec, ...]:  # fmt: skip
    """y (T, N, H) and h_n (N, H)."""
    sizes = recurrent_sizes("rnn_general", 1, x, [h0], (weight_ih, weight_hh), [bias_ih, bias_hh])
    check_options("rnn_general", attrs, 1, sizes, lengths)
    return TensorSpec((sizes.t, sizes.n, sizes.hidden), x.dtype), TensorSpec((sizes.n, sizes.hidden), x.dtype)


def rnn_general_cost(
    attrs: RnnGeneralAttrs, x: TensorSpec, h0: _Optional, weight_ih: TensorSpec, weight_hh: TensorSpec,
    bias_ih: _Optional, bias_hh: _Optional, _lengths: _Optional,
) -> Cost:  # fmt: skip
    """Per step and sample, those beyond a length too: C + H MACs, the biases, one activation per hidden feature."""
    sizes = recurrent_sizes("rnn_general", 1, x, [h0], (weight_ih, weight_hh), [bias_ih, bias_hh])
    return recurrent_cost(1, sizes, [bias_ih, bias_hh], work_of_activations(attrs, 0))


def rnn_general_forward(
    attrs: RnnGeneralAttrs, x: Array, h0: Array | None, weight_ih: Array, weight_hh: Array,
    bias_ih: Array | None, bias_hh: Array | None, lengths: Array | None,
) -> tuple[Array, ...]:  # fmt: skip
    """Step by step."""

    def after(read: Array, h: Array) -> tuple[Array, ...]:
        return (activate(attrs, 0, project(read, weight_ih, bias_ih) + project(h, weight_hh, bias_hh)),)

    return walk(attrs, x, lengths, (initial_state(h0, x, weight_hh),), after)


def gru_general_shape(
    attrs: GruGeneralAttrs, x: TensorSpec, h0: _Optional, weight_ih: TensorSpec, weight_hh: TensorSpec,
    bias_ih: _Optional, bias_hh: _Optional, lengths: _Optional,
) -> tuple[TensorSpec, ...]:  # fmt: skip
    """y (T, N, H) and h_n (N, H)."""
    sizes = recurrent_sizes("gru_general", 3, x, [h0], (weight_ih, weight_hh), [bias_ih, bias_hh])
    check_options("gru_general", attrs, 2, sizes, lengths)
    return TensorSpec((sizes.t, sizes.n, sizes.hidden), x.dtype), TensorSpec((sizes.n, sizes.hidden), x.dtype)


def gru_general_cost(
    attrs: GruGeneralAttrs, x: TensorSpec, h0: _Optional, weight_ih: TensorSpec, weight_hh: TensorSpec,
    bias_ih: _Optional, bias_hh: _Optional, _lengths: _Optional,
) -> Cost:  # fmt: skip
    """Per step and sample, those beyond a length too: 3 H (C + H) MACs, the biases, and the formulas above.

    That is two gates and a new state, three products and two additions; with reset_after one more, as in ``gru``.
    """
    sizes = recurrent_sizes("gru_general", 3, x, [h0], (weight_ih, weight_hh), [bias_ih, bias_hh])
    work = work_of_activations(attrs, 0, 0, 1)
    work.update({"muls": 3, "adds": 2 + attrs.reset_after})
    return recurrent_cost(3, sizes, [bias_ih, bias_hh], work)


def gru_general_forward(
    attrs: GruGeneralAttrs, x: Array, h0: Array | None, weight_ih: Array, weight_hh: Array,
    bias_ih: Array | None, bias_hh: Array | None, lengths: Array | None,
) -> tuple[Array, ...]:  # fmt: skip
    """Step by step."""
    hidden = weight_hh.shape[1]
    gates, new = slice(2 * hidden), slice(2 * hidden, None)
    of_gates, of_new = (None, None) if bias_hh is None else (bias_hh[gates], bias_hh[new])

    def after(read: Array, h: Array) -> tuple[Array, ...]:
        seen = project(read, weight_ih, bias_ih)
        opened = activate(attrs, 0, seen[:, gates] + project(h, weight_hh[gates], of_gates))
        r, z = opened[:, :hidden], opened[:, hidden:]
        if attrs.reset_after:
            recalled = r * project(h, weight_hh[new], of_new)
        else:
            recalled = project(r * h, weight_hh[new], of_new)
        return ((1 - z) * activate(attrs, 1, seen[:, new] + recalled) + z * h,)

    return walk(attrs, x, lengths, (initial_state(h0, x, weight_hh),), after)


def lstm_general_shape(
    attrs: LstmGeneralAttrs, x: TensorSpec, h0: _Optional, c0: _Optional, weight_ih: TensorSpec, weight_hh: TensorSpec,
    bias_ih: _Optional, bias_hh: _Optional, peephole: _Optional, lengths: _Optional,
) -> tuple[TensorSpec, ...]:  # fmt: skip
    """y (T, N, H), h_n (N, H) and c_n (N, H)."""
    sizes = recurrent_sizes("lstm_general", 4, x, [h0, c0], (weight_ih, weight_hh), [bias_ih, bias_hh])
    check_options("lstm_general", attrs, 3, sizes, lengths)
    if peephole is not None and peephole.shape != (3 * sizes.hidden,):
        raise ShapeError(f"lstm_general: expected peephole of shape {(3 * sizes.hidden,)}, got {peephole.shape}")
    state = TensorSpec((sizes.n, sizes.hidden), x.dtype)
    return TensorSpec((sizes.t, sizes.n, sizes.hidden), x.dtype), state, state


def lstm_general_cost(
    attrs: LstmGeneralAttrs, x: TensorSpec, h0: _Optional, c0: _Optional, weight_ih: TensorSpec, weight_hh: TensorSpec,
    bias_ih: _Optional, bias_hh: _Optional, peephole: _Optional, _lengths: _Optional,
) -> Cost:  # fmt: skip
    """Per step and sample, those beyond a length too: 4 H (C + H) MACs, the biases, and the formulas above.

    That is three gates (two and a subtraction if coupled), two functions, three products and an addition; a peephole
    is a product and an addition per gate.
    """
    sizes = recurrent_sizes("lstm_general", 4, x, [h0, c0], (weight_ih, weight_hh), [bias_ih, bias_hh])
    gates = 2 if attrs.coupled else 3
    work = work_of_activations(attrs, *(0,) * gates, 1, 2)
    looks = gates if peephole is not None else 0
    work.update({"muls": 3 + looks, "adds": 1 + looks + attrs.coupled})
    return recurrent_cost(4, sizes, [bias_ih, bias_hh], work)


def lstm_general_forward(
    attrs: LstmGeneralAttrs, x: Array, h0: Array | None, c0: Array | None, weight_ih: Array, weight_hh: Array,
    bias_ih: Array | None, bias_hh: Array | None, peephole: Array | None, lengths: Array | None,
) -> tuple[Array, ...]:  # fmt: skip
    """Step by step."""
    hidden = weight_hh.shape[1]
    p_i, p_f, p_o = np.split(np.zeros(3 * hidden, x.dtype) if peephole is None else peephole, 3)

    def after(read: Array, h: Array, c: Array) -> tuple[Array, ...]:
        i, f, g, o = np.split(project(read, weight_ih, bias_ih) + project(h, weight_hh, bias_hh), 4, axis=-1)
        i = activate(attrs, 0, i + p_i * c)
        f = 1 - i if attrs.coupled else activate(attrs, 0, f + p_f * c)
        c = f * c + i * activate(attrs, 1, g)
        return activate(attrs, 0, o + p_o * c) * activate(attrs, 2, c), c

    return walk(attrs, x, lengths, (initial_state(h0, x, weight_hh), initial_state(c0, x, weight_hh)), after)


RNN_GENERAL = register(
    OpDef(
        name="rnn_general",
        kind="recurrent",
        attrs=RnnGeneralAttrs,
        inputs=("x", "h0", "weight_ih", "weight_hh", "bias_ih", "bias_hh", "lengths"),
        shape=rnn_general_shape,
        cost=rnn_general_cost,
        forward=rnn_general_forward,
        backward=not_differentiable,
        backward_cost=free,
        reach=recurrent_reach,
        dims=recurrent_dims(1),
    )
)

GRU_GENERAL = register(
    OpDef(
        name="gru_general",
        kind="recurrent",
        attrs=GruGeneralAttrs,
        inputs=("x", "h0", "weight_ih", "weight_hh", "bias_ih", "bias_hh", "lengths"),
        shape=gru_general_shape,
        cost=gru_general_cost,
        forward=gru_general_forward,
        backward=not_differentiable,
        backward_cost=free,
        reach=recurrent_reach,
        dims=recurrent_dims(3),
    )
)

LSTM_GENERAL = register(
    OpDef(
        name="lstm_general",
        kind="recurrent",
        attrs=LstmGeneralAttrs,
        inputs=("x", "h0", "c0", "weight_ih", "weight_hh", "bias_ih", "bias_hh", "peephole", "lengths"),
        shape=lstm_general_shape,
        cost=lstm_general_cost,
        forward=lstm_general_forward,
        backward=not_differentiable,
        backward_cost=free,
        reach=recurrent_reach,
        dims=recurrent_dims(4),
    )
)
