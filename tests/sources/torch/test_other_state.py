"""What a model holds beside its parameters and buffers: plain attributes, constants of frozen scripts."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import netweight
from netweight.runtime import run

torch = pytest.importorskip("torch")
F = torch.nn.functional

from netweight.sources.torch import capture_module  # noqa: E402

IN, OUT = 16, 8


def test_tensors_that_are_plain_attributes_are_buffers() -> None:
    """A tensor, a list of two, and an object that keeps levels; ``first`` is read as it is."""

    class Levels:
        def __init__(self) -> None:
            self.table = torch.linspace(-1, 1, 16)

    class Plain(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.codes = torch.arange(OUT * IN, dtype=torch.uint8).view(OUT, IN) % 16
            self.shifts = [torch.rand(IN), torch.rand(IN)]
            self.state = Levels()
            self.unread = torch.rand(5)

        def forward(self, x: Any) -> Any:
            return F.linear(x + self.shifts[0] + self.shifts[1].neg(), self.state.table[self.codes.long()])

    found = capture_module(module := Plain(), x := torch.rand(1, IN))
    assert {v.name: v.spec.numel for v in found.graph.values.values() if v.kind == "buffer"} == {
        "codes": OUT * IN, "shifts.0": IN, "shifts.1": IN, "state.table": 16,
    }  # fmt: skip
    (y,) = run(found.graph, {"x": x.numpy()}, found.weights()).outputs.values()
    np.testing.assert_allclose(y, module(x).numpy(), rtol=1e-5, atol=1e-6)


@pytest.mark.filterwarnings("ignore:.*deprecated:DeprecationWarning")
@pytest.mark.parametrize("whole", [True, False])
@pytest.mark.parametrize("make", ["script", "trace"])
def test_weights_of_a_frozen_script(make: str, whole: bool) -> None:
    """4 filters of 27, 5 x 36 and 5 x 5 weights, 4 + 5 + 5 biases; freezing folds the statistics into the filters."""
    nn = torch.nn
    module = nn.Sequential(
        nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4), nn.ReLU(), nn.Flatten(), nn.Linear(36, 5), nn.Linear(5, 5)
    ).eval()
    x = torch.rand(1, 3, 5, 5)
    frozen = torch.jit.freeze(torch.jit.script(module) if make == "script" else torch.jit.trace(module, x))
    found = netweight.weigh(frozen if whole else nn.Sequential(frozen), x)
    assert found.totals.params == 4 * 27 + 5 * 36 + 5 * 5 + 4 + 5 + 5 == 327
    assert found.totals.model_size_bytes == 4 * 327
    assert found.coverage.complete
    assert not found.notes


@pytest.mark.filterwarnings("ignore:.*deprecated:DeprecationWarning")
def test_statistics_that_freezing_keeps_are_buffers() -> None:
    """Normalisation of its own input is not folded: 3 weights, 3 biases, 3 means and 3 variances."""
    module = torch.nn.Sequential(torch.nn.BatchNorm2d(3)).eval()
    for tensor in (*module.parameters(), module[0].running_mean, module[0].running_var):
        torch.nn.init.uniform_(tensor)  # freezing keeps equal tensors once
    frozen = torch.jit.freeze(torch.jit.script(module))
    totals = netweight.weigh(frozen, (1, 3, 4, 4)).totals
    assert (totals.params, totals.buffers) == (3 + 3, 3 + 3)
