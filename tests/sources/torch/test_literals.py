"""Numbers that a program writes out are computed with as they are."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from netweight.runtime import run

torch = pytest.importorskip("torch")

from netweight.sources.torch import capture_module  # noqa: E402


class Module(torch.nn.Module):
    """A function as a module."""

    def __init__(self, function: Callable[..., Any]) -> None:
        super().__init__()
        self.function = function

    def forward(self, x: Any) -> Any:
        return self.function(x)


@pytest.mark.parametrize(
    "function",
    [
        lambda x: x * x.new_tensor([1.0, 2, 3, 4, 5, 6]),
        lambda x: x * torch.tensor([1.0, 2, 3, 4, 5, 6], device=x.device),
        lambda x: x * torch.as_tensor(2.5, device=x.device, dtype=x.dtype),
        lambda x: x[:, torch.tensor([True, False, True, True], device=x.device)],
        lambda x: x[:, [True, False, True, True]],
        lambda x: x[:, [3, 1]],
        lambda x: x[[1, 0], [2, 3]],
        lambda x: x[:, [[0, 1], [1, 0]]],
        lambda x: x[:, np.array([1, 0])],
        lambda x: x.clone().index_fill_(1, torch.tensor([1, 2], device=x.device), 3.0),
        lambda x: x[..., int(torch.tensor([4], device=x.device).item())],
    ],
)
def test_numbers_written_out_in_the_program_are_kept(function: Callable[..., Any]) -> None:
    """They would be gone if they went to the device of a tensor without numbers."""
    x = torch.randn(2, 4, 6, dtype=torch.float64, generator=torch.Generator().manual_seed(3))
    capture = capture_module(Module(function), x)
    assert capture.error is None
    assert capture.exact
    ours = run(capture.graph, {capture.graph.inputs[0]: x.numpy()}, capture.weights()).outputs
    np.testing.assert_allclose(ours[capture.graph.outputs[0]], function(x).numpy(), rtol=1e-12)
