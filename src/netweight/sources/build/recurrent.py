"""Recurrent layers: stacks of layers in one or two directions, with the parameters of torch.nn.RNN, GRU and LSTM.

Every layer and direction is a node. The final states come as tuples with one symbol (N, H) per layer and direction,
in PyTorch's order: layer by layer, forward before backward. They are accepted as initial states in the same form.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias, TypedDict, Unpack

from netweight.errors import ShapeError
from netweight.functions.move import layout, slicing
from netweight.functions.recurrent import layer as one_layer
from netweight.ir import Init
from netweight.sources.build.core import Symbol
from netweight.sources.build.layers import offered
from netweight.sources.build.parameters import size_of
from netweight.sources.build.random import dropout as drop

concat = offered(slicing.concat)
transpose = offered(layout.transpose)

States: TypeAlias = tuple[Symbol, ...]
"""One symbol (N, H) per layer and direction."""


class RecurrentOptions(TypedDict, total=False):
    """RecurrentOptions of recurrent layers.

    Attributes:
        num_layers: Layers on top of each other; 1.
        bias: Whether to add two per gate; True.
        batch_first: Whether ``x`` and the result are (N, T, C) instead of (T, N, C); False.
        dropout: Probability of a zero between layers while training; 0.
        bidirectional: Whether each layer reads both ways, and gives 2 H features; False.
    """

    num_layers: int
    bias: bool
    batch_first: bool
    dropout: float
    bidirectional: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class _Stack:
    """What the three kinds of layer share: the operator, the size of a state, and ``RecurrentOptions``."""

    op: Literal["rnn", "gru", "lstm"]
    hidden_size: int
    num_layers: int = 1
    bias: bool = True
    batch_first: bool = False
    dropout: float = 0.0
    bidirectional: bool = False
    nonlinearity: Literal["tanh", "relu"] = "tanh"


_GATES = {"rnn": 1, "gru": 3, "lstm": 4}


def rnn(
    x: Symbol, hidden_size: int, *, nonlinearity: Literal["tanh", "relu"] = "tanh", h0: States | None = None,
    name: str = "rnn", **options: Unpack[RecurrentOptions],
) -> tuple[Symbol, States]:  # fmt: skip
    """Elman recurrent layers: the states of the last layer at every step, and the final states.

    Args:
        x: (T, N, C), or (N, T, C) with ``batch_first``.
        hidden_size: H.
        nonlinearity: Activation function.
        h0: Initial states; zeros unless given.
        name: Last part of the module path.
        **options: As in ``RecurrentOptions``.

    Raises:
        ShapeError: If ``x`` does not have three dimensions, or there are too few or too many initial states.
    """
    stack = _Stack(op="rnn", hidden_size=hidden_size, nonlinearity=nonlinearity, **options)
    y, (h_n,) = _stacked(x, stack, (h0,), name)
    return y, h_n


def gru(
    x: Symbol, hidden_size: int, *, h0: States | None = None, name: str = "gru", **options: Unpack[RecurrentOptions]
) -> tuple[Symbol, States]:
    """Gated recurrent units; arguments, result and errors as ``rnn``."""
    y, (h_n,) = _stacked(x, _Stack(op="gru", hidden_size=hidden_size, **options), (h0,), name)
    return y, h_n


def lstm(
    x: Symbol, hidden_size: int, *, hx: tuple[States, States] | None = None, name: str = "lstm",
    **options: Unpack[RecurrentOptions],
) -> tuple[Symbol, tuple[States, States]]:  # fmt: skip
    """Long short-term memory; as ``rnn``, but the states are pairs (hidden states, cell states).

    >>> from netweight import build
    >>> build.graph(lambda x: build.lstm(x, 20)[0], (5, 3, 10), name="one")
    <Graph 'one': 1 operator, x float32[5, 3, 10] -> lstm.l0:0 float32[5, 3, 20]>
    """
    y, (h_n, c_n) = _stacked(x, _Stack(op="lstm", hidden_size=hidden_size, **options), hx or (None, None), name)
    return y, (h_n, c_n)


def _stacked(
    x: Symbol, stack: _Stack, initial: Sequence[States | None], name: str
) -> tuple[Symbol, tuple[States, ...]]:
    """Every layer in every direction; ``initial`` and the final states have one entry per kind of state."""
    if len(x.shape) != 3:
        raise ShapeError(f"{stack.op}: expected x of three dimensions, steps, samples and features, got {x.shape}")
    suffixes = ("", "_reverse") if stack.bidirectional else ("",)
    count = stack.num_layers * len(suffixes)
    for states in initial:
        if states is not None and len(states) != count:
            raise ShapeError(
                f"{stack.op}: expected {count} initial states, one per layer and direction, got {len(states)}"
            )
    builder = x.builder
    layer = builder.layer_name(name)
    final: list[States] = []
    with builder.scope(layer.rpartition(".")[2], stack.op.upper()):
        x = transpose(x, 0, 1, name="steps_first") if stack.batch_first else x
        for depth in range(stack.num_layers):
            if depth and stack.dropout:
                x = drop(x, stack.dropout, name=f"dropout{depth}")
            ways = []
            for suffix in suffixes:
                starts = [None if states is None else states[len(final)] for states in initial]
                y, *ends = _one_way(x, stack, starts, layer, f"l{depth}{suffix}")
                ways.append(y)
                final.append(tuple(ends))
            x = concat(ways, -1, name=f"both_l{depth}") if stack.bidirectional else ways[0]
        x = transpose(x, 0, 1, name="samples_first") if stack.batch_first else x
    return x, tuple(zip(*final, strict=True))


def _one_way(x: Symbol, stack: _Stack, starts: Sequence[Symbol | None], layer: str, suffix: str) -> tuple[Symbol, ...]:
    """One layer in one direction."""
    builder = x.builder
    rows = _GATES[stack.op] * stack.hidden_size
    uniform = Init(kind="uniform", scale=1 / math.sqrt(max(1, stack.hidden_size)))
    weights = (
        builder.state(layer, f"weight_ih_{suffix}", (rows, size_of(x, -1, stack.op)), uniform),
        builder.state(layer, f"weight_hh_{suffix}", (rows, stack.hidden_size), uniform),
    )
    biases = [
        builder.state(layer, f"bias_{part}_{suffix}", (rows,), uniform) if stack.bias else None for part in ("ih", "hh")
    ]
    reverse = suffix.endswith("_reverse")
    kind = f"rnn_{stack.nonlinearity}" if stack.op == "rnn" else stack.op
    with builder.recording(suffix):
        made: tuple[Symbol, ...] = one_layer(builder, kind, x, starts, (*weights, *biases), reverse=reverse)
    return made
