"""``flex_attention``: products by the blocks that a mask keeps, and what the program's own functions do."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch.nn.attention.flex_attention import create_block_mask, flex_attention

from netweight import weigh

pytestmark = pytest.mark.filterwarnings("ignore:flex_attention called without")

B, H, L, D = 2, 4, 256, 16
DENSE = B * H * L * L * 2 * D


class _Net(nn.Module):
    """Attention over heads that the input has already."""

    def __init__(self, attend: Callable[..., Any]) -> None:
        super().__init__()
        self.slopes = nn.Parameter(torch.ones(H))
        self.register_buffer("document", torch.arange(L) // 64)
        self.attend = attend

    def forward(self, q: Tensor, k: Tensor, v: Tensor) -> Any:
        return self.attend(self, q, k, v)


def _weigh(attend: Callable[..., Any], length: int = L, heads: int = H, **settings: Any) -> Any:
    keys = (B, heads, length, D)
    return weigh(_Net(attend), ((B, H, length, D), keys, keys), **settings)


def _masked(mask: Callable[..., Any], length: int = L, **settings: Any) -> Callable[..., Any]:
    def attend(m: Any, q: Tensor, k: Tensor, v: Tensor) -> Tensor:
        function = lambda b, h, i, j: mask(m, b, h, i, j)  # noqa: E731
        sizes = (settings.get("samples"), settings.get("heads"), length, length)
        blocks = create_block_mask(function, *sizes, device=q.device, BLOCK_SIZE=settings.get("block", 64))
        return flex_attention(q, k, v, block_mask=blocks)

    return attend


def _causal(_m: Any, _b: Tensor, _h: Tensor, i: Tensor, j: Tensor) -> Tensor:
    return i >= j


SPARSE: dict[str, tuple[Callable[..., Any], int, int]] = {
    "causal, blocks of 128": (_masked(_causal, block=128), 3, 4),
    "causal, blocks of 64": (_masked(_causal), 1 + 2 + 3 + 4, 16),
    "documents": (_masked(lambda m, _b, _h, i, j: m.document[i] == m.document[j]), 4, 16),
    "a window": (_masked(lambda _m, _b, _h, i, j: (i - j).abs() < 64), 4 + 2 * 3, 16),
    "one head sees all": (_masked(lambda _m, _b, h, i, j: (i >= j) | (h == 0), heads=H), 16 + 3 * 10, 4 * 16),
    "one sample sees all": (_masked(lambda _m, b, _h, i, j: (i >= j) | (b == 0), samples=B), 16 + 10, 2 * 16),
    "all": (_masked(lambda _m, _b, _h, i, j: i >= j - L), 1, 1),
}  # fmt: skip


@pytest.mark.parametrize("name", SPARSE)
def test_blocks_that_a_mask_leaves_out_are_not_counted(name: str) -> None:
    """The kept blocks of all, by hand: 64 or 128 rows and columns in each."""
    attend, kept, blocks = SPARSE[name]
    profile = _weigh(attend)
    assert profile.totals.macs * blocks == DENSE * kept
    assert profile.coverage.complete, profile.notes


def test_a_length_that_no_block_divides_is_filled_up() -> None:
    """200 rows are four blocks of 64: 10 of 16 blocks below the diagonal, each of 64 x 64 scores."""
    profile = _weigh(_masked(_causal, length=200), length=200)
    assert profile.totals.macs == B * H * 10 * 64 * 64 * 2 * D


def test_scores_that_a_program_changes_have_its_work() -> None:
    """Per score: scale, sum, largest of a row, difference to it, exponential, sum of a row; and the product with it.

    The product of slope and distance is the same for all samples; each element of the result is divided once.
    """

    def bent(m: Any, q: Tensor, k: Tensor, v: Tensor) -> Tensor:
        return flex_attention(q, k, v, score_mod=lambda s, _b, h, i, j: s + m.slopes[h] * (j - i))

    plain = _weigh(lambda _m, q, k, v: flex_attention(q, k, v))
    profile = _weigh(bent)
    assert plain.totals.macs == profile.totals.macs == DENSE
    assert plain.coverage.complete
    assert profile.coverage.complete
    assert profile.totals.params == H
    per_row = B * H * L * (4 * L + 2 * (L - 1) + D)
    assert profile.totals.flops == 2 * DENSE + per_row + H * L * L


def test_scores_are_no_activations() -> None:
    """The kernel keeps them on the chip: what is held is q, k, v and the result."""
    attend = lambda _m, q, k, v: flex_attention(q, k, v, score_mod=lambda s, *_: torch.tanh(s))  # noqa: E731
    for name in (attend, SPARSE["documents"][0]):
        peak = _weigh(name).activations["liveness"].peak_bytes
        assert peak < B * H * L * L * 4


@pytest.mark.filterwarnings("ignore:return_lse")
@pytest.mark.filterwarnings("ignore:`torch.jit")
@pytest.mark.parametrize("compiled", [False, True])
def test_grouped_heads_and_sums_of_rows(*, compiled: bool) -> None:
    call: Any = torch.compile(flex_attention) if compiled else flex_attention

    def attend(_m: Any, q: Tensor, k: Tensor, v: Tensor) -> Any:
        y, sums = call(q, k, v, enable_gqa=True, return_lse=True)
        return y * sums[..., None]

    profile = _weigh(attend, heads=2)
    assert profile.totals.macs == DENSE
    assert profile.model.inputs[1].shape == (B, 2, L, D)


def test_a_training_step_has_twice_the_products_backward() -> None:
    """Gradients of both operands of both products."""
    profile = _weigh(lambda m, q, k, v: flex_attention(q * m.slopes[:, None, None], k, v), training=True)
    assert profile.training.backward_macs == DENSE // 2 + DENSE // 2


def test_a_mask_that_data_decide_is_taken_to_keep_all() -> None:
    def attend(_m: Any, q: Tensor, k: Tensor, v: Tensor) -> Tensor:
        kept = q[:, 0, :, 0] > 0
        blocks = create_block_mask(lambda b, _h, _i, j: kept[b, j], B, None, L, L, device=q.device)
        return flex_attention(q, k, v, block_mask=blocks)

    profile = _weigh(attend)
    assert profile.totals.macs == DENSE
    assert not profile.coverage.complete
