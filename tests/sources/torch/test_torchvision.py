"""torchvision's models: parameters, buffers and MACs to the digit, and every shape as PyTorch says."""

from __future__ import annotations

import pytest

from netweight import weigh

torch = pytest.importorskip("torch", reason="PyTorch is not installed")

from torch.utils.flop_counter import FlopCounterMode  # noqa: E402

from netweight.sources.torch import capture_module  # noqa: E402
from sources.torch import torchvision_shim  # noqa: E402
from sources.torch.meta_check import capture_checked  # noqa: E402
from sources.torch.torchvision_figures import CLASSIFICATION, DENSE, DETECTION  # noqa: E402

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
# What needs the numbers in its tensors, or has no operator in the table.
LISTED = {"aten.nonzero", "aten._unique2", "torchvision.nms", "torchvision.roi_align"}


@pytest.fixture(scope="module", autouse=True)
def _torchvision() -> None:
    torchvision_shim.models()


@pytest.mark.parametrize("name", CLASSIFICATION)
def test_classification_to_the_digit(name: str) -> None:
    """Counters of batches are buffers that no forward reads: they are in the published number, not in the graph."""
    figures = CLASSIFICATION[name]
    model = torchvision_shim.build(name, figures.size)
    capture = capture_module(model, (1, 3, figures.size, figures.size))
    profile = weigh(capture.graph)
    unread = {key: buffer.numel() for key, buffer in model.named_buffers() if key not in capture.tensors}
    assert {key.rpartition(".")[2] for key in unread} <= {"num_batches_tracked"}
    assert (capture.exact, capture.notes, list(profile.coverage.unknown)) == (True, (), [])
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
    """Boxes are guesses, said so; of Mask R-CNN the masks are not pasted into the picture, after all of its MACs."""
    capture = capture_module(torchvision_shim.build(name), PHOTO)
    profile = weigh(capture.graph)
    assert not capture.exact
    assert any("nms: all boxes are taken to be kept" in note for note in capture.notes)
    assert {unknown.op for unknown in profile.coverage.unknown} <= LISTED
    assert round(profile.totals.macs / 1e9, 3) == DETECTION[name]
    if "maskrcnn" in name:
        assert "must match the existing size" in str(capture.error)
    else:
        assert capture.error is None


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
