"""Pooling with ``ceil_mode`` and a window larger than the picture: what lies outside is left out, as PyTorch does."""

from __future__ import annotations

from itertools import product
from typing import Any

import numpy as np
import pytest
import torch
import torch.nn.functional as F  # noqa: N812

from netweight import run, weigh
from netweight.errors import ShapeError
from netweight.ops.arrays.windows import out_sizes

POOLS: dict[str, Any] = {
    "max": lambda x, k, s: F.max_pool2d(x, k, s, ceil_mode=True),
    "positions": lambda x, k, s: F.max_pool2d(x, k, s, ceil_mode=True, return_indices=True)[0],
    "average": lambda x, k, s: F.avg_pool2d(x, k, s, ceil_mode=True),
    "power": lambda x, k, s: F.lp_pool2d(x, 2, k, s, ceil_mode=True),
}
CASES = [(size, kernel, stride) for size, kernel, stride in product((1, 2, 3), (3, 4, 5), (2, 3)) if size < kernel]


class _Pool(torch.nn.Module):
    def __init__(self, pool: Any, kernel: int, stride: int) -> None:
        super().__init__()
        self.pool, self.kernel, self.stride = pool, kernel, stride

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.pool(x, self.kernel, self.stride)


@pytest.mark.parametrize("name", POOLS)
@pytest.mark.parametrize(("size", "kernel", "stride"), CASES)
def test_results_are_those_of_pytorch(name: str, size: int, kernel: int, stride: int) -> None:
    module, x = _Pool(POOLS[name], kernel, stride), torch.rand(2, 3, size, size)
    try:
        expected = module(x).numpy()
    except RuntimeError:  # the window does not reach the picture
        with pytest.raises(ShapeError):
            out_sizes("pool", (size,), (kernel,), (stride,), ((0, 0),), (1,), ceil_mode=True)
        return
    assert weigh(module, (2, 3, size, size)).coverage.complete
    found = next(iter(run(module, x).outputs.values()))
    np.testing.assert_allclose(found, expected, rtol=1e-5)


def test_a_window_of_three_over_two_elements() -> None:
    """ceil((2 - 3) / 2) + 1 == 1; rounded down there is none."""
    assert out_sizes("pool", (2,), (3,), (2,), ((0, 0),), (1,), ceil_mode=True) == (1,)
    with pytest.raises(ShapeError, match="fit in the padded input"):
        out_sizes("pool", (2,), (3,), (2,), ((0, 0),), (1,))
