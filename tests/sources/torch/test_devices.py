"""A program is told the device of its weights, and operators that compare devices are taken apart all the same."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from netweight import weigh
from netweight.sources.torch import capture_module


class _Asks(nn.Module):
    """A linear layer, and what a program finds out before it: asserted in the program itself."""

    def __init__(self, asks: Callable[[Any, Tensor], Any]) -> None:
        super().__init__()
        self.fc = nn.Linear(16, 4)
        self.register_buffer("scale", torch.ones(16))
        self.asks = asks

    def forward(self, x: Tensor) -> Tensor:
        self.asks(self, x)
        return self.fc(x)


def _same_place(m: Any, x: Tensor) -> None:
    assert x.device == m.fc.weight.device == (x + 1).device == torch.device("cpu")
    assert x.device == m.scale.device or m.scale.device.type == "meta"


def _kinds(_m: Any, x: Tensor) -> None:
    assert x.is_cpu
    assert not x.is_cuda
    assert not x.is_meta
    assert not x.is_mps
    assert x.device.type in ("cpu", "cuda")
    assert x.get_device() == torch.get_device(x) == -1
    assert x.type() == "torch.FloatTensor"
    assert x.half().type() == "torch.HalfTensor"
    assert x.type(torch.float64).dtype == torch.float64


def _settings(_m: Any, x: Tensor) -> None:
    generator = torch.Generator(device=x.device).manual_seed(0)
    assert torch.rand(3, generator=generator, device=x.device).shape == (3,)
    with torch.autocast(x.device.type, enabled=False), torch.device(x.device):
        assert torch.arange(3).tolist() == [0, 1, 2]


def _numbers(_m: Any, x: Tensor) -> None:
    mask = torch.ones(4, dtype=torch.bool, device=x.device)
    assert mask.all()
    assert torch.arange(x.shape[1], device=x.device)[-1].item() == 15
    assert torch.as_tensor([1, 2], device=x.device).tolist() == [1, 2]


@pytest.mark.parametrize("place", ["cpu", "meta"])
@pytest.mark.parametrize("asks", [_same_place, _kinds, _settings, _numbers])
def test_programs_that_ask_for_devices_run(asks: Any, place: str) -> None:
    """3 * 16 * 4 products, and the same program on real tensors does not fail either."""
    module = _Asks(asks)
    module(torch.ones(3, 16))
    profile = weigh(module.to(place), (3, 16))
    assert profile.totals.macs == 3 * 16 * 4
    assert profile.coverage.complete


def _cdist(m: Any, x: Tensor) -> Tensor:
    return torch.cdist(x, m.rows)


def _cdist_reversed(m: Any, x: Tensor) -> Tensor:
    return torch.cdist(m.rows, x)


def _stft(m: Any, x: Tensor) -> Tensor:
    return torch.stft(x, 16, 4, window=m.window, return_complex=True).abs()


def _istft(m: Any, x: Tensor) -> Tensor:
    spectrum = torch.stft(x, 16, 4, window=m.window, return_complex=True)
    return torch.istft(spectrum, 16, 4, window=torch.ones(16))


@pytest.mark.parametrize("composite", [_cdist, _cdist_reversed, _stft, _istft])
def test_composites_that_compare_devices_give_the_shape_of_a_real_call(composite: Any) -> None:
    """Weights and constants have numbers, activations do not; PyTorch refuses to mix them."""

    class Net(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.rows = nn.Parameter(torch.ones(30, 64))
            self.register_buffer("window", torch.hann_window(16))

        def forward(self, x: Tensor) -> Any:
            return composite(self, x)

    expected = Net()(torch.randn(40, 64))
    capture = capture_module(Net(), (40, 64))
    assert capture.error is None
    assert capture.exact
    assert capture.graph.values[capture.graph.outputs[0]].spec.shape == tuple(expected.shape)


def test_cdist_by_products_has_their_work() -> None:
    """PyTorch multiplies [-2 x, |x|^2, 1] and [c, 1, |c|^2]: 40 * 30 * (64 + 2) products."""

    class Net(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.rows = nn.Parameter(torch.ones(30, 64))

        def forward(self, x: Tensor) -> Tensor:
            return torch.cdist(x, self.rows)

    profile = weigh(Net(), (40, 64))
    assert profile.totals.macs == 40 * 30 * (64 + 2)
    assert profile.totals.params == 30 * 64


def test_an_operator_that_refuses_for_another_reason_says_that() -> None:
    """The window is longer than the transform."""

    class Net(nn.Module):
        def forward(self, x: Tensor) -> Tensor:
            return torch.stft(x, 8, 4, window=torch.ones(16), return_complex=True).abs()

    error = capture_module(Net(), (2, 64)).error
    assert "window" in str(error)
    assert "device" not in str(error)
