"""Gated recurrent unit, the gates in the order r, z, n; h' is the state before a step.

    r = f(weight_ir x + bias_ir + weight_hr h' + bias_hr)
    z = f(weight_iz x + bias_iz + weight_hz h' + bias_hz)
    m = weight_hn h' + bias_hn
    n = g(weight_in x + bias_in + r m)
    h = (1 - z) n + z h'

Without ``reset_after`` the reset gate multiplies the state: n = g(weight_in x + bias_in + weight_hn (r h') + bias_hn).

Shapes are those of ``netweight.ops.recurrent.cells`` with G = 3, and for backward only
    gates  (T, N, 3 * H): r, z, n; the argument of one whose gradient does not follow from its value
    inner  (T, N, H): m; (T, N, 0) without ``reset_after``

Source: Cho et al. 2014; with the reset gate after the product as in torch.nn.GRU, and ONNX GRU.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from netweight.ir import TensorSpec
from netweight.lazy import Array, np
from netweight.ops.recurrent.activations import SIGMOID, TANH, Activation
from netweight.ops.recurrent.cells import Arrays, Cell, Given, Gradients, RecurrentAttrs, project
from netweight.ops.recurrent.layer import layer_backward_cost, layer_cost, register_layer
from netweight.ops.table import Cost, Wanted


@dataclass(frozen=True, slots=True, kw_only=True)
class GruAttrs(RecurrentAttrs):
    """Attributes of a gated recurrent unit: activation functions of the gates and of the new state.

    Attributes:
        reset_after: The reset gate multiplies what the weights made of the state, not the state.
    """

    activations: tuple[Activation, ...] = (SIGMOID, TANH)
    reset_after: bool = True


def _forward(attrs: GruAttrs, given: Given, read: Array, states: Arrays) -> tuple[Arrays, Arrays]:
    (h,), (f, g), split = states, attrs.functions, 2 * states[0].shape[-1]
    biases = (None, None) if given.bias_hh is None else np.split(given.bias_hh, [split])
    opened = read[:, :split] + project(h, given.weight_hh[:split], biases[0])
    rz = f.forward(opened)
    r, z = np.split(rz, 2, axis=-1)
    m = project(h if attrs.reset_after else r * h, given.weight_hh[split:], biases[1])
    argument = read[:, split:] + (r * m if attrs.reset_after else m)
    n = g.forward(argument)
    gates = np.concatenate([f.kept(opened, rz), g.kept(argument, n)], axis=-1)
    return ((1 - z) * n + z * h,), (gates, m if attrs.reset_after else m[:, :0])


def _backward(attrs: GruAttrs, given: Given, kept: Arrays, states: Arrays, grads: Arrays) -> Gradients:
    """The candidate reads x directly and h' through r, so its two gradients differ by r."""
    (h,), (f, g), (gates, m, _), grad_h = states, attrs.functions, kept, grads[0]
    kept_r, kept_z, kept_n = np.split(gates, 3, axis=-1)
    r, z, n = f.value(kept_r), f.value(kept_z), g.value(kept_n)
    grad_n = g.backward(grad_h * (1 - z), kept_n)
    grad_z = f.backward(grad_h * (h - n), kept_z)
    if attrs.reset_after:
        grad_r = f.backward(grad_n * m, kept_r)
        recalled = np.concatenate([grad_r, grad_z, grad_n * r], axis=-1)
        read = np.concatenate([grad_r, grad_z, grad_n], axis=-1)
        return Gradients(read, recalled, (grad_h * z + recalled @ given.weight_hh,))
    split = 2 * h.shape[-1]
    grad_reset = grad_n @ given.weight_hh[split:]
    opened = np.concatenate([f.backward(grad_reset * h, kept_r), grad_z], axis=-1)
    read = np.concatenate([opened, grad_n], axis=-1)
    return Gradients(read, read, (grad_h * z + grad_reset * r + opened @ given.weight_hh[:split],), r * h)


def gru_cost(attrs: GruAttrs, *tensors: TensorSpec | None) -> Cost:
    """Per step and sample: 3 H (C + H) MACs, the biases, and per hidden feature the formulas above.

    That is two gates and a new state, the three products r m, (1 - z) n and z h', and three additions; two without
    ``reset_after``, where the sum of what x and the state give is that of the bias.
    """
    return layer_cost(CELL, attrs, tensors)


def gru_backward_cost(attrs: GruAttrs, wanted: Wanted, *tensors: TensorSpec | None) -> Cost:
    """Twice the MACs of the forward if all is wanted.

    Per step, sample and hidden feature the gradients of three functions, five products and four additions; without
    ``reset_after`` one addition more.
    """
    return layer_backward_cost(CELL, attrs, wanted, tensors)


def _work(attrs: GruAttrs, _peephole: int) -> dict[str, int]:
    f, g = attrs.functions
    return f.work() + f.work() + g.work() + Counter(muls=3, adds=2 + attrs.reset_after)


def _backward_work(attrs: GruAttrs, _peephole: int) -> dict[str, int]:
    f, g = attrs.functions
    own = Counter(muls=5, adds=4 + (not attrs.reset_after))
    return f.backward_work() + f.backward_work() + g.backward_work() + own


CELL = Cell(
    op="gru",
    gates=3,
    functions=2,
    extras=("gates", "inner"),
    widths=lambda attrs: (3, int(attrs.reset_after)),
    forward=_forward,
    backward=_backward,
    work=_work,
    backward_work=_backward_work,
)

GRU = register_layer(CELL, GruAttrs, gru_cost, gru_backward_cost)
