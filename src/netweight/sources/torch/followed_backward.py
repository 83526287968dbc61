"""What one forward does not tell: the backward that a program wrote, what it runs again, what it leaves to chance."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, nullcontext

from torch.utils.checkpoint import CheckpointFunction

from netweight.sources.torch.checkpoints import checkpoints_followed, reentrant
from netweight.sources.torch.custom_functions import applied, functions_followed
from netweight.sources.torch.draws import generators_watched
from netweight.sources.torch.functions_above import applied_above
from netweight.sources.torch.module_hooks import module_hooks_left_off
from netweight.sources.torch.own_classes import own_functions, own_modules
from netweight.sources.torch.recorder import Recorder


@contextmanager
def followed_backward(rec: Recorder, *, under_autograd: bool = False) -> Iterator[None]:
    """A block in which it is known; ``under_autograd`` where autograd runs."""
    rec.under_autograd = under_autograd
    follow = applied_above if under_autograd else applied
    special = {CheckpointFunction: reentrant, **(own_functions(rec) if rec.own_rules else {})}
    hooks = nullcontext() if under_autograd else module_hooks_left_off(rec)
    with (
        functions_followed(rec, follow, special),
        own_modules(rec) if rec.own_rules else nullcontext(),
        checkpoints_followed(rec),
        generators_watched(rec.recording),
        hooks,
    ):
        yield
