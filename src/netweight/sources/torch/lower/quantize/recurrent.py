"""Dynamically quantised recurrent layers: integer products with integer weights, or floating ones with halves."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from netweight.sources.torch.lower import lowers
from netweight.sources.torch.lower.quantize.layers import dequantized, half_weights, packed_weights, quantize
from netweight.sources.torch.lower.recurrent.layers import (
    Stack,
    cell,
    in_stretches,
    is_zero,
    node,
    stacked,
    stretches,
    swapped,
)
from netweight.sources.torch.recorder import Recorder


def _weights(rec: Recorder, params: Any) -> list[Tensor | None]:
    """weight_ih, weight_hh, bias_ih and bias_hh of every layer and direction, from their packed form."""
    found: list[Tensor | None] = []
    for cell_params in params:
        _, biases, _, _, packed = cell_params.__getstate__()[0]
        if _are_integers([cell_params]):
            found += [packed_weights(rec, part, with_bias=False)[0] for part in packed]
            found += [_as_integers(rec, bias) for bias in biases]
        else:
            pairs = [half_weights(rec, part) for part in packed]
            found += [weight for weight, _ in pairs] + [bias for _, bias in pairs]
    return found


def _are_integers(params: Any) -> bool:
    """Whether the weights are 8-bit integers, not halves."""
    return all(cell_params.__getstate__()[0][0] == "quantized_dynamic" for cell_params in params)


def _given(rec: Recorder, x: Tensor, states: Any, *, integers: bool) -> tuple[Tensor, list[Tensor]]:
    """The input and the first states as the kernel multiplies them; states of zeros stay what they are."""
    if not integers:
        return x, list(states)
    return quantize(rec, x), [state if is_zero(rec, state) else quantize(rec, state) for state in states]


def _layer(op: str) -> None:
    many = op == "lstm"

    @lowers(f"quantized_{op}.input")
    def padded(
        rec: Recorder, input: Tensor, hx: Any, params: Any, has_biases: bool, num_layers: int, dropout: float,
        train: bool, bidirectional: bool, batch_first: bool, **_others: Any,
    ) -> Any:  # fmt: skip
        x = swapped(rec, input) if batch_first else input
        x, states = _given(rec, x, hx if many else [hx], integers=_are_integers(params))
        settings = Stack(True, num_layers, dropout, train, bidirectional)
        y, *ends = stacked(
            rec, x, states, _weights(rec, params), settings,
            lambda x, starts, weights, reverse: node(rec, op, x, starts, weights, reverse),
        )  # fmt: skip
        results = [dequantized(rec, part) for part in (y, *ends)]
        return (swapped(rec, results[0]) if batch_first else results[0]), *results[1:]

    @lowers(f"quantized_{op}.data")
    def packed(
        rec: Recorder, data: Tensor, batch_sizes: Tensor, hx: Any, params: Any, has_biases: bool, num_layers: int,
        dropout: float, train: bool, bidirectional: bool, **_others: Any,
    ) -> Any:  # fmt: skip
        found = stretches(batch_sizes.tolist())
        x, states = _given(rec, data, hx if many else [hx], integers=_are_integers(params))
        settings = Stack(True, num_layers, dropout, train, bidirectional)
        results = stacked(
            rec, x, states, _weights(rec, params), settings,
            lambda x, starts, weights, reverse: in_stretches(rec, op, x, starts, weights, reverse, found),
        )  # fmt: skip
        return tuple(dequantized(rec, part) for part in results)


def _cell(op: str) -> None:
    many = op == "lstm"

    @lowers(f"quantized.quantized_{op}_cell_dynamic")
    def rule(rec: Recorder, input: Tensor, hx: Any, w_ih: Any, w_hh: Any, b_ih: Tensor, b_hh: Tensor) -> Any:
        integers = all(packed.unpack()[0].is_quantized for packed in (w_ih, w_hh))
        x, states = _given(rec, input, hx if many else [hx], integers=integers)
        biases: list[Tensor | None]
        if integers:
            weights = [packed_weights(rec, packed, with_bias=False)[0] for packed in (w_ih, w_hh)]
            biases = [_as_integers(rec, bias) for bias in (b_ih, b_hh)]
        else:  # the packed weights include the biases, so those of the module are not read
            pairs = [half_weights(rec, packed) for packed in (w_ih, w_hh)]
            weights, biases = [weight for weight, _ in pairs], [bias for _, bias in pairs]
        ends = cell(rec, op, x, states, (*weights, *biases))
        results = tuple(dequantized(rec, end) for end in ends)
        return results if many else results[0]


def _as_integers(rec: Recorder, bias: Tensor) -> Tensor:
    """A bias as integer kernels add it: the same tensor for equal biases of a module."""
    module = rec.module_calls.current
    known = rec.packed.setdefault(f"{module}.bias", [])
    integers = bias.detach().to(torch.int32)
    for original, found in known:
        if original.shape == bias.shape and torch.equal(original, bias) and found is not None:
            return found
    rec.recording.own(integers, f"{module}.bias_{len(known)}".lstrip("."), "parameter")
    known.append((bias, integers))
    return integers


for _name in ("lstm", "gru"):
    _layer(_name)
for _name in ("lstm", "gru", "rnn_tanh", "rnn_relu"):
    _cell(_name)
