"""timm's models: parameters and MACs to the digit, and every shape and layout as PyTorch's own kernels say."""

from __future__ import annotations

import warnings
from typing import Any

import pytest

from netweight import weigh
from netweight.ir import validate
from netweight.ops import REGISTRY

torch = pytest.importorskip("torch", reason="PyTorch is not installed")

from torch.utils.flop_counter import FlopCounterMode  # noqa: E402

from sources.torch import torchvision_shim  # noqa: E402
from sources.torch.meta_check import capture_checked  # noqa: E402

# A small model of families that are made of different things.
MODELS = [
    "beit_base_patch16_224", "cait_xxs24_224", "convit_tiny", "convnext_atto", "csatv2", "davit_tiny",
    "edgenext_small", "efficientnet_b0", "efficientvit_b0", "eva02_tiny_patch14_224", "fastvit_s12",
    "focalnet_tiny_lrf", "gcvit_tiny", "ghostnet_050", "halonet26t", "hiera_tiny_224", "levit_128", "mobilevit_xxs",
    "mvitv2_tiny", "nest_tiny", "nf_regnet_b0", "pit_s_224", "resnest14d", "sequencer2d_s",
    "swin_tiny_patch4_window7_224", "swinv2_tiny_window8_256", "tresnet_m", "twins_svt_small", "volo_d1_224",
    "xcit_nano_12_p16_224",
]  # fmt: skip


class NoTracker:
    """In the place of the counter's module tracker, which fails on models that keep gradients from their weights."""

    parents = frozenset(("Global",))

    def __enter__(self) -> None:
        return

    def __exit__(self, *_: object) -> None:
        return


@pytest.fixture(scope="module")
def timm() -> Any:
    torchvision_shim.models()  # which timm imports
    return pytest.importorskip("timm", reason="timm is not installed")


@pytest.mark.parametrize("name", MODELS)
def test_figures_and_shapes_are_those_of_pytorch(timm: Any, name: str) -> None:
    with torch.device("meta"), warnings.catch_warnings():
        warnings.simplefilter("ignore")  # names that timm has changed
        model = timm.create_model(name, pretrained=False).eval()
    shape = (1, *model.pretrained_cfg["input_size"])
    capture, differences, compared = capture_checked(model, shape)
    assert capture.error is None
    assert capture.exact
    assert not differences
    assert compared > 20
    validate(capture.graph)
    assert not [node.op for node in capture.graph.nodes if node.op not in REGISTRY]
    totals = weigh(capture.graph).totals
    assert totals.params == sum(parameter.numel() for parameter in model.parameters())
    counter = FlopCounterMode(display=False)
    counter.mod_tracker = NoTracker()  # type: ignore[assignment]
    with torch.no_grad(), counter:
        model(torch.empty(shape, device="meta"))
    assert 2 * int(totals.macs) == counter.get_total_flops()
