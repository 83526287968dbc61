"""Operators of backward passes: the graph computes the gradient that PyTorch computes, with the same products."""

from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812
from torch.nn.attention import SDPBackend, sdpa_kernel

import netweight
from sources.torch.alike import assert_alike
from sources.torch.products import products_of

torch.manual_seed(0)


class Slope(nn.Module):
    """The gradient of the squares of what a network makes."""

    def __init__(self, net: nn.Module | Callable[[Tensor], Tensor]) -> None:
        super().__init__()
        self.net = net

    def forward(self, x: Tensor) -> Any:
        return torch.func.grad(lambda y: self.net(y).square().sum())(x)


NETWORKS: dict[str, tuple[nn.Module, tuple[int, ...]]] = {
    "conv": (nn.Sequential(nn.Conv2d(3, 8, 3, padding=1), nn.ReLU(), nn.Conv2d(8, 4, 3, stride=2)), (2, 3, 8, 8)),
    "conv of groups, wide": (nn.Sequential(nn.Conv2d(4, 8, 3, 1, 1, dilation=2, groups=4), nn.ELU()), (2, 4, 9, 9)),
    "conv1d": (nn.Sequential(nn.Conv1d(3, 8, 3, stride=3, padding=1), nn.Sigmoid(), nn.Conv1d(8, 4, 2)), (2, 3, 11)),
    "conv3d": (nn.Sequential(nn.Conv3d(3, 8, 3, padding=1), nn.Sigmoid(), nn.Conv3d(8, 4, 3)), (2, 3, 5, 5, 5)),
    "conv_transpose": (nn.ConvTranspose2d(3, 8, 3, stride=2, padding=1, output_padding=1), (2, 3, 5, 5)),
    "batch_norm": (nn.Sequential(nn.Conv2d(3, 8, 3), nn.BatchNorm2d(8, track_running_stats=False)), (2, 3, 8, 8)),
    "layer_norm": (nn.Sequential(nn.Linear(8, 8), nn.LayerNorm(8), nn.GELU(), nn.Linear(8, 2)), (5, 8)),
    "group_norm": (nn.Sequential(nn.Conv2d(3, 8, 3), nn.GroupNorm(2, 8), nn.Mish()), (2, 3, 8, 8)),
    "rms_norm": (nn.Sequential(nn.Linear(8, 8), nn.RMSNorm(8), nn.GELU(approximate="tanh")), (5, 8)),
    "max_pool": (nn.Sequential(nn.Conv2d(3, 8, 3), nn.MaxPool2d(2), nn.LeakyReLU(), nn.Conv2d(8, 2, 1)), (2, 3, 8, 8)),
    "avg_pool": (nn.Sequential(nn.Conv2d(3, 4, 3), nn.AvgPool2d(3, 2, 1), nn.Conv2d(4, 2, 1)), (2, 3, 9, 9)),
    "adaptive_avg_pool": (nn.Sequential(nn.Conv2d(3, 4, 3), nn.AdaptiveAvgPool2d(2)), (2, 3, 8, 8)),
    "bilinear pictures": (nn.Upsample(scale_factor=2, mode="bilinear"), (2, 3, 5, 6)),
    "corners": (nn.Upsample(size=(9, 7), mode="bilinear", align_corners=True), (2, 3, 5, 6)),
    "nearest pictures": (nn.Upsample(size=(7, 13)), (2, 3, 5, 6)),
    "linear signals": (nn.Upsample(scale_factor=3, mode="linear"), (2, 3, 5)),
    "softmax": (nn.Sequential(nn.Linear(8, 8), nn.Softmax(-1), nn.Linear(8, 2)), (5, 8)),
    "encoder": (nn.TransformerEncoderLayer(8, 2, 16, dropout=0.0, batch_first=True), (2, 5, 8)),
    "cell": (nn.RNNCell(8, 6), (2, 8)),
}
FUNCTIONS: dict[str, Callable[[Tensor], Tensor]] = {
    "shrink": lambda x: F.hardshrink(x) + F.softshrink(x),
    "lrn": lambda x: F.local_response_norm(x[None], 3),
    "cdist": lambda x: torch.cdist(x, x + 1),
    "solve": lambda x: torch.linalg.solve(x[:, :5], x),
    "slogdet": lambda x: torch.linalg.slogdet(x[:, :5])[1],
    "gather": lambda x: x.gather(1, torch.zeros(5, 2, dtype=torch.long)),
    "index_add": lambda x: torch.zeros(5, 8).index_add(0, torch.tensor([0, 0, 1, 1, 2]), x),
    "in place": lambda x: (x * 2).add_(1).mul_(3).relu_(),
    "norm": lambda x: x.norm(dim=-1),
    "fourier": lambda x: torch.fft.rfft(x).abs(),
}


@pytest.mark.parametrize("name", NETWORKS)
def test_of_a_network(name: str) -> None:
    net, shape = NETWORKS[name]
    x = torch.randn(shape)
    assert_alike(Slope(net), x, tolerance=1e-4)
    module = Slope(net)
    report = netweight.weigh(module, shape)
    assert report.coverage.complete
    with sdpa_kernel(SDPBackend.MATH):  # the others have no second derivative
        assert report.totals.macs == products_of(module, x)[0]


@pytest.mark.parametrize("name", FUNCTIONS)
def test_of_a_function(name: str) -> None:
    assert_alike(Slope(FUNCTIONS[name]), torch.randn(5, 8, generator=torch.Generator().manual_seed(1)), tolerance=1e-3)


def test_layers_are_rows_as_without_gradients() -> None:
    net = nn.Sequential(nn.Linear(8, 8), nn.Tanh(), nn.Linear(8, 2))
    layers = {row.layer: (row.op, row.params) for row in netweight.weigh(Slope(net), (5, 8)).layers}
    assert layers["net.0"] == ("linear", 72)
    assert layers["net.1"] == ("tanh", 0)
    assert layers["net.2"] == ("linear", 18)
