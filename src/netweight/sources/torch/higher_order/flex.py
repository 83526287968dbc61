"""``flex_attention``: attention whose scores and mask a program writes as functions.

One kernel does all of it, on blocks of the scores: what is inside is no activation. A block that the mask leaves out is
not computed, so its work is not counted; of the others all products are, whatever the mask says inside of them.
"""

from __future__ import annotations

import math
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch
import torch.nn.functional as F  # noqa: N812
from torch import Tensor

from netweight.sources.torch.higher_order.score_blocks import Blocks, blocks_of
from netweight.sources.torch.recorder import Recorder
from netweight.sources.torch.unintercepted import UNSEEN

_FLEX = "torch.nn.attention.flex_attention"


@contextmanager
def on_any_device() -> Iterator[None]:
    """A block in which ``flex_attention`` takes what asks for gradients on a CPU: it is captured, and does not run."""
    module: Any = sys.modules.get(_FLEX)
    check = getattr(module, "_validate_device", None)
    if check is None:
        yield
        return
    module._validate_device = lambda *_: None
    try:
        yield
    finally:
        module._validate_device = check


def flex_attention(
    rec: Recorder, query: Tensor, key: Tensor, value: Tensor, score_mod: Any, block_mask: Any, scale: float,
    kernel_options: Any = None, score_mod_other_buffers: Any = (), mask_mod_other_buffers: Any = (),
) -> Any:  # fmt: skip
    """Output, logarithm of the sums of each row, and its largest score, where they are asked for."""
    if key.shape[1] != query.shape[1]:
        key, value = (_for_each_head(x, query.shape[1]) for x in (key, value))
    asked = [bool((kernel_options or {}).get(name)) for name in ("OUTPUT_LOGSUMEXP", "OUTPUT_MAX")]
    scored = None if getattr(score_mod, "__name__", "") == "_identity" else score_mod
    masked = None if getattr(block_mask[-1], "__name__", "") == "noop_mask" else block_mask[-1]
    if scored is None and masked is None and not any(asked):
        return F.scaled_dot_product_attention(query, key, value, scale=scale), torch.empty(0), torch.empty(0)

    def changed(scores: Tensor, b: Tensor, h: Tensor, i: Tensor, j: Tensor) -> Tensor:
        if scored is not None:
            scores = scored(scores, b, h, i, j, *score_mod_other_buffers)
        if masked is not None:
            scores = torch.where(masked(b, h, i, j, *mask_mod_other_buffers), scores, -math.inf)
        return scores

    with _one_kernel(rec):
        blocks = None if masked is None else blocks_of(rec, block_mask, query.shape, key.shape[-2])
        if blocks is not None:
            y, total, top = _by_blocks(blocks, query, key, value, changed, scale)
        else:
            y, total, top = _whole(query, key, value, changed, scale)
        sums = (total.log() + top) / math.log(2) if asked[0] else torch.empty(0)  # the program turns it back
        return y, sums, top / math.log(2) if asked[1] else torch.empty(0)


def _for_each_head(x: Tensor, heads: int) -> Tensor:
    """Keys or values of a group of heads, once for each of them."""
    groups = x.shape[1]
    return x[:, :, None].expand(-1, -1, heads // groups, -1, -1).reshape(x.shape[0], heads, *x.shape[2:])


def _whole(query: Tensor, key: Tensor, value: Tensor, changed: Any, scale: float) -> tuple[Tensor, Tensor, Tensor]:
    """All scores."""
    b, h, i, j = (
        _place(size, dim) for dim, size in enumerate((query.shape[0], query.shape[1], query.shape[-2], key.shape[-2]))
    )
    scores = changed(query @ key.transpose(-1, -2) * scale, b, h, i, j)
    top = scores.amax(-1, keepdim=True)
    shares = (scores - top).exp()
    total = shares.sum(-1, keepdim=True)
    return shares @ value / total, total.squeeze(-1), top.squeeze(-1)


def _place(size: int, dim: int) -> Tensor:
    """Positions along one of four dimensions, as an operand; their numbers are not looked at."""
    with UNSEEN(), torch._C._DisableTorchDispatch():
        return torch.empty([size if at == dim else 1 for at in range(4)], dtype=torch.int64, device="meta")


def _by_blocks(
    blocks: Blocks, query: Tensor, key: Tensor, value: Tensor, changed: Any, scale: float
) -> tuple[Tensor, Tensor, Tensor]:
    """The scores of the blocks that the mask keeps; a row adds up those of its blocks."""
    rows, columns, values = blocks.cut(query, 0), blocks.cut(key, 1), blocks.cut(value, 1)
    q, k, v = rows[blocks.rows], columns[blocks.columns], values[blocks.columns]
    scores = changed(q @ k.transpose(-1, -2) * scale, *blocks.places())
    shape = rows.shape[:2]
    lowest = torch.full(shape, -math.inf, dtype=scores.dtype)
    top = lowest.index_reduce(0, blocks.rows, scores.amax(-1), "amax")
    shares = (scores - top[blocks.rows][..., None]).exp()
    total = torch.zeros(shape, dtype=scores.dtype).index_add(0, blocks.rows, shares.sum(-1))
    sums = torch.zeros(*shape, value.shape[-1], dtype=scores.dtype).index_add(0, blocks.rows, shares @ v)
    parts = [sums / total[..., None], total[..., None], top[..., None]]
    y, total, top = (blocks.joined(part, query) for part in parts)
    return y, total.squeeze(-1), top.squeeze(-1)


@contextmanager
def _one_kernel(rec: Recorder) -> Iterator[None]:
    """A block whose steps are those of one kernel, at one place."""
    steps = rec.recording.nodes
    before, site = len(steps), rec.module_calls.site()
    yield
    for step in steps[before:]:
        step.fused, step.site = True, site
