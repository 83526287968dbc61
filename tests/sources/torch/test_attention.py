"""Attention in all the ways it is written: the same MACs by hand, from PyTorch's counter, and the same numbers."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import nullcontext
from typing import Any

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from torch import Tensor, nn  # noqa: E402
from torch.nn import functional as F  # noqa: E402, N812
from torch.utils.flop_counter import FlopCounterMode  # noqa: E402

import netweight  # noqa: E402
from netweight.runtime.kernels import KERNELS  # noqa: E402
from netweight.sources.torch import Capture, capture_module  # noqa: E402

N, L, E, H = 2, 5, 12, 4
PROJECTION = N * L * E * E
PRODUCTS = 2 * N * L * L * E
BLOCK = 4 * PROJECTION + PRODUCTS


class Written(nn.Module):
    """Self-attention by hand; ``how`` says with which operator."""

    def __init__(self, how: str) -> None:
        super().__init__()
        self.how = how
        self.q, self.k, self.v, self.out = (nn.Linear(E, E) for _ in range(4))

    def forward(self, x: Tensor) -> Tensor:
        q, k, v = (layer(x).view(N, L, H, E // H).transpose(1, 2) for layer in (self.q, self.k, self.v))
        y = getattr(self, self.how)(q, k, v)
        return self.out(y.transpose(1, 2).reshape(N, L, E))

    def matmul(self, q: Tensor, k: Tensor, v: Tensor) -> Tensor:
        scores = q @ k.transpose(-2, -1) / (E // H) ** 0.5
        mask = torch.ones(L, L, dtype=torch.bool, device=q.device).tril()
        return scores.masked_fill(~mask, float("-inf")).softmax(-1) @ v

    def einsum(self, q: Tensor, k: Tensor, v: Tensor) -> Tensor:
        scores = torch.einsum("nhle,nhse->nhls", q, k)
        return torch.einsum("nhls,nhse->nhle", scores.softmax(-1), v)

    def bmm(self, q: Tensor, k: Tensor, v: Tensor) -> Tensor:
        q, k, v = (t.reshape(N * H, L, E // H) for t in (q, k, v))
        bias = torch.zeros(N * H, L, L, device=q.device)
        scores = torch.baddbmm(bias, q, k.transpose(1, 2), beta=0, alpha=0.5)
        return torch.bmm(scores.softmax(-1), v).view(N, H, L, E // H)

    def fused(self, q: Tensor, k: Tensor, v: Tensor) -> Tensor:
        return F.scaled_dot_product_attention(q, k, v)

    def causal(self, q: Tensor, k: Tensor, v: Tensor) -> Tensor:
        return F.scaled_dot_product_attention(q, k, v, is_causal=True)

    def boolean(self, q: Tensor, k: Tensor, v: Tensor) -> Tensor:
        mask = torch.ones(L, L, dtype=torch.bool, device=q.device).triu()
        return F.scaled_dot_product_attention(q, k, v, attn_mask=mask)

    def added(self, q: Tensor, k: Tensor, v: Tensor) -> Tensor:
        return F.scaled_dot_product_attention(q, k, v, attn_mask=q.new_ones(1, 1, L, L).tril(), scale=0.3)


class Grouped(nn.Module):
    """Four query heads, two key heads."""

    def forward(self, q: Tensor, k: Tensor, v: Tensor) -> Tensor:
        return F.scaled_dot_product_attention(q, k, v, enable_gqa=True)


class Tied(nn.Module):
    """A language model whose output layer is its embedding table."""

    def __init__(self) -> None:
        super().__init__()
        self.embed = nn.Embedding(17, E)
        self.attention = Written("causal")
        self.head = nn.Linear(E, 17, bias=False)
        self.head.weight = self.embed.weight

    def forward(self, tokens: Tensor) -> Tensor:
        return self.head(self.attention(self.embed(tokens)))


def captured(module: nn.Module, *inputs: Tensor, **named: Tensor) -> Capture:
    """Capture of a module that came to its end and knows every operator."""
    capture = capture_module(module, {**named} if named else inputs)
    assert capture.error is None
    assert not [node.op for node in capture.graph.nodes if node.op.startswith("aten.")]
    return capture


def macs(capture: Capture) -> int:
    return netweight.weigh(capture.graph).totals.macs


def by_counter(module: nn.Module, *inputs: Tensor, **named: Tensor) -> int:
    with torch.no_grad(), FlopCounterMode(display=False) as counter:
        module.to("meta")(*(x.to("meta") for x in inputs), **{name: x.to("meta") for name, x in named.items()})
    return int(counter.get_total_flops()) // 2


def same_numbers(capture: Capture, module: nn.Module, *inputs: Tensor) -> bool:
    """Whether running the graph gives what PyTorch gives, output by output."""
    given = dict(zip(capture.graph.inputs, (x.numpy() for x in inputs), strict=True))
    run = netweight.run(capture.graph, given, capture.weights(), kernels=KERNELS["im2col"])
    with torch.no_grad():
        expected = module(*inputs)
    for name, tensor in zip(capture.graph.outputs, leaves(expected), strict=True):
        np.testing.assert_allclose(run.outputs[name], tensor.numpy(), rtol=1e-4, atol=1e-5)
    return True


def leaves(result: Any) -> Iterator[Tensor]:
    if isinstance(result, Tensor):
        yield result
    elif isinstance(result, tuple):
        for item in result:
            yield from leaves(item)


@pytest.fixture(autouse=True)
def _seed() -> None:
    torch.manual_seed(0)


@pytest.mark.parametrize("how", ["matmul", "einsum", "bmm", "fused", "causal", "boolean", "added"])
def test_written_attention(how: str) -> None:
    module, x = Written(how).eval(), torch.randn(N, L, E)
    capture = captured(module, x)
    assert macs(capture) == BLOCK == 4 * 2 * 5 * 12 * 12 + 2 * 2 * 5 * 5 * 12
    assert same_numbers(capture, module, x)
    assert by_counter(module, x) == BLOCK


def test_fused_attention_stays_one_node() -> None:
    ops = [node.op for node in captured(Written("causal"), torch.randn(N, L, E)).graph.nodes]
    assert ops.count("scaled_dot_product_attention") == 1
    assert "softmax" not in ops


def test_grouped_heads() -> None:
    q, k, v = torch.randn(N, 4, L, 8), torch.randn(N, 2, L, 8), torch.randn(N, 2, L, 8)
    module = Grouped()
    capture = captured(module, q, k, v)
    assert macs(capture) == 2 * (N * 4 * L * L * 8)
    assert same_numbers(capture, module, q, k, v)


@pytest.mark.parametrize("need_weights", [True, False])
@pytest.mark.parametrize("batch_first", [True, False])
@pytest.mark.parametrize("training", [True, False])
@pytest.mark.parametrize("grad", [True, False])
def test_multihead_attention(need_weights: bool, batch_first: bool, training: bool, grad: bool) -> None:
    class Wrapped(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.attention = nn.MultiheadAttention(E, H, batch_first=batch_first)

        def forward(self, x: Tensor) -> Any:
            return self.attention(x, x, x, need_weights=need_weights)

    module = Wrapped().train(training)
    x = torch.randn(N, L, E) if batch_first else torch.randn(L, N, E)
    with nullcontext() if grad else torch.no_grad():
        capture = captured(module, x)
    assert macs(capture) == BLOCK
    assert len(capture.graph.outputs) == (2 if need_weights else 1)
    assert same_numbers(capture, module, x)
    assert by_counter(module.train(), x) == BLOCK  # training keeps PyTorch off its fused path, which it does not count


def encoder(dropout: float = 0.0) -> nn.Module:
    layer = nn.TransformerEncoderLayer(E, H, dim_feedforward=20, dropout=dropout, batch_first=True)
    return nn.TransformerEncoder(layer, 2)


def test_encoder_is_the_same_in_both_modes() -> None:
    by_hand = 2 * (BLOCK + 2 * N * L * E * 20)
    module, x = encoder(), torch.randn(N, L, E)
    trained, evaluated = captured(module.train(), x), captured(module.eval(), x)
    assert macs(trained) == macs(evaluated) == by_hand
    assert same_numbers(evaluated, module.eval(), x)
    assert same_numbers(trained, module.train(), x)
    assert by_counter(module.train(), x) == by_hand


def test_encoder_with_dropout_in_training() -> None:
    capture = captured(encoder(0.1).train(), torch.randn(N, L, E))
    assert [node.op for node in capture.graph.nodes].count("dropout") >= 2 * 3  # after attention, inside and after MLP
    assert macs(capture) == 2 * (BLOCK + 2 * N * L * E * 20)


def test_fast_path_setting_is_left_as_it_was() -> None:
    before = torch.backends.mha.get_fastpath_enabled()
    captured(encoder().eval(), torch.randn(N, L, E))
    assert torch.backends.mha.get_fastpath_enabled() == before


def test_tied_embeddings_count_once() -> None:
    module, tokens = Tied().eval(), torch.randint(17, (N, L))
    capture = captured(module, tokens)
    profile = netweight.weigh(capture.graph)
    assert profile.totals.params == 17 * E + 4 * (E * E + E)
    assert profile.totals.macs == BLOCK + N * L * E * 17
    assert same_numbers(capture, module, tokens)
    assert by_counter(module, tokens) == BLOCK + N * L * E * 17
