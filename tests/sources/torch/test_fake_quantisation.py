"""Scales: those of quantised tensors, and those that training with quantisation in mind observes."""

from __future__ import annotations

from typing import Any

import pytest

import netweight

torch = pytest.importorskip("torch")

from torch import nn  # noqa: E402
from torch.ao import quantization as tq  # noqa: E402

from netweight.sources.torch import capture_module  # noqa: E402

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::UserWarning", "ignore::FutureWarning")


class Does(nn.Module):
    """A function as a module."""

    def __init__(self, function: Any) -> None:
        super().__init__()
        self.function = function

    def forward(self, x: Any) -> Any:
        return self.function(x)


def prepared() -> Any:
    """A convolution from 3 to 4 channels with a scale per channel of its weight."""
    module = nn.Sequential(nn.Conv2d(3, 4, 3)).train()
    module.qconfig = tq.get_default_qat_qconfig("x86")
    return tq.prepare_qat(module)


def rows_of(module: Any) -> dict[str, Any]:
    return {row.layer: row for row in netweight.weigh(module, (2, 3, 8, 8), training=True).layers}


def test_a_known_scale_is_in_the_graph() -> None:
    capture = capture_module(Does(lambda x: torch.quantize_per_tensor(x, 0.25, 3, torch.qint8).dequantize()), (2, 3))
    node = capture.graph.nodes[0]
    assert (node.op, node.attrs.dtype) == ("quantize", "int8")
    assert [capture.tensors[name].item() for name in node.inputs[1:]] == [0.25, 3]
    assert capture.graph.spec(capture.graph.outputs[0]).dtype == "float32"


def test_a_scale_that_depends_on_data_is_not() -> None:
    def scaled(x: Any) -> Any:
        return torch.quantize_per_tensor(x, x.abs().max() / 127, torch.tensor(0), torch.qint8).dequantize()

    profile = netweight.weigh(Does(scaled), (2, 3))
    assert profile.coverage.unknown == ()
    assert {row.op: row.divs for row in profile.layers}["quantize"] == 2 * 3


def test_ranges_are_observed_per_channel_of_a_weight() -> None:
    rows = rows_of(prepared())
    assert rows["0.weight_fake_quant.amin"].output_shapes == ((4,),)
    assert rows["0.weight_fake_quant.amax"].compares == 4 * (27 - 1)
    assert rows["0.activation_post_process.amin"].output_shapes == ((),)


def test_scales_per_channel_once_they_have_been_observed() -> None:
    module = prepared()
    module(torch.randn(2, 3, 8, 8))
    graph = netweight.capture(module, (2, 3, 8, 8), training=True)
    dims = {node.layer: node.attrs.dim for node in graph.nodes if node.op == "fake_quantize"}
    assert dims == {"0.weight_fake_quant.fake_quantize": 0, "0.activation_post_process.fake_quantize": None}


def test_observers_and_rounding_that_are_switched_off() -> None:
    assert not any("amin" in layer for layer in rows_of(prepared().apply(tq.disable_observer)))
    watched = rows_of(prepared().apply(tq.disable_fake_quant))
    assert not any("fake_quantize" in layer for layer in watched)
    assert "0.activation_post_process.amin" in watched
