"""Elman recurrent layer: one gate, h = f(weight_ih x + bias_ih + weight_hh h' + bias_hh), h' the state before.

Shapes are those of ``netweight.ops.recurrent.cells`` with G = 1, and for backward only
    arguments  (T, N, H): what f was applied to, where its gradient does not follow from y; else (T, N, 0)

Source: torch.nn.RNN; ONNX RNN.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from netweight.ir import TensorSpec
from netweight.lazy import Array
from netweight.ops.recurrent.activations import TANH, Activation
from netweight.ops.recurrent.cells import Arrays, Cell, Given, Gradients, RecurrentAttrs, project
from netweight.ops.recurrent.layer import layer_backward_cost, layer_cost, register_layer
from netweight.ops.table import Cost, Wanted


@dataclass(frozen=True, slots=True, kw_only=True)
class RnnAttrs(RecurrentAttrs):
    """Attributes of an Elman layer: one activation function."""

    activations: tuple[Activation, ...] = (TANH,)


def _forward(attrs: RnnAttrs, given: Given, read: Array, states: Arrays) -> tuple[Arrays, Arrays]:
    (f,) = attrs.functions
    argument = read + project(states[0], given.weight_hh, given.bias_hh)
    return (f.forward(argument),), (argument[:, :0] if f.from_value else argument,)


def _backward(attrs: RnnAttrs, given: Given, kept: Arrays, _states: Arrays, grads: Arrays) -> Gradients:
    (f,), (argument, y) = attrs.functions, kept
    grad = f.backward(grads[0], y if f.from_value else argument)
    return Gradients(grad, grad, (grad @ given.weight_hh,))


def rnn_cost(attrs: RnnAttrs, *tensors: TensorSpec | None) -> Cost:
    """Per step and sample: C + H MACs per hidden feature, the biases, and one activation per hidden feature."""
    return layer_cost(CELL, attrs, tensors)


def rnn_backward_cost(attrs: RnnAttrs, wanted: Wanted, *tensors: TensorSpec | None) -> Cost:
    """Twice the MACs of the forward if all is wanted.

    Per step, sample and hidden feature: an addition and the gradient of the activation function.
    """
    return layer_backward_cost(CELL, attrs, wanted, tensors)


CELL = Cell(
    op="rnn",
    gates=1,
    functions=1,
    extras=("arguments",),
    widths=lambda attrs: (0 if attrs.functions[0].from_value else 1,),
    forward=_forward,
    backward=_backward,
    work=lambda attrs, _peephole: attrs.functions[0].work(),
    backward_work=lambda attrs, _peephole: Counter(adds=1) + attrs.functions[0].backward_work(),
)

RNN = register_layer(CELL, RnnAttrs, rnn_cost, rnn_backward_cost)
