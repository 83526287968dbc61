"""Attention whose probabilities are dropped: PyTorch has no kernel for it on a CPU, and keeps scores."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import nn
from torch.utils.flop_counter import FlopCounterMode

from eager.saved import kept_pieces
from netweight import weigh


class Dropping(nn.Module):
    """Attention of x to other, eight features a head."""

    def __init__(self, *, mask: Any = None, p: float = 0.1, **settings: Any) -> None:
        super().__init__()
        self.q, self.k, self.v = (nn.Linear(8, 8) for _ in range(3))
        self.mask, self.p, self.settings = mask, p, settings

    def forward(self, x: Any, other: Any) -> Any:
        q, k, v = self.q(x), self.k(other), self.v(other)
        p = self.p if self.training else 0.0
        return nn.functional.scaled_dot_product_attention(q, k, v, self.mask, p, **self.settings)


class Itself(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.attention = nn.MultiheadAttention(8, 2, 0.1, batch_first=True)

    def forward(self, x: Any, _other: Any) -> Any:
        return self.attention(x, x, x, need_weights=False)[0]


SEEN = torch.ones(2, 1, 6, 5, dtype=torch.bool).tril()
QUERIES, KEYS = (2, 4, 6, 8), (2, 4, 5, 8)
# x, other, scaled queries, scaled keys, values; probabilities, their mask in numbers, those that are left.
KEPT = 4 * (2 * 2 * 4 * 6 * 8 + 3 * 2 * 4 * 5 * 8 + 3 * 2 * 4 * 6 * 5)


@pytest.mark.parametrize(
    ("module", "shapes", "kept"),
    [
        (Dropping(), (QUERIES, KEYS), KEPT),
        (Dropping(is_causal=True), (QUERIES, KEYS), KEPT),
        (Dropping(mask=SEEN), (QUERIES, KEYS), KEPT),
        (Dropping(mask=torch.zeros(6, 5)), (QUERIES, KEYS), KEPT),
        (Dropping(scale=0.5), (QUERIES, KEYS), KEPT),
        # Of the other 2 of 4 heads; keys and values once for each head of the queries.
        (
            Dropping(enable_gqa=True),
            (QUERIES, (2, 2, 5, 8)),
            KEPT - 4 * 2 * 2 * 5 * 8,
        ),
        (Dropping(), (QUERIES[1:], KEYS[1:]), KEPT // 2),
        (Dropping(), (QUERIES[2:], KEYS[2:]), KEPT // 8),
        # x, all three projections in one piece for the values, scaled queries and keys, scores, what is projected.
        (Itself(), ((2, 6, 8), (1,)), 4 * ((1 + 3 + 1 + 1 + 1) * 2 * 6 * 8 + 3 * 2 * 2 * 6 * 6)),
    ],
)
def test_dropped_probabilities_are_kept(module: nn.Module, shapes: tuple[Any, ...], kept: int) -> None:
    given = tuple(torch.randn(shape) for shape in shapes)
    step = weigh(module.train(), given, training=True).training
    assert step is not None
    assert step.saved_activation_bytes == kept
    assert sum(nbytes for nbytes, _ in kept_pieces(module, given)[1].values()) == kept
    with FlopCounterMode(display=False) as forward:
        y = module(*given)
    with FlopCounterMode(display=False) as backward:
        y.sum().backward()
    assert (step.forward_macs, step.backward_macs) == (
        forward.get_total_flops() // 2,
        backward.get_total_flops() // 2,
    )


def test_work_of_dropping() -> None:
    given = (torch.randn(QUERIES), torch.randn(KEYS))
    module = Dropping()
    trained = weigh(module, given, training=True)
    rows = {row.layer: row for row in trained.layers}
    assert rows["dropout"].muls == rows["softmax"].exps == 2 * 4 * 6 * 5
    fused = weigh(module, given)
    assert "scaled_dot_product_attention" in {row.op for row in fused.layers}
    assert trained.totals.macs == fused.totals.macs
