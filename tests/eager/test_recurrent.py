"""Recurrent layers keep what PyTorch's do, a step after the other."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import nn
from torch.nn.utils.rnn import pack_padded_sequence

from eager.saved import kept_pieces
from eager.steps import step_peak
from netweight import weigh

STEPS, SAMPLES, FEATURES, HIDDEN = 11, 3, 5, 7
X, STATE = 4 * STEPS * SAMPLES * FEATURES, 4 * SAMPLES * HIDDEN
# In each step r, z and n in one piece, n, what n adds of the state, the difference to it, and the state before.
GRU = 7 * STEPS * STATE
# The state before every step, and after the last.
RNN = (STEPS + 1) * STATE


class Sequence(nn.Module):
    def __init__(self, layer: nn.Module) -> None:
        super().__init__()
        self.layer = layer

    def forward(self, *given: Any) -> Any:
        return self.layer(*given)[0]


class Packed(nn.Module):
    """Sequences of 4, 4 and 2 steps."""

    def __init__(self, layer: nn.Module) -> None:
        super().__init__()
        self.layer = layer

    def forward(self, x: Any) -> Any:
        return self.layer(pack_padded_sequence(x, torch.tensor([4, 4, 2])))[1]


def step_of(module: nn.Module, given: tuple[Any, ...]) -> Any:
    return weigh(module, given, training=True).training


@pytest.mark.parametrize(
    ("layer", "given", "kept"),
    [
        (nn.GRU(FEATURES, HIDDEN), (), X + GRU),
        (nn.GRU(FEATURES, HIDDEN, bias=False), (), X + GRU),
        (nn.GRU(FEATURES, HIDDEN), (torch.zeros(1, SAMPLES, HIDDEN),), X + GRU),
        (nn.GRU(FEATURES, HIDDEN, bidirectional=True), (), X + 2 * GRU),
        (nn.GRU(FEATURES, HIDDEN, 2), (), X + 2 * GRU + 4 * STEPS * SAMPLES * HIDDEN),
        (nn.RNN(FEATURES, HIDDEN), (), X + RNN),
        (nn.RNN(FEATURES, HIDDEN, nonlinearity="relu"), (), X + RNN),
        (nn.RNN(FEATURES, HIDDEN), (torch.zeros(1, SAMPLES, HIDDEN),), X + RNN),
        (nn.RNN(FEATURES, HIDDEN, bidirectional=True), (), X + 2 * RNN),
        (nn.RNN(FEATURES, HIDDEN, 2), (), X + 2 * RNN + 4 * STEPS * SAMPLES * HIDDEN),
    ],
)
def test_layers_keep_what_pytorch_keeps(layer: nn.Module, given: tuple[Any, ...], kept: int) -> None:
    module, inputs = Sequence(layer), (torch.randn(STEPS, SAMPLES, FEATURES), *given)
    assert sum(nbytes for nbytes, _ in kept_pieces(module, inputs)[1].values()) == kept
    assert step_of(module, inputs).saved_activation_bytes == kept


def test_packed_sequences_keep_real_steps() -> None:
    module, inputs = Packed(nn.GRU(FEATURES, HIDDEN)), (torch.randn(4, SAMPLES, FEATURES),)
    real = sum(nbytes for nbytes, _ in kept_pieces(module, inputs)[1].values())
    assert step_of(module, inputs).saved_activation_bytes == real


def test_a_step_of_training_takes_what_pytorch_takes() -> None:
    module, inputs = Sequence(nn.GRU(FEATURES, HIDDEN)), (torch.randn(STEPS, SAMPLES, FEATURES),)
    real = step_peak(module, inputs, lambda y: [y])
    assert abs(step_of(module, inputs).peak_bytes / real - 1) < 0.01
