"""A forward that writes down the batch gets a note where it is weighed at another; others get none."""

from typing import Any

import pytest
import torch
from torch import nn

import netweight


class Viewing(nn.Module):
    def __init__(self, *shape: int) -> None:
        super().__init__()
        self.conv = nn.Conv2d(3, 4, 3, padding=1)
        self.shape = shape

    def forward(self, x: torch.Tensor) -> Any:
        return self.conv(x).view(*self.shape).sum(1)


def notes(module: nn.Module, *shape: int) -> list[str]:
    return [note for note in netweight.weigh(module, shape).notes if "batch" in note]


def test_a_batch_that_is_written_down() -> None:
    """4 x 4 x 8 x 8 = 1,024 elements are one sample of 4 x 256, where four were meant."""
    (note,) = notes(Viewing(1, -1, 256), 4, 3, 8, 8)
    assert note.startswith("the batch of 4 ends in a view at ")
    assert ": 4x4x8x8 becomes 1x4x256, and no output has it;" in note


@pytest.mark.parametrize(
    ("shape", "batch"),
    [((1, -1, 256), 1), ((-1, 4, 64), 4), ((4, 4, 64), 4), ((-1, 256), 4), ((8, -1, 16), 4)],
)
def test_a_batch_that_is_kept_or_split(shape: tuple[int, ...], batch: int) -> None:
    assert not notes(Viewing(*shape), batch, 3, 8, 8)


def test_steps_before_the_batch_are_no_fault() -> None:
    class Steps(nn.Module):
        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return x.reshape(x.shape[0], 5, 3).transpose(0, 1)

    assert not notes(Steps(), 4, 15)
