"""Long short-term memory, the gates in the order i, f, g, o; h' and c' are the states before a step.

    i = σ(weight_ii x + bias_ii + weight_hi h' + bias_hi + p_i c')
    f = σ(weight_if x + bias_if + weight_hf h' + bias_hf + p_f c'), or 1 - i if coupled
    g = φ(weight_ig x + bias_ig + weight_hg h' + bias_hg)
    c = f c' + i g
    o = σ(weight_io x + bias_io + weight_ho h' + bias_ho + p_o c)
    h = o ψ(c)

σ, φ and ψ are the activation functions in the order of the list.

Shapes are those of ``netweight.ops.recurrent.cells`` with G = 4, and
    c0        (N, H), or None for zeros
    c_n       (N, H): the cell state after the last step
    peephole  (3 * H,) or None for zeros: p_i, p_f, p_o
    gates     (T, N, 4 * H): i, f, g, o; the argument of one whose gradient does not follow from its value; for backward
              only
    cells     (T, N, H): c after each step; for backward only

Source: Hochreiter & Schmidhuber 1997, with the forget gate of Gers et al. 2000; torch.nn.LSTM; ONNX LSTM; Gers &
Schmidhuber 2000 (peepholes); Greff et al. 2017 (coupled gates).
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from netweight.ir import TensorSpec
from netweight.lazy import Array, np
from netweight.ops.recurrent.activations import SIGMOID, TANH, Activation, Function
from netweight.ops.recurrent.cells import Arrays, Cell, Given, Gradients, RecurrentAttrs, project
from netweight.ops.recurrent.layer import layer_backward_cost, layer_cost, register_layer
from netweight.ops.table import Cost, Wanted


@dataclass(frozen=True, slots=True, kw_only=True)
class LstmAttrs(RecurrentAttrs):
    """Attributes of a long short-term memory: activation functions of the gates, of the input, and of the cell.

    Attributes:
        coupled: The forget gate is one minus the input gate; its rows of the weights are not used.
    """

    activations: tuple[Activation, ...] = (SIGMOID, TANH, TANH)
    coupled: bool = False


def _forward(attrs: LstmAttrs, given: Given, read: Array, states: Arrays) -> tuple[Arrays, Arrays]:
    (h, c), (gate, new, cell) = states, attrs.functions
    arguments = np.split(read + project(h, given.weight_hh, given.bias_hh), 4, axis=-1)
    p_i, p_f, p_o = _looks(given)
    arguments[0] = arguments[0] + p_i * c
    i, g = gate.forward(arguments[0]), new.forward(arguments[2])
    arguments[1] = arguments[1] + p_f * c
    f = 1 - i if attrs.coupled else gate.forward(arguments[1])
    c = f * c + i * g
    arguments[3] = arguments[3] + p_o * c
    o = gate.forward(arguments[3])
    functions: tuple[Function, ...] = gate, gate, new, gate
    kept = [fn.kept(a, v) for fn, a, v in zip(functions, arguments, (i, f, g, o), strict=True)]
    return (o * cell.forward(c), c), (np.concatenate(kept, axis=-1), c)


def _backward(attrs: LstmAttrs, given: Given, kept: Arrays, states: Arrays, grads: Arrays) -> Gradients:
    (_, c_before), (gate, new, cell) = states, attrs.functions
    (gates, c, _), (grad_h, grad_c) = kept, grads
    kept_i, kept_f, kept_g, kept_o = np.split(gates, 4, axis=-1)
    i, g, o = gate.value(kept_i), new.value(kept_g), gate.value(kept_o)
    f = 1 - i if attrs.coupled else gate.value(kept_f)
    p_i, p_f, p_o = _looks(given)
    squashed = cell.forward(c)
    grad_o = gate.backward(grad_h * squashed, kept_o)
    grad_c = grad_c + cell.backward(grad_h * o, cell.kept(c, squashed)) + grad_o * p_o
    grad_g = new.backward(grad_c * i, kept_g)
    if attrs.coupled:
        grad_i, grad_f = gate.backward(grad_c * (g - c_before), kept_i), np.zeros_like(i)
    else:
        grad_i, grad_f = gate.backward(grad_c * g, kept_i), gate.backward(grad_c * c_before, kept_f)
    grad = np.concatenate([grad_i, grad_f, grad_g, grad_o], axis=-1)
    return Gradients(grad, grad, (grad @ given.weight_hh, grad_c * f + grad_i * p_i + grad_f * p_f))


def _looks(given: Given) -> Arrays:
    """Peepholes of the input, forget and output gates."""
    hidden = given.weight_hh.shape[1]
    return tuple(np.split(np.zeros(3 * hidden, given.x.dtype) if given.peephole is None else given.peephole, 3))


def lstm_cost(attrs: LstmAttrs, *tensors: TensorSpec | None) -> Cost:
    """Per step and sample: 4 H (C + H) MACs, the biases, and per hidden feature the formulas above.

    That is three gates (two and a subtraction if coupled), two functions, the three products f c', i g and o ψ(c), and
    one addition; a peephole is a product and an addition per gate.
    """
    return layer_cost(CELL, attrs, tensors)


def lstm_backward_cost(attrs: LstmAttrs, wanted: Wanted, *tensors: TensorSpec | None) -> Cost:
    """Twice the MACs of the forward if all is wanted.

    Per step, sample and hidden feature ψ(c) again, the gradients of the functions, six products and two additions: four
    gates, and the cell state through time; a product less and an addition more if coupled. A peephole takes two
    products and two additions per gate: its own gradient, and that of the cell.
    """
    return layer_backward_cost(CELL, attrs, wanted, tensors)


def _work(attrs: LstmAttrs, peephole: int) -> dict[str, int]:
    gate, new, cell = (function.work() for function in attrs.functions)
    gates = 3 - attrs.coupled
    looks = gates * peephole
    return _times(gates, gate) + new + cell + Counter(muls=3 + looks, adds=1 + looks + attrs.coupled)


def _backward_work(attrs: LstmAttrs, peephole: int) -> dict[str, int]:
    gate, new, cell = (function.backward_work() for function in attrs.functions)
    gates = 3 - attrs.coupled
    looks = 2 * gates * peephole
    own = Counter(muls=6 - attrs.coupled + looks, adds=2 + attrs.coupled + looks)
    return _times(gates, gate) + new + cell + attrs.functions[2].work() + own


def _times(count: int, work: Counter[str]) -> Counter[str]:
    return Counter({kind: count * each for kind, each in work.items()})


CELL = Cell(
    op="lstm",
    gates=4,
    functions=3,
    states=2,
    peephole=True,
    extras=("gates", "cells"),
    widths=lambda _attrs: (4, 1),
    forward=_forward,
    backward=_backward,
    work=_work,
    backward_work=_backward_work,
)

LSTM = register_layer(CELL, LstmAttrs, lstm_cost, lstm_backward_cost)
