"""Recurrent layers: every direction is a layer of the table with ONNX's options."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

from netweight.errors import FormatError
from netweight.lazy import Array
from netweight.ops.move.slicing import ConcatAttrs
from netweight.ops.quantize.affine import ScaleAttrs
from netweight.ops.quantize.blocks import BlockAttrs
from netweight.ops.recurrent.activations import RELU, SIGMOID, TANH, Activation
from netweight.ops.recurrent.gru import GruAttrs
from netweight.ops.recurrent.lstm import CELL, LstmAttrs
from netweight.ops.recurrent.rnn import RnnAttrs
from netweight.sources.onnx.call import Call
from netweight.sources.onnx.lower import lowers
from netweight.sources.onnx.lower.common import permuted, viewed
from netweight.sources.onnx.lower.parts import cut, gates_of, row
from netweight.sources.onnx.lower.quantize.layers import learned_if, only, setting, weigh_as_stored
from netweight.sources.onnx.lower.recurrent.dynamic import Integers, layer
from netweight.sources.onnx.tensor import Tensor

# What we call ONNX's functions, and its defaults of alpha and beta.
_FUNCTIONS: dict[str, Activation] = {
    "sigmoid": SIGMOID,
    "tanh": TANH,
    "relu": RELU,
    "affine": ("affine", 1.0, 0.0),
    "leakyrelu": ("leaky_relu", 0.01, 0.0),
    "thresholdedrelu": ("thresholded_relu", 1.0, 0.0),
    "scaledtanh": ("scaled_tanh", 1.0, 1.0),
    "hardsigmoid": ("hardsigmoid", 0.2, 0.5),
    "elu": ("elu", 1.0, 0.0),
    "softsign": ("softsign", 0.0, 0.0),
    "softplus": ("softplus", 0.0, 0.0),
}
_WITH_ALPHA = {"affine", "leaky_relu", "thresholded_relu", "scaled_tanh", "hardsigmoid", "elu"}
_WITH_BETA = {"affine", "scaled_tanh", "hardsigmoid"}


@lowers("RNN")
def rnn(
    call: Call, x: Tensor, w: Tensor, r: Tensor, b: Tensor | None = None, lengths: Tensor | None = None,
    initial_h: Tensor | None = None,
) -> Any:  # fmt: skip
    return _layer(call, x, (w, r, b), lengths, [initial_h], ("Tanh",), (0,), RnnAttrs)


@lowers("GRU")
def gru(
    call: Call, x: Tensor, w: Tensor, r: Tensor, b: Tensor | None = None, lengths: Tensor | None = None,
    initial_h: Tensor | None = None,
) -> Any:  # fmt: skip
    after = bool(call.attr("linear_before_reset", 0))
    make = partial(GruAttrs, reset_after=after)
    return _layer(call, x, (w, r, b), lengths, [initial_h], ("Sigmoid", "Tanh"), (1, 0, 2), make)


@lowers("LSTM")
def lstm(
    call: Call, x: Tensor, w: Tensor, r: Tensor, b: Tensor | None = None, lengths: Tensor | None = None,
    initial_h: Tensor | None = None, initial_c: Tensor | None = None, p: Tensor | None = None,
) -> Any:  # fmt: skip
    make = partial(LstmAttrs, coupled=bool(call.attr("input_forget", 0)))
    functions = ("Sigmoid", "Tanh", "Tanh")
    return _layer(call, x, (w, r, b), lengths, [initial_h, initial_c], functions, (0, 2, 3, 1), make, p)


@lowers("com.microsoft.DynamicQuantizeLSTM")
def dynamic_quantize_lstm(
    call: Call, x: Tensor, w: Tensor, r: Tensor, b: Tensor | None, lengths: Tensor | None, initial_h: Tensor | None,
    initial_c: Tensor | None, p: Tensor | None, w_scale: Tensor, w_zero: Tensor, r_scale: Tensor, r_zero: Tensor,
) -> Any:  # fmt: skip
    """The same with weights of small integers, (directions, in, out); a scale for each direction, or for each column.

    It is weighed as the layer of floating numbers; a run multiplies integers, and needs the numbers for that.
    """
    call.recording.steered = True
    wide = []
    for weight, scale, zero in ((w, w_scale, w_zero), (r, r_scale, r_zero)):
        weigh_as_stored(weight, scale, zero)
        by_column = scale.rank == 2
        if by_column:  # each number of a block of one row has a scale of its own
            attrs, name = BlockAttrs(dim=1, block_size=max(weight.shape[1], 1)), "dequantize_blocks"
            shape = (scale.shape[0], 1, scale.shape[1])
            beside = setting(call, scale, shape), setting(call, zero, shape)
            made = call.op(name, attrs, weight, *beside)
        else:
            plain = ScaleAttrs(dim=0 if scale.spec.numel > 1 else None)
            made = call.op("dequantize", plain, weight, only(call, scale), only(call, zero))
        wide.append(permuted(call, learned_if(weight, made), (0, 2, 1)))
    packed = ((w, w_scale, w_zero), (r, r_scale, r_zero)) if call.computing else None
    make = partial(LstmAttrs, coupled=bool(call.attr("input_forget", 0)))
    functions = ("Sigmoid", "Tanh", "Tanh")
    states = [initial_h, initial_c]
    return _layer(call, x, (*wide, b), lengths, states, functions, (0, 2, 3, 1), make, p, packed)


def _in_integers(
    call: Call, attrs: LstmAttrs, at: int, order: tuple[int, ...], packed: Any, tensors: Sequence[Tensor | None]
) -> tuple[Tensor, ...]:
    """One direction of a layer that multiplies integers, computed."""
    given = CELL.given([None if tensor is None else tensor.array() for tensor in tensors])
    read, recalled = (Integers(*(_of_direction(tensor.array(), at, order) for tensor in tensors)) for tensors in packed)
    y, states = layer(attrs, given, read, recalled)
    return tuple(call.constant(array) for array in (y, *states))


def _of_direction(array: Array, at: int, order: tuple[int, ...]) -> Array:
    """Numbers, scales or zero points of one direction, the gates in our order."""
    own = array[at] if array.ndim else array
    if not own.ndim:
        return own
    gates = own.reshape(*own.shape[:-1], len(order), -1)
    return gates[..., list(order), :].reshape(own.shape)


def _layer(
    call: Call, x: Tensor, params: Any, lengths: Tensor | None, states: Sequence[Tensor | None],
    defaults: tuple[str, ...], order: tuple[int, ...], make: Callable[..., Any], peephole: Tensor | None = None,
    packed: Any = None,
) -> Any:  # fmt: skip
    """Every direction by itself, then its steps and last states beside those of the others.

    Args:
        call: The node.
        x: (T, N, C), or (N, T, C) with ``layout``.
        params: W, R and B of all directions.
        lengths: Steps of each sample, None for all.
        states: First states of all directions.
        defaults: Functions unless the node names others.
        order: For each gate of ours the one of ONNX.
        make: Attributes of a direction.
        peephole: P of all directions.
        packed: W and R as integers with scales and zero points, where they are to be multiplied as such.
    """
    batched = bool(call.attr("layout", 0))
    x = permuted(call, x, (1, 0, 2)) if batched else x
    starts = [None if s is None or _is_zero(s) else permuted(call, s, (1, 0, 2)) if batched else s for s in states]
    steps = None if lengths is None or _is_full(lengths, x.shape[0]) else lengths
    ways = _ways(call, params[0])
    functions = _functions(call, defaults, len(ways))
    found = []
    for at, reverse in enumerate(ways):
        attrs = make(reverse=reverse, activations=functions[at], clip=call.attr("clip"))
        tensors = [None if start is None else row(call, start, at) for start in starts]
        tensors += _params(call, params, at, order)
        if peephole is not None:
            tensors.append(gates_of(call, row(call, peephole, at), (0, 2, 1)))
        elif steps is not None and len(starts) == 2:
            tensors.append(None)
        all_of = (x, *tensors, *([] if steps is None else [steps]))
        if packed is None:
            kind = call.node.op_type.removeprefix("DynamicQuantize").lower()
            found.append(call.op(kind, attrs, *all_of))
        else:
            found.append(_in_integers(call, attrs, at, order, packed, all_of))
    return _stacked(call, found, batched)


def _ways(call: Call, w: Tensor) -> tuple[bool, ...]:
    """Whether each direction reads the last step first.

    Raises:
        FormatError: If there are no weights for it, or there is no such direction.
    """
    ways = {"forward": (False,), "reverse": (True,), "bidirectional": (False, True)}
    direction = call.attr("direction", "forward")
    if direction not in ways or len(ways[direction]) != w.shape[0]:
        raise FormatError(
            f"{call.node.op_type}: expected weights of each direction of {direction!r}, got those of {w.shape[0]}"
        )
    return ways[direction]


def _params(call: Call, params: Any, at: int, order: tuple[int, ...]) -> tuple[Tensor | None, ...]:
    w, r, b = params
    biases: list[Tensor | None] = [None, None]
    if b is not None:
        both = row(call, b, at)
        half = both.shape[0] // 2
        biases = [
            gates_of(call, cut(call, both, 0, 0, half), order),
            gates_of(call, cut(call, both, 0, half, 2 * half), order),
        ]
    return gates_of(call, row(call, w, at), order), gates_of(call, row(call, r, at), order), *biases


def _functions(call: Call, defaults: tuple[str, ...], ways: int) -> list[tuple[Activation, ...]]:
    """Those of each direction; alpha and beta are given, in order, for the functions that have them.

    Raises:
        FormatError: If there are too few, or one is unknown.
    """
    names = [name.lower() for name in call.attr("activations") or defaults * ways]
    alphas, betas = list(call.attr("activation_alpha", ())), list(call.attr("activation_beta", ()))
    if len(names) != ways * len(defaults) or not _FUNCTIONS.keys() >= set(names):
        known = ", ".join(sorted(_FUNCTIONS))
        raise FormatError(
            f"{call.node.op_type}: expected {ways * len(defaults)} activations of {known}, got {', '.join(names)}"
        )
    found = []
    for name in names:
        ours, alpha, beta = _FUNCTIONS[name]
        alpha = alphas.pop(0) if ours in _WITH_ALPHA and alphas else alpha
        beta = betas.pop(0) if ours in _WITH_BETA and betas else beta
        found.append((ours, alpha, beta))
    count = len(defaults)
    return [tuple(found[at * count : (at + 1) * count]) for at in range(ways)]


def _stacked(call: Call, found: Sequence[tuple[Tensor, ...]], batched: bool) -> tuple[Tensor | None, ...]:
    """Outputs of all directions: steps (T, D, N, H) and states (D, N, H), the samples first if ``batched``."""
    results: list[Tensor | None] = []
    for at, parts in enumerate(zip(*found, strict=True)):
        if not call.wants(at):
            results.append(None)
            continue
        dim = 1 if at == 0 else 0
        opened = [viewed(call, part, (*part.shape[:dim], 1, *part.shape[dim:])) for part in parts]
        whole = opened[0] if len(opened) == 1 else call.op("concat", ConcatAttrs(dim=dim), *opened)
        if batched:
            whole = permuted(call, whole, (2, 0, 1, 3) if at == 0 else (1, 0, 2))
        results.append(whole)
    return tuple(results)


def _is_zero(state: Tensor) -> bool:
    """Whether a first state is the zeros that a layer starts from when it is given none."""
    return state.fixed and state.known and not state.array().any()


def _is_full(lengths: Tensor, steps: int) -> bool:
    return lengths.fixed and lengths.known and all(length == steps for length in lengths.ints())
