"""Antialiased interpolation: recorded, laid out and computed as PyTorch does."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import netweight

torch = pytest.importorskip("torch", reason="PyTorch is not installed")

from torch import nn  # noqa: E402
from torch.nn import functional as F  # noqa: E402, N812

from sources.torch.meta_check import capture_checked  # noqa: E402


class Resize(nn.Module):
    """Interpolation as a module."""

    def __init__(self, options: dict[str, Any]) -> None:
        super().__init__()
        self.options = options

    def forward(self, x: Any) -> Any:
        return F.interpolate(x, antialias=True, **self.options)


@pytest.mark.parametrize("mode", ["bilinear", "bicubic"])
@pytest.mark.parametrize(
    "how",
    [{"size": (5, 4)}, {"size": (30, 3)}, {"scale_factor": 0.37}, {"scale_factor": (1.5, 0.5)}, {"size": (17, 9)}],
)
def test_antialiased_resize(mode: str, how: dict[str, Any]) -> None:
    module, x = Resize({"mode": mode, **how}), torch.randn(2, 3, 17, 9)
    capture, differences, compared = capture_checked(module, tuple(x.shape))
    assert (capture.error, capture.exact, differences, compared > 0) == (None, True, [], True)
    assert not netweight.weigh(capture.graph).coverage.unknown
    found = netweight.run(capture.graph, {capture.graph.inputs[0]: x.numpy()}, {}).outputs[capture.graph.outputs[0]]
    np.testing.assert_allclose(found, module(x).numpy(), rtol=1e-4, atol=1e-5)


def test_with_corners_on_each_other_it_is_listed() -> None:
    options = {"mode": "bilinear", "size": (5, 4), "align_corners": True}
    profile = netweight.weigh(Resize(options), (2, 3, 17, 9))
    assert [unknown.op for unknown in profile.coverage.unknown] == ["aten._upsample_bilinear2d_aa"]
