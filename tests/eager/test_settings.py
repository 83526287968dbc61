"""Settings of operators in which PyTorch keeps or makes less, or more, than usual: real runs of small modules."""

from __future__ import annotations

import warnings

import pytest
import torch
from torch import Tensor, nn

from eager.figures import copies, held_in_forward
from eager.saved import kept_pieces
from netweight import weigh


class Scanned(nn.Module):
    """A scan of one number, which is new memory."""

    def __init__(self) -> None:
        super().__init__()
        self.scale = nn.Parameter(torch.ones(()))

    def forward(self, x: Tensor) -> Tensor:
        return torch.logcumsumexp((x * self.scale).sum(), 0)


class LookedUp(nn.Module):
    """Indices of 32 bits, which the operator reads as they are."""

    def __init__(self) -> None:
        super().__init__()
        self.table = nn.Embedding(8, 3)

    def forward(self, x: Tensor) -> Tensor:
        return self.table((x * 4).int())  # type: ignore[no-any-return]


MODULES = {  # shape of the input, and bytes kept
    "channels": (lambda: nn.Sequential(nn.PReLU(), nn.Dropout2d(0.5)), (2, 3, 4, 4), 384 + 24),
    "scan": (Scanned, (6,), 24 + 4 + 4),
    "indices": (LookedUp, (5,), 20),
}


@pytest.mark.parametrize("name", MODULES)
def test_what_is_kept_and_held_is_what_pytorch_does(name: str) -> None:
    make, shape, kept = MODULES[name]
    module, x = make().train(), (torch.rand(*shape),)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        profile = weigh(module, x, training=True, conventions=("torch-eager",))
    _, pieces = kept_pieces(module, copies(x))
    assert profile.training is not None
    assert profile.training.saved_activation_bytes == sum(nbytes for nbytes, _ in pieces.values()) == kept
    assert profile.activations["torch-eager"].peak_bytes == held_in_forward(module, x)
