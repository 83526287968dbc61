"""Gradients of factors that were stretched: PyTorch makes them at full size, then adds them up."""

from __future__ import annotations

from typing import Any

import torch
from torch import nn

from eager.steps import step_peak
from netweight import weigh


class Scaled(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.wide, self.narrow = nn.Linear(8, 64), nn.Linear(8, 1)

    def forward(self, x: Any) -> Any:
        wide, narrow = self.wide(x), self.narrow(x)
        return wide * narrow


def test_a_step_has_room_for_them() -> None:
    module, x = Scaled(), torch.randn(32, 8)
    step = weigh(module, (x,), training=True).training
    assert step is not None
    # Parameters, x, both factors, the result and its gradient; of both factors at full size, and the sum.
    held = 4 * (9 * 64 + 9 + 32 * 8 + 32 * 65 + 2 * 32 * 64) + 4 * (2 * 32 * 64 + 32)
    assert step.conventions["torch-eager"].peak_bytes - step.conventions["ideal"].peak_bytes == 4 * 32 * 64
    assert step.peak_bytes == step_peak(module, (x,), lambda y: [y]) == held
