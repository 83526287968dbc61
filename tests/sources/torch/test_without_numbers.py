"""Architectures are made without memory for weights; buffers that steer the program have their numbers all the same."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import Tensor, nn

from netweight.sources.names import Reference
from netweight.sources.torch import capture_module
from netweight.sources.torch.named.making import call_on_meta

REFERENCE = Reference(kind="module", place="net", name="Net")


class _Steered(nn.Module):
    """Calls a layer as often as an integer buffer says, on the positions that another picks."""

    def __init__(self, width: int = 8) -> None:
        super().__init__()
        self.fc, self.again = nn.Linear(width, width), nn.Linear(width, width)
        self.again.weight = self.fc.weight
        self.register_buffer("times", torch.tensor(3))
        self.register_buffer("picked", torch.arange(6)[torch.arange(6) % 2 == 0])
        self.register_buffer("rates", torch.linspace(0, 1, 4))
        self.last = [rate.item() for rate in self.rates][-1]

    def forward(self, x: Tensor) -> Tensor:
        x = x[self.picked]
        for _ in range(int(self.times)):
            x = self.fc(x)
        return self.again(x) * self.last


@pytest.mark.parametrize("width", [8, 512])
def test_buffers_steer_whatever_the_size_of_the_weights(width: int) -> None:
    """Three rows of six, four layers of one weight: as the module that is made as usual."""
    found = call_on_meta(lambda: _Steered(width), REFERENCE)
    assert all(parameter.is_meta for parameter in found.parameters())
    assert sum(parameter.numel() for parameter in found.parameters()) == width * width + 2 * width
    made, usual = (capture_module(module, (6, width)) for module in (found, _Steered(width)))
    assert made.error is None
    assert made.exact
    assert [(node.op, node.layer) for node in made.graph.nodes] == [(n.op, n.layer) for n in usual.graph.nodes]
    assert [node.op for node in made.graph.nodes].count("linear") == 4


def test_large_tensors_take_no_memory() -> None:
    class Net(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.table = nn.Embedding(1 << 20, 1 << 14)
            self.register_buffer("mask", torch.ones(1 << 20, 1 << 20, dtype=torch.bool).tril())

    module = call_on_meta(Net, REFERENCE)
    assert module.mask.is_meta
    assert module.table.weight.is_meta


def test_code_that_mixes_large_and_small_is_made_on_meta() -> None:
    class Net(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.register_buffer("sum", torch.ones(1 << 15) + torch.ones(1 << 10).repeat(32))

    assert call_on_meta(Net, REFERENCE).sum.is_meta


def test_attributes_of_parameters_stay() -> None:
    def make() -> nn.Module:
        module: Any = nn.Module()
        weight: Any = nn.Parameter(torch.ones(3))
        weight.kept = "yes"
        module.weight = weight
        return module

    assert call_on_meta(make, REFERENCE).weight.kept == "yes"
