"""Operators of torchvision."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor

from netweight.sources.torch.lower import lowers

if TYPE_CHECKING:
    from netweight.sources.torch.recorder import Recorder


@lowers("torchvision.nms")
def nms(rec: Recorder, dets: Tensor, scores: Tensor, iou_threshold: float) -> Any:
    """Not in the table, as the size depends on the numbers; listed as unknown, with all boxes kept."""
    rec.guess("nms: all boxes are taken to be kept")
    kept = torch.empty(dets.shape[:1], dtype=torch.int64, device="meta")
    rec.tape.record("torchvision.nms", None, (dets, scores), (kept,))
    return kept
