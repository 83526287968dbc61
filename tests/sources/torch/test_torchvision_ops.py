"""Operators of torchvision: the captured graph gives its numbers, where its compiled operators load."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import netweight

torch = pytest.importorskip("torch", reason="PyTorch is not installed")

from torch import nn  # noqa: E402

from netweight.sources.torch import capture_module  # noqa: E402
from sources.torch import torchvision_shim  # noqa: E402


class Call(nn.Module):
    """A function as a module."""

    def __init__(self, function: Callable[..., Any], layer: nn.Module | None = None) -> None:
        super().__init__()
        self.function, self.layer = function, layer

    def forward(self, *inputs: Any) -> Any:
        return self.function(*inputs) if self.layer is None else self.function(self.layer, *inputs)


@pytest.fixture(scope="module")
def ops() -> Any:
    torchvision_shim.models()
    import torchvision.ops

    return torchvision.ops


X = (2, 6, 9, 8)
ROIS = [[0, 1.0, 2, 14, 13], [1, -3, 4, 9.5, 30], [1, 5, 5, 5, 5]]
BOXES = [[0.0, 0, 2, 2], [1, 0, 3, 2], [4, 4, 6, 6], [0, 0, 2, 1]]


def _agrees(module: nn.Module, *inputs: Any) -> Any:
    """The capture of a module, whose graph gives what PyTorch gives."""
    capture = capture_module(module, tuple(tuple(x.shape) for x in inputs))
    assert capture.error is None
    assert not netweight.weigh(capture.graph).coverage.unknown
    if torchvision_shim._declared:  # signatures without kernels
        return capture
    arrays = {name: x.numpy() for name, x in zip(capture.graph.inputs, inputs, strict=True)}
    found = netweight.run(capture.graph, arrays, capture.weights()).outputs[capture.graph.outputs[0]]
    np.testing.assert_allclose(found, module(*inputs).detach().numpy(), rtol=1e-5, atol=1e-5)
    return capture


@pytest.mark.parametrize("aligned", [False, True])
@pytest.mark.parametrize("ratio", [-1, 2])
def test_roi_align(ops: Any, aligned: bool, ratio: int) -> None:
    module = Call(lambda x, rois: ops.roi_align(x, rois, (3, 2), 0.5, ratio, aligned))
    capture = _agrees(module, torch.randn(X), torch.tensor(ROIS))
    assert capture.exact == (ratio > 0)
    assert any("taken to be the whole picture" in note for note in capture.notes) == (ratio < 0)


def test_roi_pool(ops: Any) -> None:
    capture = _agrees(Call(lambda x, rois: ops.roi_pool(x, rois, (3, 2), 0.5)), torch.randn(X), torch.tensor(ROIS))
    assert capture.graph.spec(capture.graph.outputs[0]).shape == (3, 6, 3, 2)
    assert any("taken to be the whole picture" in note for note in capture.notes)


def test_nms_keeps_all_boxes_that_it_knows_nothing_of(ops: Any) -> None:
    module = Call(lambda boxes, scores: ops.nms(boxes, scores, 0.4))
    capture = _agrees(module, torch.tensor(BOXES), torch.tensor([0.8, 0.9, 0.5, 0.4]))
    assert capture.graph.spec(capture.graph.outputs[0]).shape == (4,)
    assert not capture.exact


@pytest.mark.parametrize("bias", [False, True])
def test_deformable_convolution(ops: Any, bias: bool) -> None:
    layer = ops.DeformConv2d(6, 4, 3, stride=2, padding=1, dilation=1, groups=2, bias=bias)
    offset, mask = torch.randn(2, 2 * 3 * 9, 5, 4), torch.rand(2, 3 * 9, 5, 4)
    for given in ((offset, mask), (offset,)):
        capture = _agrees(Call(lambda layer, *xs: layer(*xs), layer), torch.randn(X), *given)
        (node,) = (node for node in capture.graph.nodes if node.op == "deform_conv")
        assert [name is not None for name in node.inputs] == [True, True, True, len(given) == 2, bias]
        assert (node.attrs.groups, node.attrs.offset_groups, node.attrs.padding) == (2, 3, ((1, 1), (1, 1)))
        assert netweight.weigh(capture.graph).totals.macs == 2 * 4 * 3 * 9 * 5 * 4
