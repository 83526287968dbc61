"""Parameters that no operator reads: in the totals, in rows of their own, and without work."""

from __future__ import annotations

from typing import Any

import pytest

import netweight
from netweight.ir.serial import graph_from_json, graph_to_json
from netweight.ops import REGISTRY

torch = pytest.importorskip("torch")
nn = torch.nn


class Policy(nn.Module):
    """The standard deviation is a free parameter, returned beside the mean."""

    def __init__(self) -> None:
        super().__init__()
        self.mean, self.log_std = nn.Linear(8, 4), nn.Parameter(torch.zeros(4))

    def forward(self, x: Any) -> Any:
        return self.mean(x), self.log_std


def test_a_parameter_that_is_only_returned() -> None:
    """8 x 4 weights, 4 biases and 4 deviations."""
    found = netweight.weigh(Policy(), (3, 8))
    assert found.totals.params == found.totals.active_params == 32 + 4 + 4
    assert found.totals.model_size_bytes == 4 * 40
    assert [(row.layer, row.op, row.params) for row in found.layers if row.params] == [
        ("mean", "linear", 36), ("log_std", "output", 4),
    ]  # fmt: skip
    assert not found.notes


class TwoTowers(nn.Module):
    """Two towers of two layers, of which one is used, and of an extra head; a tied weight is read."""

    def __init__(self) -> None:
        super().__init__()
        self.used = nn.Sequential(nn.Linear(4, 4), nn.Linear(4, 4))
        self.other = nn.Sequential(nn.Linear(5, 5), nn.Linear(5, 5))
        self.heads = nn.ModuleList([nn.Linear(4, 2), nn.Linear(4, 3, bias=False)])
        self.tied = nn.Linear(4, 4, bias=False)
        self.tied.weight = self.used[0].weight
        self.scale = nn.Parameter(torch.ones(7))

    def forward(self, x: Any) -> Any:
        return self.heads[0](self.used(x))


def test_parts_that_are_not_used() -> None:
    """60 parameters of the tower, 12 of the head and 7 of a scale, beside 40 + 10 that are read."""
    module = TwoTowers()
    found = netweight.weigh(module, (1, 4))
    assert found.totals.params == sum(p.numel() for p in module.parameters()) == 129
    assert found.totals.active_params == 50
    assert found.totals.params_no_bias == 129 - (8 + 10 + 2)
    assert [(row.layer, row.op, row.params) for row in found.layers if row.op == "unread"] == [
        ("scale", "unread", 7), ("other", "unread", 60), ("heads.1", "unread", 12),
    ]  # fmt: skip
    assert sum(row.params for row in found.layers) == 129
    root = next(row for row in found.modules if row.module == "")
    assert root.params == 129
    assert found.totals.macs == 2 * 16 + 8
    assert found.coverage.complete
    assert any("79 parameters are not read" in note for note in found.notes)


def test_training_keeps_them_and_gives_them_no_gradient() -> None:
    """50 parameters in 6 tensors have a gradient, two moments and a count of steps; 129 are there."""
    found = netweight.weigh(TwoTowers(), (1, 4), training=True, optimizer="adam").training
    assert found is not None
    assert (found.parameter_bytes, found.gradient_bytes) == (4 * 129, 4 * 50)
    assert found.optimizer_state_bytes == 2 * 4 * 50 + 4 * 6


def test_graphs_and_other_widths_keep_them() -> None:
    graph = netweight.capture(TwoTowers(), (1, 4))
    again = graph_from_json(graph_to_json(graph), {name: REGISTRY[name].attrs for name in REGISTRY})
    assert again.unread == graph.unread
    assert netweight.weigh(again).totals == netweight.weigh(graph).totals
    assert netweight.weigh(graph, bits="8").totals.model_size_bytes == 129


def test_a_report_that_stops_speaks_of_what_ran() -> None:
    class Stops(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.first, self.second = nn.Linear(4, 4), nn.Linear(4, 4)

        def forward(self, x: Any) -> Any:
            self.first(x)
            raise ValueError("no")

    found = netweight.weigh(Stops(), (1, 4))
    assert found.totals.params == 20
    assert found.coverage.stopped_at
