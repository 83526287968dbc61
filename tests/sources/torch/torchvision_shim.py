"""torchvision's models beside a PyTorch that its wheel was not compiled for.

The wheel brings compiled operators (non-maximum suppression, alignment of regions) that load only into the build of
PyTorch they belong to, and the import fails without them. Models need just their signatures, and results without
numbers: the signatures are declared here, and the import finds them as if the library had been loaded; torchvision's
own Python functions then say the shapes. Where the library does load, nothing is declared.
"""

from __future__ import annotations

import importlib
import importlib.util
import inspect
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from unittest import mock

import pytest
import torch

_REGION = "Tensor input, Tensor rois, float spatial_scale, SymInt pooled_height, SymInt pooled_width"
_OF_GRAD = "Tensor grad, Tensor rois"
_SIZE = "float spatial_scale, SymInt pooled_height, SymInt pooled_width"
_WHOLE = "SymInt batch_size, SymInt channels, SymInt height, SymInt width"
_DEFORM = (
    "Tensor input, Tensor weight, Tensor offset, Tensor mask, Tensor bias, SymInt stride_h, SymInt stride_w, "
    "SymInt pad_h, SymInt pad_w, SymInt dilation_h, SymInt dilation_w, SymInt groups, SymInt offset_groups, "
    "bool use_mask"
)
_SIGNATURES = (
    "nms(Tensor dets, Tensor scores, float iou_threshold) -> Tensor",
    "qnms(Tensor dets, Tensor scores, float iou_threshold) -> Tensor",
    f"roi_align({_REGION}, int sampling_ratio, bool aligned) -> Tensor",
    f"qroi_align({_REGION}, int sampling_ratio, bool aligned) -> Tensor",
    f"_roi_align_backward({_OF_GRAD}, {_SIZE}, {_WHOLE}, int sampling_ratio, bool aligned) -> Tensor",
    f"roi_pool({_REGION}) -> (Tensor, Tensor)",
    f"_roi_pool_backward({_OF_GRAD}, Tensor argmax, {_SIZE}, {_WHOLE}) -> Tensor",
    f"ps_roi_align({_REGION}, int sampling_ratio) -> (Tensor, Tensor)",
    f"_ps_roi_align_backward({_OF_GRAD}, Tensor channel_mapping, {_SIZE}, int sampling_ratio, {_WHOLE}) -> Tensor",
    f"ps_roi_pool({_REGION}) -> (Tensor, Tensor)",
    f"_ps_roi_pool_backward({_OF_GRAD}, Tensor channel_mapping, {_SIZE}, {_WHOLE}) -> Tensor",
    f"deform_conv2d({_DEFORM}) -> Tensor",
    f"_deform_conv2d_backward(Tensor grad, {_DEFORM}) -> (Tensor, Tensor, Tensor, Tensor, Tensor)",
    "_cuda_version() -> int",
)
_declared: list[Any] = []
"""A library's declarations last as long as the object that made them."""


def models() -> Any:
    """``torchvision.models``; the test is skipped where torchvision is not installed."""
    found = importlib.util.find_spec("torchvision")
    if found is None or found.origin is None:
        pytest.skip("torchvision is not installed")
    if not _declared and not _loads(Path(found.origin).parent / "_C.so"):
        _declare()
    if "torchvision" not in sys.modules:  # an import that failed leaves parts behind
        for stale in [module for module in sys.modules if module.startswith("torchvision.")]:
            del sys.modules[stale]
    if not _declared:
        return importlib.import_module("torchvision.models")
    with mock.patch.object(torch.ops, "load_library"):
        return importlib.import_module("torchvision.models")


def build(name: str, size: int | None = None) -> torch.nn.Module:
    """A torchvision model with random weights that take no memory, in the form that was published, for evaluation.

    Args:
        name: As ``torchvision.models.list_models`` says.
        size: Height and width of the pictures, where they are part of the model.
    """
    maker = models().get_model_builder(name)
    options: dict[str, Any] = {"weights": None}
    if "weights_backbone" in inspect.signature(maker).parameters:
        options["weights_backbone"] = None
    if name.startswith(("fcn_", "deeplabv3_")):
        options["aux_loss"] = True
    if name in ("googlenet", "inception_v3"):
        options |= {"init_weights": False, "aux_logits": False}
    if name.startswith("vit") and size is not None:
        options["image_size"] = size
    with torch.device("meta"), _widths_with_numbers():
        return maker(**options).eval()


@contextmanager
def _widths_with_numbers() -> Iterator[None]:
    """RegNet computes its widths with tensors, and reads them."""
    from torchvision.models.regnet import BlockParams

    made = BlockParams.from_init_params.__func__

    def with_numbers(cls: Any, *args: Any, **kwargs: Any) -> Any:
        with torch.device("cpu"):
            return made(cls, *args, **kwargs)

    with mock.patch.object(BlockParams, "from_init_params", classmethod(with_numbers)):
        yield


def _loads(library: Path) -> bool:
    try:
        torch.ops.load_library(str(library))
    except (OSError, ImportError):
        return False
    return True


def _declare() -> None:
    library = torch.library.Library("torchvision", "DEF")
    for signature in _SIGNATURES:
        library.define(signature)
    library.impl("_cuda_version", lambda: -1, "CompositeExplicitAutograd")
    _declared.append(library)
