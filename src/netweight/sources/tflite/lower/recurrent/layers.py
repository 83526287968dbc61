"""Recurrent layers: each gate has weights of its own in the file, which are stacked as the table has them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from netweight.ops.move.slicing import ConcatAttrs
from netweight.ops.recurrent.activations import RELU, TANH, Activation
from netweight.ops.recurrent.lstm import LstmAttrs
from netweight.ops.recurrent.rnn import RnnAttrs
from netweight.sources.onnx.lower.common import permuted, reshaped
from netweight.sources.onnx.tensor import Tensor
from netweight.sources.tflite.call import TfliteCall
from netweight.sources.tflite.lower import lowers
from netweight.sources.tflite.lower.contract.hybrid import real_weight
from netweight.sources.tflite.lower.scales import quantized, real
from netweight.sources.tflite.tensors import weigh

_ACTIVATIONS: dict[str, Activation] = {"TANH": TANH, "RELU": RELU}
_OUTPUT_STATE, _CELL_STATE = 18, 19
_PROJECTION = (16, 17)
_LAYER_NORM = range(20, 24)
_BACK = 17
"""Weights of a direction of a bidirectional LSTM."""


def _given(inputs: Sequence[Tensor | None], at: int) -> Tensor | None:
    return inputs[at] if at < len(inputs) else None


def _weight(call: TfliteCall, inputs: Sequence[Tensor | None], at: int) -> Tensor:
    tensor = inputs[at]
    assert tensor is not None  # the caller looked
    weigh(tensor, call.ins[at])
    return real_weight(call, tensor, at, 0)


def _stacked(call: TfliteCall, inputs: Sequence[Tensor | None], places: Sequence[int]) -> Tensor | None:
    """Weights of all gates, one under the other; None if the layer has none."""
    if any(_given(inputs, at) is None for at in places):
        return None
    result: Tensor = call.op("concat", ConcatAttrs(dim=0), *[_weight(call, inputs, at) for at in places])
    return result


def _in_time(call: TfliteCall, x: Tensor, *, time_first: bool) -> Tensor:
    return x if time_first else permuted(call, x, (1, 0, 2))


def _lstm(
    call: TfliteCall, x: Tensor, inputs: Sequence[Tensor | None], first: int, states: tuple[int, int], *, reverse: bool
) -> Any:
    """One direction: x (T, N, C), the weights from ``first`` on."""
    gates = range(first, first + 4)
    w, r = _stacked(call, inputs, gates), _stacked(call, inputs, range(first + 4, first + 8))
    bias = _stacked(call, inputs, range(first + 11, first + 15))
    looks = _stacked(call, inputs, range(first + 8, first + 11))
    word = call.word("fused_activation_function", "ActivationFunctionType")
    if w is None or r is None or word != "TANH":
        return None
    starts = [_state(call, inputs, at) for at in states]
    attrs = LstmAttrs(reverse=reverse)
    return call.op("lstm", attrs, x, *starts, w, r, bias, None, *([] if looks is None else [looks]))


def _state(call: TfliteCall, inputs: Sequence[Tensor | None], at: int) -> Tensor | None:
    state = _given(inputs, at)
    return None if state is None else real(call, state, at)


@lowers("UNIDIRECTIONAL_SEQUENCE_LSTM")
def sequence_lstm(call: TfliteCall, x: Tensor, *weights: Tensor | None) -> Any:
    """Without a projection, a normalisation of layers, or gates that share: those are unknown."""
    inputs = (x, *weights)
    if any(_given(inputs, at) is not None for at in (*_PROJECTION, *_LAYER_NORM)):
        return NotImplemented
    first = bool(call.option("time_major"))
    inside = _in_time(call, real(call, x, 0), time_first=first)
    made = _lstm(call, inside, inputs, 1, (_OUTPUT_STATE, _CELL_STATE), reverse=False)
    if made is None:
        return NotImplemented
    return quantized(call, _in_time(call, made[0], time_first=first))


@lowers("LSTM")
def lstm(call: TfliteCall, x: Tensor, *weights: Tensor | None) -> Any:
    """One step."""
    inputs = (x, *weights)
    basic = call.option("kernel_type") != 0
    if basic or any(_given(inputs, at) is not None for at in (*_PROJECTION, *_LAYER_NORM)) or len(call.outs) != 1:
        return NotImplemented
    inside = reshaped(call, real(call, x, 0), (1, *x.shape))
    made = _lstm(call, inside, inputs, 1, (_OUTPUT_STATE, _CELL_STATE), reverse=False)
    return NotImplemented if made is None else quantized(call, reshaped(call, made[0], made[0].shape[1:]))


@lowers("BIDIRECTIONAL_SEQUENCE_LSTM")
def bidirectional_lstm(call: TfliteCall, x: Tensor, *weights: Tensor | None) -> Any:
    """Both ways, without a projection or a second input."""
    inputs = (x, *weights)
    projected = (16, 17, 16 + _BACK, 17 + _BACK)
    if any(_given(inputs, at) is not None for at in (*projected, *range(39, 48))):
        return NotImplemented
    first = bool(call.option("time_major", True))
    inside = _in_time(call, real(call, x, 0), time_first=first)
    ways = [
        _lstm(call, inside, inputs, 1 + _BACK * way, (35 + 2 * way, 36 + 2 * way), reverse=bool(way)) for way in (0, 1)
    ]
    if None in ways:
        return NotImplemented
    return _both_ways(call, [_in_time(call, made[0], time_first=first) for made in ways])


def _both_ways(call: TfliteCall, ways: Sequence[Tensor]) -> Any:
    if call.option("merge_outputs"):
        return quantized(call, call.op("concat", ConcatAttrs(dim=ways[0].rank - 1), *ways))
    return tuple([quantized(call, way, out) for way, out in zip(ways, call.outs, strict=True)])


def _rnn(call: TfliteCall, x: Tensor, inputs: Sequence[Tensor | None], first: int, *, reverse: bool) -> Any:
    """One direction: weights, weights of the state, bias and state from ``first`` on; None for other activations."""
    word = call.word("fused_activation_function", "ActivationFunctionType")
    if word not in _ACTIVATIONS:
        return None
    w, r, b = (_weight(call, inputs, first + at) for at in range(3))
    attrs = RnnAttrs(reverse=reverse, activations=(_ACTIVATIONS[word],))
    return call.op("rnn", attrs, x, _state(call, inputs, first + 3), w, r, b, None)


@lowers("UNIDIRECTIONAL_SEQUENCE_RNN")
def sequence_rnn(call: TfliteCall, x: Tensor, *weights: Tensor | None) -> Any:
    first = bool(call.option("time_major"))
    made = _rnn(call, _in_time(call, real(call, x, 0), time_first=first), (x, *weights), 1, reverse=False)
    return NotImplemented if made is None else quantized(call, _in_time(call, made[0], time_first=first))


@lowers("RNN")
def rnn(call: TfliteCall, x: Tensor, *weights: Tensor | None) -> Any:
    """One step."""
    made = _rnn(call, reshaped(call, real(call, x, 0), (1, *x.shape)), (x, *weights), 1, reverse=False)
    return NotImplemented if made is None else quantized(call, reshaped(call, made[0], made[0].shape[1:]))


@lowers("BIDIRECTIONAL_SEQUENCE_RNN")
def bidirectional_rnn(call: TfliteCall, x: Tensor, *weights: Tensor | None) -> Any:
    """Both ways, without a second input."""
    inputs = (x, *weights)
    if any(_given(inputs, at) is not None for at in range(9, 12)):
        return NotImplemented
    first = bool(call.option("time_major"))
    inside = _in_time(call, real(call, x, 0), time_first=first)
    ways = [_rnn(call, inside, inputs, at, reverse=bool(way)) for way, at in enumerate((1, 5))]
    if None in ways:
        return NotImplemented
    return _both_ways(call, [_in_time(call, made[0], time_first=first) for made in ways])
