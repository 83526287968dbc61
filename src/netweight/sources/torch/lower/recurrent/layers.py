"""Recurrent layers, their cells, and packed sequences.

A layer in one direction is a node. A packed sequence is read in stretches of steps that have equally many samples, each
a node, so that only real steps are counted. Projected states (``proj_size``) are left to PyTorch's own decomposition.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple, TypeAlias

import torch
from torch import Tensor

from netweight.functions.recurrent import layer
from netweight.ops.move.slicing import ConcatAttrs
from netweight.sources.torch.dtypes import dtype_name
from netweight.sources.torch.lower import RULES, lowers
from netweight.sources.torch.lower.common import attrs_of
from netweight.sources.torch.lower.move.layout import reshaped, select, slice_, squeeze, stack, unsqueeze
from netweight.sources.torch.lower.random.dropout import dropout as drop
from netweight.sources.torch.recorder import Recorder

aten = torch.ops.aten

Weights: TypeAlias = tuple[Tensor | None, ...]
"""weight_ih, weight_hh, bias_ih and bias_hh of one layer in one direction; no biases are None."""

States: TypeAlias = list[Tensor | None]
"""One state (N, H) per kind of state, h or h and c; None for zeros."""

OneWay: TypeAlias = Callable[[Tensor, States, Weights, bool], tuple[Tensor, list[Tensor]]]
"""Reads a sequence in one direction: the states at every step, and the last ones."""


class Stack(NamedTuple):
    """The settings that PyTorch's recurrent operators share."""

    has_biases: bool
    num_layers: int
    dropout: float
    train: bool
    bidirectional: bool

    def ways(self) -> int:
        """Directions of reading."""
        return 2 if self.bidirectional else 1

    def projects(self, params: Sequence[Tensor]) -> bool:
        """Whether there is a fifth weight that projects the hidden state."""
        return len(params) != self.num_layers * self.ways() * (4 if self.has_biases else 2)


def node(
    rec: Recorder, op: str, x: Tensor, states: States, weights: Weights, reverse: bool
) -> tuple[Tensor, list[Tensor]]:
    """One layer in one direction: what it gives at each step, and its last states."""
    y, *ends = layer(rec, op, x, states, weights, reverse=reverse)
    return y, ends


def stacked(
    rec: Recorder, x: Tensor, hx: Sequence[Tensor], params: Sequence[Tensor | None], stack_of: Stack, read: OneWay
) -> tuple[Tensor, ...]:
    """Every layer in every direction; the last states as PyTorch stacks them."""
    per_way = 4 if stack_of.has_biases else 2
    final: list[list[Tensor]] = []
    for depth in range(stack_of.num_layers):
        if depth:
            x = drop(rec, x, stack_of.dropout, stack_of.train)
        outputs = []
        for way in range(stack_of.ways()):
            at = len(final)
            weights = (*params[at * per_way : (at + 1) * per_way], *(None,) * (4 - per_way))
            starts = [None if is_zero(rec, state) else select(rec, state, 0, at) for state in hx]
            y, ends = read(x, starts, weights, way == 1)
            outputs.append(y)
            final.append(ends)
        x = outputs[0] if len(outputs) == 1 else joined(rec, outputs, x.dim() - 1)
    return x, *(_pile(rec, states) for states in zip(*final, strict=True))


def _pile(rec: Recorder, states: Sequence[Tensor]) -> Tensor:
    result: Tensor = unsqueeze(rec, states[0], 0) if len(states) == 1 else stack(rec, states, 0)
    return result


def joined(rec: Recorder, parts: Sequence[Tensor], dim: int) -> Tensor:
    """Concatenation; a single part stays as it is."""
    result: Tensor = parts[0] if len(parts) == 1 else rec.op("concat", ConcatAttrs(dim=dim), *parts)
    return result


def is_zero(rec: Recorder, state: Tensor) -> bool:
    """Whether a state is the zeros that PyTorch starts from when it is given none."""
    return not rec.recording.knows(state) and not rec.is_symbolic(state) and not state.any()


def swapped(rec: Recorder, x: Tensor) -> Tensor:
    """The first two dimensions swapped: batch first instead of steps first, and back."""
    result: Tensor = RULES["transpose"](rec, x, 0, 1)
    return result


def _padded(op: str) -> None:
    many = op == "lstm"

    @lowers(f"{op}.input")
    def rule(
        rec: Recorder, input: Tensor, hx: Any, params: Any, has_biases: bool, num_layers: int, dropout: float,
        train: bool, bidirectional: bool, batch_first: bool,
    ) -> Any:  # fmt: skip
        stack_of = Stack(has_biases, num_layers, dropout, train, bidirectional)
        if stack_of.projects(params):
            return NotImplemented
        x = swapped(rec, input) if batch_first else input
        y, *ends = stacked(
            rec, x, hx if many else [hx], params, stack_of,
            lambda x, states, weights, reverse: node(rec, op, x, states, weights, reverse),
        )  # fmt: skip
        return (swapped(rec, y) if batch_first else y), *ends


def _packed(op: str) -> None:
    many = op == "lstm"

    @lowers(f"{op}.data")
    def rule(
        rec: Recorder, data: Tensor, batch_sizes: Tensor, hx: Any, params: Any, has_biases: bool, num_layers: int,
        dropout: float, train: bool, bidirectional: bool,
    ) -> Any:  # fmt: skip
        stack_of = Stack(has_biases, num_layers, dropout, train, bidirectional)
        if stack_of.projects(params) or rec.is_symbolic(batch_sizes):
            return NotImplemented
        found = stretches(batch_sizes.tolist())
        return stacked(
            rec, data, hx if many else [hx], params, stack_of,
            lambda x, states, weights, reverse: in_stretches(rec, op, x, states, weights, reverse, found),
        )  # fmt: skip


class _Stretch(NamedTuple):
    """Steps that equally many samples have: their first row in the packed data, how many, and the samples."""

    row: int
    steps: int
    samples: int


def stretches(sizes: Sequence[int]) -> list[_Stretch]:
    """Runs of steps in which as many sequences go on: sizes ``(3, 3, 1)`` are 2 steps of 3, then 1 step of 1."""
    found: list[_Stretch] = []
    row = 0
    for size in sizes:
        if found and found[-1].samples == size:
            found[-1] = found[-1]._replace(steps=found[-1].steps + 1)
        else:
            found.append(_Stretch(row, 1, size))
        row += size
    return found


def in_stretches(
    rec: Recorder, op: str, x: Tensor, starts: States, weights: Weights, reverse: bool, parts: list[_Stretch]
) -> tuple[Tensor, list[Tensor]]:
    """Reads one stretch after the other.

    Forwards, fewer and fewer samples go on, and the last states of those that ended are put aside; backwards, more and
    more samples join in with their first states.
    """
    ways = parts[::-1] if reverse else parts
    states: States = [_rows(rec, start, 0, ways[0].samples) for start in starts]
    before = ways[0].samples
    outputs: list[Tensor] = []
    ended: list[list[Tensor]] = []
    for row, steps, samples in ways:
        if samples < before:
            ended.append([_rows(rec, state, samples, before) for state in states if state is not None])
            states = [_rows(rec, state, 0, samples) for state in states]
        elif samples > before:
            states = [_joining(rec, state, start, samples) for state, start in zip(states, starts, strict=True)]
        part = reshaped(rec, _rows(rec, x, row, row + steps * samples), (steps, samples, x.shape[-1]))
        y, ends = node(rec, op, part, states, weights, reverse)
        outputs.append(reshaped(rec, y, (steps * samples, y.shape[-1])))
        states, before = list(ends), samples
    last = [joined(rec, pieces, 0) for pieces in zip(states, *reversed(ended), strict=True)]
    return joined(rec, outputs[::-1] if reverse else outputs, 0), last


def _rows(rec: Recorder, x: Tensor | None, start: int, stop: int) -> Any:
    return None if x is None else slice_(rec, x, 0, start, stop)


def _joining(rec: Recorder, state: Tensor | None, start: Tensor | None, samples: int) -> Tensor:
    """The state of the samples so far, and the first state of those that join in."""
    assert state is not None
    more = samples - state.shape[0]
    if start is None:
        return joined(rec, [state, torch.zeros(more, state.shape[1], dtype=state.dtype)], 0)
    return joined(rec, [state, _rows(rec, start, state.shape[0], samples)], 0)


def _cell(op: str) -> None:
    many = op == "lstm"

    @lowers(f"{op}_cell")
    def rule(
        rec: Recorder, input: Tensor, hx: Any, w_ih: Tensor, w_hh: Tensor, b_ih: Tensor | None = None,
        b_hh: Tensor | None = None,
    ) -> Any:  # fmt: skip
        ends = cell(rec, op, input, hx if many else [hx], (w_ih, w_hh, b_ih, b_hh))
        return ends if many else ends[0]


def cell(rec: Recorder, op: str, x: Tensor, hx: Sequence[Tensor], weights: Weights) -> tuple[Tensor, ...]:
    """One step: the new states."""
    states: States = [None if is_zero(rec, state) else state for state in hx]
    y, ends = node(rec, op, unsqueeze(rec, x, 0), states, weights, reverse=False)
    return squeeze(rec, y, 0), *ends[1:]


for _name in ("lstm", "gru", "rnn_tanh", "rnn_relu"):
    _padded(_name)
    _packed(_name)
    _cell(_name)


@lowers("_pack_padded_sequence")
def pack_padded_sequence(rec: Recorder, input: Tensor, lengths: Tensor, batch_first: bool) -> Any:
    """``_pack_padded_sequence(Tensor input, Tensor lengths, bool batch_first) -> (Tensor, Tensor)``."""
    samples, steps = input.shape[:2] if batch_first else (input.shape[1], input.shape[0])
    if rec.is_symbolic(lengths) or bool((lengths <= 0).any()):
        rec.guess(f"lengths of sequences depend on data: all of them are taken to be {steps}")
        lengths = torch.full((samples,), steps, dtype=torch.int64)
    sizes = (lengths[None, :] > torch.arange(steps)[:, None]).sum(1)
    sizes = sizes[: int(lengths.max())]
    flat = reshaped(rec, input, (samples * steps, *input.shape[2:]))
    rows = [
        sample * steps + step if batch_first else step * samples + sample
        for step, size in enumerate(sizes.tolist())
        for sample in range(size)
    ]
    return rec.op("index_select", attrs_of("index_select", dim=0), flat, torch.tensor(rows)), sizes


@lowers("_pad_packed_sequence")
def pad_packed_sequence(
    rec: Recorder, data: Tensor, batch_sizes: Tensor, batch_first: bool, padding_value: Any, total_length: int
) -> Any:
    """PyTorch's ``_pad_packed_sequence``.

    _pad_packed_sequence(Tensor data, Tensor batch_sizes, bool batch_first, Scalar padding_value, int
        total_length) -> (Tensor, Tensor)
    """
    sizes = batch_sizes.tolist()
    samples, steps = sizes[0], max(total_length, len(sizes))
    lengths = (batch_sizes[:, None] > torch.arange(samples)[None, :]).sum(0)
    made = attrs_of(
        "full", shape=(steps * samples, *data.shape[1:]), value=float(padding_value), dtype=dtype_name(data.dtype)
    )
    rows = [
        sample * steps + step if batch_first else step * samples + sample
        for step, size in enumerate(sizes)
        for sample in range(size)
    ]
    filled = rec.op("index_copy", attrs_of("index_copy", dim=0), rec.op("full", made), torch.tensor(rows), data)
    outer = (samples, steps) if batch_first else (steps, samples)
    return reshaped(rec, filled, (*outer, *data.shape[1:])), lengths
