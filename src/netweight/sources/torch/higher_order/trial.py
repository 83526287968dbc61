"""How much a function does: it runs with a recorder of its own, and nothing of that is kept."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor
from torch.utils._python_dispatch import _disable_current_modes, _get_current_dispatch_mode
from torch.utils._pytree import tree_map_only

from netweight.ops.own import definition_of
from netweight.sources.torch.recorder import Recorder
from netweight.sources.torch.recording import TensorRecording
from netweight.sources.torch.unintercepted import UNSEEN


def work_of(rec: Recorder, function: Any, operands: Any) -> tuple[int, int]:
    """MACs of a function of tensors, and how many operators it calls; one that nobody knows has no MACs."""
    recording = TensorRecording()
    trial = Recorder(recording, rec.module_calls, rec.device)
    dispatch: Any = type(_get_current_dispatch_mode())
    with UNSEEN(), torch._C._DisableTorchDispatch():
        given = tree_map_only(Tensor, lambda x: rec.shadow(x).clone() if rec.is_symbolic(x) else x, operands)
    with _disable_current_modes(), rec.module_calls.forgotten(), dispatch(trial), rec.following.anew(trial):
        function(*given)
    known = [(step, definition_of(step)) for step in recording.nodes]
    costs = [op.cost(step.attrs, *recording.specs_of(step.inputs)) for step, op in known if op is not None]
    return sum(int(cost.macs) for cost in costs), len(known)
