"""Inputs that are integers keep their numbers while the model runs; what is computed from them is not lost."""

from typing import Any

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from torch import nn  # noqa: E402

from netweight import TensorSpec, run, weigh  # noqa: E402
from netweight.sources.torch import capture_module  # noqa: E402


class Picture(nn.Module):
    """Bytes to numbers between 0 and 1, then a convolution."""

    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv2d(3, 4, 3)

    def forward(self, x: Any) -> Any:
        return self.conv(x.float() / 255)


class Masked(nn.Module):
    """Embeddings of tokens, those of the padding token put to zero."""

    def __init__(self) -> None:
        super().__init__()
        self.table = nn.Embedding(10, 4)

    def forward(self, ids: Any) -> Any:
        return self.table(ids) * (ids != 0).float()[:, :, None]


def test_floating_work_on_bytes_is_counted_and_runs() -> None:
    module = Picture()
    profile = weigh(module, TensorSpec((1, 3, 8, 8), "uint8"))
    assert [row.op for row in profile.layers] == ["input", "cast", "div_scalar", "conv"]
    assert profile.layers[2].divs == 3 * 8 * 8
    assert profile.notes == ()
    picture = torch.randint(0, 256, (1, 3, 8, 8), dtype=torch.uint8)
    capture = capture_module(module, TensorSpec((1, 3, 8, 8), "uint8"))
    (y,) = run(capture.graph, {"x": picture.numpy()}, capture.weights()).outputs.values()
    np.testing.assert_allclose(y, module(picture).detach().numpy(), rtol=1e-5, atol=1e-6)


def test_what_is_fixed_at_capture_is_said() -> None:
    profile = weigh(Masked(), TensorSpec((1, 5), "int64"))
    assert [row.op for row in profile.layers if row.ops_total] == ["mul"]
    assert any("integer input is done at capture and not counted" in note for note in profile.notes)
