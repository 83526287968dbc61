"""What a program itself does about its backward: functions with one of their own, and parts that run again."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from torch.utils.checkpoint import CheckpointFunction

from netweight.sources.torch.checkpoints import checkpoints_followed, reentrant
from netweight.sources.torch.custom_functions import applied, functions_followed
from netweight.sources.torch.functions_above import applied_above
from netweight.sources.torch.recorder import Recorder


@contextmanager
def followed_backward(rec: Recorder, *, under_autograd: bool = False) -> Iterator[None]:
    """A block in which it is known; ``under_autograd`` where autograd runs."""
    rec.under_autograd = under_autograd
    follow = applied_above if under_autograd else applied
    with functions_followed(rec, follow, {CheckpointFunction: reentrant}), checkpoints_followed(rec):
        yield
