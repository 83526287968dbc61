"""torchvision's models: parameters, buffers and MACs to the digit, and every shape as PyTorch says."""

from __future__ import annotations

from functools import cache
from typing import Any

import pytest

from netweight import weigh

torch = pytest.importorskip("torch", reason="PyTorch is not installed")

from torch.utils.flop_counter import FlopCounterMode  # noqa: E402

from netweight.sources.torch import capture_module  # noqa: E402
from sources.torch import torchvision_shim  # noqa: E402
from sources.torch.meta_check import capture_checked  # noqa: E402
from sources.torch.torchvision_figures import CLASSIFICATION, DENSE, DETECTION, FEWER_BOXES  # noqa: E402

PHOTO = ([torch.empty(3, 800, 800)],)
SMALL = {
    "shufflenet_v2_x0_5": ((1, 3, 64, 64),),
    "efficientnet_b0": ((1, 3, 64, 64),),
    "swin_t": ((1, 3, 60, 90),),
    "swin_v2_t": ((1, 3, 64, 64),),
    "vit_b_32": ((1, 3, 224, 224),),
    "maxvit_t": ((1, 3, 224, 224),),
    "convnext_tiny": ((1, 3, 64, 64),),
    "lraspp_mobilenet_v3_large": ((1, 3, 64, 64),),
    "r3d_18": ((1, 3, 8, 32, 32),),
    "swin3d_t": ((1, 3, 8, 32, 32),),
    "raft_small": ((1, 3, 128, 128), (1, 3, 128, 128)),
}


@pytest.fixture(scope="module", autouse=True)
def _torchvision() -> None:
    torchvision_shim.models()


@cache
def of_a_photo(name: str) -> tuple[Any, Any]:
    """The capture of a detection model and its profile, once for all of these tests."""
    capture = capture_module(torchvision_shim.build(name), PHOTO)
    return capture, weigh(capture.graph)


@pytest.mark.parametrize("name", CLASSIFICATION)
def test_classification_to_the_digit(name: str) -> None:
    """Counters of batches are buffers that no forward reads: they are in the published number, not in the graph."""
    figures = CLASSIFICATION[name]
    model = torchvision_shim.build(name, figures.size)
    capture = capture_module(model, (1, 3, figures.size, figures.size))
    profile = weigh(capture.graph)
    unread = {key: buffer.numel() for key, buffer in model.named_buffers() if key not in capture.tensors}
    assert {key.rpartition(".")[2] for key in unread} <= {"num_batches_tracked"}
    assert (capture.exact, list(profile.coverage.unknown)) == (True, [])
    assert all("stochastic_depth" in note for note in capture.notes)  # not called where there is no shortcut
    assert profile.totals.params == figures.params
    assert profile.totals.buffers + sum(unread.values()) == figures.buffers
    assert profile.totals.macs == figures.macs
    assert round(profile.totals.macs / 1e9, 3) == figures.gmacs


@pytest.mark.parametrize("name", DENSE)
def test_segmentation_and_video_as_published(name: str) -> None:
    figures = DENSE[name]
    capture = capture_module(torchvision_shim.build(name), (1, 3, *figures.shape))
    profile = weigh(capture.graph)
    assert (capture.exact, list(profile.coverage.unknown)) == (True, [])
    assert (profile.totals.params, round(profile.totals.macs / 1e9, 3)) == (figures.params, figures.gmacs)


@pytest.mark.parametrize("name", DETECTION)
def test_detection_as_published(name: str) -> None:
    """How many boxes there are is a guess, said so."""
    capture, profile = of_a_photo(name)
    assert not capture.exact
    assert any("nms: all boxes are taken to be kept" in note for note in capture.notes)
    assert (capture.error, list(profile.coverage.unknown)) == (None, [])
    assert round(profile.totals.macs / 1e9, 3) == DETECTION[name]


@pytest.mark.parametrize("name", FEWER_BOXES)
def test_detection_as_published_for_fewer_boxes(name: str) -> None:
    """No proposals, no detection, or one: not the 1000 and 100 that there may be."""
    gmacs, path, share = FEWER_BOXES[name]
    layers = of_a_photo(name)[1].layers
    counted = sum(int(layer.macs) * (share if layer.layer.startswith(path) else 1) for layer in layers)
    assert round(counted / 1e9, 3) == gmacs


@pytest.mark.parametrize("name", ["maskrcnn_resnet50_fpn", "keypointrcnn_resnet50_fpn"])
def test_boxes_are_followed_to_the_end(name: str) -> None:
    """Every mask is pasted into the picture, and every heat map read: 100 detections each."""
    capture, profile = of_a_photo(name)
    assert (capture.error, list(profile.coverage.unknown)) == (None, [])
    last = {"maskrcnn_resnet50_fpn": (100, 1, 800, 800), "keypointrcnn_resnet50_fpn": (100, 17, 3)}[name]
    assert last in [capture.graph.spec(value).shape for value in capture.graph.outputs]
    regions = [node for node in capture.graph.nodes if node.op == "roi_align"]
    assert [capture.graph.spec(node.outputs[0]).shape[2:] for node in regions] == [(7, 7)] * 4 + [(14, 14)] * 4


@pytest.mark.parametrize(("name", "gmacs"), [("raft_large", 211.007), ("raft_small", 47.655)])
def test_optical_flow_as_published(name: str, gmacs: float) -> None:
    """At 512 x 512 and 12 updates of the flow, which the published table does not say."""
    capture = capture_module(torchvision_shim.build(name), ((1, 3, 512, 512),) * 2)
    assert capture.exact
    assert round(weigh(capture.graph).totals.macs / 1e9, 3) == gmacs


@pytest.mark.parametrize("name", SMALL)
def test_flops_are_those_of_the_flop_counter(name: str) -> None:
    model = torchvision_shim.build(name)
    capture = capture_module(model, SMALL[name])
    with torch.no_grad(), FlopCounterMode(display=False) as counter:
        model(*(torch.empty(shape, device="meta") for shape in SMALL[name]))
    assert 2 * weigh(capture.graph).totals.macs == counter.get_total_flops()


@pytest.mark.parametrize("name", SMALL)
def test_every_result_is_as_the_meta_kernels_say(name: str) -> None:
    capture, differences, compared = capture_checked(torchvision_shim.build(name), SMALL[name])
    assert capture.error is None
    assert differences == []
    assert compared > 30


@pytest.mark.parametrize("name", ["fasterrcnn_mobilenet_v3_large_320_fpn", "ssdlite320_mobilenet_v3_large"])
def test_every_result_of_a_detection_model_is_as_the_meta_kernels_say(name: str) -> None:
    capture, differences, compared = capture_checked(torchvision_shim.build(name), PHOTO)
    assert capture.error is None
    assert differences == []
    assert compared > 300
