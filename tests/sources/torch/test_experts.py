"""What mixtures of experts are made of, as PyTorch computes it."""

from __future__ import annotations

from typing import Any

import pytest

import netweight

torch = pytest.importorskip("torch")

from netweight.sources.torch import capture_module  # noqa: E402
from sources.torch.alike import assert_alike  # noqa: E402

grouped = pytest.mark.skipif(not hasattr(torch, "_grouped_mm"), reason="this PyTorch has no products by group")


class Does(torch.nn.Module):
    """A function as a module."""

    def __init__(self, function: Any) -> None:
        super().__init__()
        self.function = function

    def forward(self, *tensors: Any) -> Any:
        return self.function(*tensors)


@grouped
def test_rows_by_group() -> None:
    module = Does(lambda x, weight, ends: torch._grouped_mm(x, weight, offs=ends.to(torch.int32)))
    given = torch.randn(6, 8), torch.randn(3, 8, 16), torch.tensor([2, 5, 6])
    capture = assert_alike(module.eval(), *given)
    assert capture.notes == ()
    # Every row meets one matrix, however the groups are cut.
    assert netweight.weigh(capture.graph).totals.macs == 6 * 8 * 16


@grouped
def test_as_many_matrices_on_both_sides() -> None:
    capture = assert_alike(Does(torch._grouped_mm).eval(), torch.randn(3, 4, 8), torch.randn(3, 8, 16))
    assert netweight.weigh(capture.graph).totals.macs == 3 * 4 * 8 * 16


def test_counts_of_tokens() -> None:
    module = Does(lambda x: torch.histc(x * 3, bins=4, min=0, max=3))
    assert_alike(module.eval(), torch.tensor([0.0, 0.1, 0.3, 0.5, 0.9, 1.0, 2.0]))


def test_counts_in_a_range_that_the_data_has_are_listed() -> None:
    capture = capture_module(Does(lambda x: torch.histc(x * 3, bins=4)), (7,))
    assert [unknown.op for unknown in netweight.weigh(capture.graph).coverage.unknown] == ["aten.histc"]
