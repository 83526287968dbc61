"""Recurrent layers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, TypeAlias

from netweight.functions.recorder import Recorder, T
from netweight.ops.recurrent.activations import RELU
from netweight.ops.recurrent.gru import GruAttrs
from netweight.ops.recurrent.lstm import LstmAttrs
from netweight.ops.recurrent.rnn import RnnAttrs

__all__: list[str] = []

Kind: TypeAlias = Literal["rnn_tanh", "rnn_relu", "gru", "lstm"]


def layer(
    rec: Recorder, kind: str, x: T, states: Sequence[T | None], weights: Sequence[T | None], *, reverse: bool = False
) -> tuple[T, ...]:
    """One layer in one direction: the states at every step, and the last ones.

    Args:
        rec: Where it is recorded.
        kind: As PyTorch names its operators: rnn_tanh, rnn_relu, gru or lstm.
        x: (T, N, C).
        states: First states, None for zeros.
        weights: weight_ih, weight_hh, bias_ih and bias_hh.
        reverse: Read the last step first.
    """
    attrs = {
        "rnn_tanh": RnnAttrs(reverse=reverse),
        "rnn_relu": RnnAttrs(reverse=reverse, activations=(RELU,)),
        "gru": GruAttrs(reverse=reverse),
        "lstm": LstmAttrs(reverse=reverse),
    }[kind]
    made: tuple[T, ...] = rec.op(kind.partition("_")[0], attrs, x, *states, *weights)
    return made
