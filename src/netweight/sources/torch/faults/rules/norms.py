"""Normalisation over another number of features."""

from __future__ import annotations

from torch import nn

from netweight.sources.size_origins import sizes
from netweight.sources.torch.faults.meeting import Meeting, Rule


def _batch_norm(meeting: Meeting) -> None:
    x = meeting.call.tensor("input")
    if x is None or len(x.shape) < 2:
        return meeting.tell_shapes()
    channels = x.shape[1]
    meeting.tell_size(x, 1, "channels", f"of {sizes(x.shape)}")
    parts = {
        name: (channels,) for name in ("weight", "bias", "running_mean", "running_var") if meeting.call.tensor(name)
    }
    own = meeting.with_setting(nn.modules.batchnorm._NormBase, num_features=channels)
    meeting.suggest(f"{own or f'{channels} features'} fits", fits=meeting.call.tried(parts) is not None)
    return None


def _layer_norm(meeting: Meeting) -> None:
    x = meeting.call.tensor("input")
    before = meeting.call.arguments.get("normalized_shape")
    if x is None or not isinstance(before, list | tuple) or len(before) > len(x.shape):
        return meeting.tell_shapes()
    shape = x.shape[len(x.shape) - len(before) :]
    meeting.tell_size(x, -1, "features", f"of {sizes(x.shape)}")
    parts = {name: shape for name in ("weight", "bias") if meeting.call.tensor(name)}
    fits = meeting.call.tried({"normalized_shape": list(shape), **parts}) is not None
    shown = shape[0] if len(shape) == 1 else shape
    own = meeting.with_setting((nn.LayerNorm, nn.RMSNorm), normalized_shape=shown)
    meeting.suggest(f"{own or f'normalized_shape={shown}'} fits", fits=fits)
    return None


def _group_norm(meeting: Meeting) -> None:
    x = meeting.call.tensor("input")
    groups = meeting.call.arguments.get("num_groups")
    if x is None or len(x.shape) < 2 or not isinstance(groups, int):
        return meeting.tell_shapes()
    channels = x.shape[1]
    meeting.tell_size(x, 1, "channels", f"of {sizes(x.shape)}")
    fewer = next(count for count in range(min(groups, channels), 0, -1) if channels % count == 0)
    parts = {name: (channels,) for name in ("weight", "bias") if meeting.call.tensor(name)}
    fits = meeting.call.tried({"num_groups": fewer, **parts}) is not None
    own = meeting.with_setting(nn.GroupNorm, num_groups=fewer, num_channels=channels)
    meeting.suggest(f"{own or f'num_groups={fewer}'} fits", fits=fits)
    return None


RULES: dict[str, Rule] = {
    "batch_norm": _batch_norm,
    "instance_norm": _batch_norm,
    "layer_norm": _layer_norm,
    "rms_norm": _layer_norm,
    "group_norm": _group_norm,
}
