"""A note on weights that ``torch.nn.utils.prune`` has masked: figures count them, as dense kernels do."""

from __future__ import annotations

from collections.abc import Iterable

import torch

from netweight.sources.torch.recording import TensorRecording


def note_pruned(modules: Iterable[torch.nn.Module], recording: TensorRecording) -> None:
    """Say how many weights masks take away."""
    total = gone = 0
    for child in modules:
        for name, mask in child._buffers.items():
            if mask is None or mask.is_meta or name.removesuffix("_mask") + "_orig" not in child._parameters:
                continue
            total += mask.numel()
            gone += mask.numel() - int(mask.count_nonzero())
    if total:
        recording.note(
            f"{gone:,} of {total:,} weights are pruned: figures are dense, {total - gone:,} weights are not zero"
        )
