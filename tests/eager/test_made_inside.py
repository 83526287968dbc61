"""Functions of PyTorch in Python hold tensors of their own while they run, without gradients too."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812

from eager.figures import held_in_forward
from netweight import weigh
from netweight.autograd.eager_steps import MADE_INSIDE


class Called(nn.Module):
    """A function of a module's input."""

    def __init__(self, function: Callable[[Tensor], Tensor]) -> None:
        super().__init__()
        self.function = function

    def forward(self, x: Tensor) -> Tensor:
        return self.function(x)


def spread(x: Tensor) -> Tensor:
    return F.kl_div(x, x, reduction="batchmean")


def summed(x: Tensor) -> Tensor:
    return F.kl_div(x, x, reduction="sum")


CALLS = [  # input and result, and what the function makes: 96 numbers of 4 bytes, or 1
    ("softsign", F.softsign, 3 * 384),
    ("tanhshrink", F.tanhshrink, 3 * 384),
    ("kl_div", spread, 384 + 2 * 4),
    ("kl_div", summed, 384 + 4),
]


@pytest.mark.parametrize(("op", "function", "nbytes"), CALLS)
def test_what_a_function_makes_inside_is_held_while_it_runs(
    op: str, function: Callable[[Tensor], Tensor], nbytes: int
) -> None:
    x = torch.rand(4, 24)
    profile = weigh(Called(function), (x,), conventions=("torch-eager", "liveness"))
    assert profile.activations["torch-eager"].peak_bytes == held_in_forward(Called(function), (x,)) == nbytes
    assert profile.activations["liveness"].peak_bytes <= 2 * 384
    assert op in MADE_INSIDE


def test_every_such_function_is_run_for_real() -> None:
    assert {op for op, _, _ in CALLS} == set(MADE_INSIDE)


def test_the_mean_over_the_batch_of_one_number_is_the_number() -> None:
    x = torch.rand(())
    profile = weigh(Called(spread), (x,), conventions=("torch-eager",))
    assert profile.activations["torch-eager"].peak_bytes == held_in_forward(Called(spread), (x,)) == 2 * 4
