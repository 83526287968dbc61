"""A program that takes all to a device that is not here is counted, with a note."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from netweight import weigh
from netweight.sources.torch import capture_module

pytestmark = pytest.mark.skipif(torch.cuda.is_available(), reason="the device is here")


def _context(x: Tensor) -> Tensor:
    with torch.device("cuda"):
        return x.cuda() + torch.zeros(4)


PROGRAMS: dict[str, Callable[[Tensor], Any]] = {
    "cuda": lambda x: x.cuda(),
    "to": lambda x: x.to("cuda:0", non_blocking=True),
    "constants": lambda x: x.cuda() + torch.ones(4).cuda(),
    "factories": lambda x: (
        x.cuda() + torch.arange(4, device="cuda") + torch.tensor([1.0], device=torch.device("cuda", 0))
    ),
    "a context": _context,
}


class _Net(nn.Module):
    def __init__(self, program: Callable[[Tensor], Any]) -> None:
        super().__init__()
        self.fc, self.program = nn.Linear(4, 4), program

    def forward(self, x: Tensor) -> Tensor:
        return self.fc(self.program(x))


@pytest.mark.parametrize("name", PROGRAMS)
def test_work_is_counted(name: str) -> None:
    profile = weigh(_Net(PROGRAMS[name]), (2, 4))
    assert profile.totals.macs == 2 * 4 * 4
    assert any("'cuda' stay on 'cpu'" in note for note in profile.notes)


def test_pinned_memory_is_memory() -> None:
    assert not weigh(_Net(lambda x: x.pin_memory() + torch.ones(4).pin_memory()), (2, 4)).notes


def test_another_error_is_the_programs_own() -> None:
    error = capture_module(_Net(lambda x: x.to("cuda").reshape(3, 5)), (2, 4)).error
    assert "invalid for input of size 8" in str(error)
    error = capture_module(_Net(lambda x: x.to("elsewhere")), (2, 4)).error
    assert "device" in str(error)
