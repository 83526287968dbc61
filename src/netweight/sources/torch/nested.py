"""Nested tensors: the rows of all samples packed one after the other, and where each sample begins."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
import torch.utils.flop_counter
from torch import Tensor
from torch.nested._internal.nested_tensor import NestedTensor

from netweight.sources.torch.recorder import Recorder
from netweight.sources.torch.recording import TensorRecording


def packed(given: Tensor, recording: TensorRecording, rows: Callable[[Tensor], Tensor]) -> Any:
    """A nested tensor whose rows have no numbers; where its samples begin stays known.

    Args:
        given: A nested tensor of either layout; one of ``torch.strided`` becomes one of ``torch.jagged``.
        recording: Learns where samples begin.
        rows: Gives the tensor that stands for the packed rows.
    """
    if not isinstance(given, NestedTensor):
        given = torch.nested.as_nested_tensor([part.detach() for part in given.unbind()], layout=torch.jagged)
    values, offsets, lengths = (getattr(given, f"_{name}") for name in ("values", "offsets", "lengths"))
    longest, shortest = given._get_max_seqlen(), given._get_min_seqlen()
    return torch.nested.nested_tensor_from_jagged(
        rows(values), _known(recording, offsets), lengths=None if lengths is None else _known(recording, lengths),
        jagged_dim=given._ragged_idx, min_seqlen=shortest, max_seqlen=longest,
    )  # fmt: skip


def viewed(rec: Recorder, func: Any, args: Any, kwargs: dict[str, Any]) -> Any:
    """A nested tensor that a program makes: where its samples begin is told where the rows lie, and stays known.

    _nested_view_from_jagged(Tensor(a) self, Tensor offsets, Tensor dummy, Tensor? lengths=None, int ragged_idx=1,
        Tensor? min_seqlen=None, Tensor? max_seqlen=None) -> Tensor(a)
    """
    values, offsets, dummy, *rest = args
    if values.is_meta and not offsets.is_meta:
        with torch._C._DisableTorchDispatch():  # which would take a tensor on meta for one of the program's
            offsets = _known(rec.recording, offsets)
            rest[:1] = [_known(rec.recording, lengths) if lengths is not None else None for lengths in rest[:1]]
    return func(values, offsets, dummy, *rest, **kwargs)


def _known(recording: TensorRecording, numbers: Tensor) -> Tensor:
    """A tensor that lies where the rows do, and whose numbers the recording has."""
    copied = numbers.detach().cpu().clone()
    shadow = torch.empty_like(copied, device="meta")
    recording.value_of(copied)
    recording.mirror(shadow, copied)
    return shadow
