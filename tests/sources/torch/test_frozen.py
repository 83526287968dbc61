"""What of a module a training step leaves alone, and what a forward leaves out."""

from __future__ import annotations

from typing import Any

import pytest

import netweight
from netweight.ir.serial import graph_from_json, graph_to_json
from netweight.ops import REGISTRY

torch = pytest.importorskip("torch")

from torch import nn  # noqa: E402


def tuned(*, trained: bool) -> Any:
    """A perceptron 4-5-3-2 of which the first layer, and the last bias, are not trained."""
    module = nn.Sequential(nn.Linear(4, 5), nn.ReLU(), nn.Linear(5, 3), nn.Linear(3, 2))
    if not trained:
        module[0].requires_grad_(False)
        module[3].bias.requires_grad_(False)
    return module


def test_parameters_without_gradient_are_frozen_in_a_training_step() -> None:
    given = netweight.weigh(tuned(trained=False), (7, 4), training=True)
    asked = netweight.weigh(tuned(trained=True), (7, 4), training=True, freeze=["0", "3.bias"])
    assert given.training is not None
    assert asked.training is not None
    assert given.training.trained_params == (5 * 3 + 3) + 3 * 2
    # Of the second layer the weight's gradient; of the third that and its input's.
    assert given.training.backward_macs == 7 * (5 * 3 + 2 * 3 * 2)
    for name in ("backward_macs", "backward_flops", "gradient_bytes", "saved_activation_bytes", "peak_bytes", "layers"):
        assert getattr(given.training, name) == getattr(asked.training, name)
    note = f"{4 * 5 + 5 + 2} parameters in 3 tensors have requires_grad=False, and are not trained"
    assert (given.notes, asked.notes) == ((note,), ())


def test_what_is_frozen_is_only_said_of_training() -> None:
    assert netweight.weigh(tuned(trained=False), (7, 4)).notes == ()


def test_a_stored_graph_knows_what_is_frozen() -> None:
    graph = netweight.capture(tuned(trained=False), (7, 4))
    assert graph.frozen == ("0.weight", "0.bias", "3.bias")
    again = graph_from_json(graph_to_json(graph), {name: op.attrs for name, op in REGISTRY.items()})
    assert again.frozen == graph.frozen
    training = netweight.weigh(again, optimizer="adam").training
    assert training is not None
    assert training.optimizer_state_bytes == 2 * 4 * (5 * 3 + 3 + 3 * 2) + 3 * 4


def test_a_module_that_is_all_frozen_has_no_backward() -> None:
    training = netweight.weigh(tuned(trained=True).requires_grad_(False), (7, 4), training=True).training
    assert training is not None
    assert (training.trained_params, training.backward_macs, training.gradient_bytes) == (0, 0, 0)


class Partly(nn.Module):
    """Calls one of its modules; another has nothing in it, and one is a list, which cannot be called."""

    def __init__(self) -> None:
        super().__init__()
        self.used, self.drop, self.pool = nn.ReLU(), nn.Dropout(), nn.MaxPool2d(2)
        self.shortcut, self.more = nn.Sequential(), nn.ModuleList()

    def forward(self, x: Any) -> Any:
        return self.used(x)


def test_modules_that_are_not_called_are_said() -> None:
    profile = netweight.weigh(Partly(), (1, 4))
    assert profile.notes == ("2 modules without parameters are not called: drop, pool",)
    assert profile.coverage.complete


def test_many_modules_that_are_not_called_are_cut_short() -> None:
    class Idle(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.idle = nn.ModuleList(nn.Tanh() for _ in range(6))

        def forward(self, x: Any) -> Any:
            return x + 1

    expected = "6 modules without parameters are not called: idle.0, idle.1, idle.2, idle.3 and 2 more"
    assert netweight.weigh(Idle(), (1, 4)).notes == (expected,)
