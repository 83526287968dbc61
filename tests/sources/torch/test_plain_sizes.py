"""Tuples of numbers among the inputs: some are shapes of tensors, others are what the program takes."""

from __future__ import annotations

from typing import Any

import pytest
import torch
import torch.nn.functional as F  # noqa: N812
from torch import Tensor, nn

from netweight import weigh
from netweight.ir import TensorSpec


class _ByName(nn.Module):
    """Asserts what it gets; 8 * 8 * 3 products for each of 16 * 16 positions."""

    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv2d(8, 3, 1)

    def forward(self, x, size):  # type: ignore[no-untyped-def]
        assert tuple(size) == (16, 16)
        return self.conv(F.interpolate(x, tuple(size)))


class _ByAnnotation(_ByName):
    def forward(self, x: Tensor, grid: tuple[int, int]) -> Any:
        return super().forward(x, grid)


class _ByText(_ByName):
    def forward(self, x: Tensor, grid: list[int]) -> Any:
        return super().forward(x, grid)


class _ByDefault(_ByName):
    def forward(self, x, grid=(4, 4)):  # type: ignore[no-untyped-def]
        return super().forward(x, grid)


class _ByTrial(_ByName):
    def forward(self, x, grid):  # type: ignore[no-untyped-def]
        assert isinstance(grid[0], int)
        return super().forward(x, grid)


class _Nested(_ByName):
    def forward(self, pictures: Any) -> Any:
        return super().forward(pictures[0]["image"], pictures[0]["original_size"])


MACS = 16 * 16 * 8 * 3


@pytest.mark.parametrize("module", [_ByName(), _ByAnnotation(), _ByText(), _ByDefault(), _ByTrial()])
@pytest.mark.parametrize("sizes", [(16, 16), [16, 16]])
@pytest.mark.parametrize("x", [(1, 8, 4, 4), torch.ones(1, 8, 4, 4), TensorSpec((1, 8, 4, 4))])
def test_numbers_are_passed_as_they_are(module: nn.Module, sizes: Any, x: Any) -> None:
    profile = weigh(module, (x, sizes))
    assert profile.totals.macs == MACS
    assert [value.shape for value in profile.model.inputs] == [(1, 8, 4, 4)]


def test_numbers_beside_a_real_tensor_are_numbers() -> None:
    class Net(_ByName):
        def forward(self, x, other):  # type: ignore[no-untyped-def]
            h, w = other  # which a tensor of 16 rows would also allow, were there two of them
            return super().forward(x, (h * 8, w * 8))

    assert weigh(Net(), (torch.ones(1, 8, 4, 4), (2, 2))).totals.macs == MACS


def test_numbers_in_a_dict_in_a_list_go_by_their_name() -> None:
    """As the inputs of Segment Anything: a list of dicts with an image and its size."""
    profile = weigh(_Nested(), ([{"image": (1, 8, 4, 4), "original_size": (16, 16)}],))
    assert profile.totals.macs == MACS


def test_shapes_stay_shapes() -> None:
    """Beside integers, which must be given, where the annotation says tensor, and where only that runs."""

    class Tensors(nn.Module):
        def forward(self, x: Tensor, size: Tensor) -> Tensor:
            return x @ size

    class Ids(nn.Module):
        def forward(self, ids, x, y):  # type: ignore[no-untyped-def]
            return x[ids] @ y

    class Real(nn.Module):
        def forward(self, x, y):  # type: ignore[no-untyped-def]
            return x @ y.transpose(0, 1)

    assert weigh(Tensors(), ((2, 8), (8, 3))).totals.macs == 2 * 8 * 3
    assert weigh(Ids(), (torch.tensor([0, 1]), (5, 8), (8, 3))).totals.macs == 2 * 8 * 3
    assert weigh(Real(), (torch.ones(2, 8), (3, 8))).totals.macs == 2 * 8 * 3


def test_other_values_are_passed_as_they_are() -> None:
    given = {"count": 3, "mask": None, "causal": True, "mode": "same", "scale": 0.5, "phase": 2j, "none": ()}

    class Net(nn.Module):
        def forward(self, x: Tensor, **rest: Any) -> Tensor:
            assert rest == given
            return x @ x

    assert weigh(Net(), {"x": (4, 4), **given}).totals.macs == 4 * 4 * 4
