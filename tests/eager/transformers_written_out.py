"""Transformers as people write them in plain PyTorch, small."""

from __future__ import annotations

import math
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812

WIDTH, HEADS, VOCABULARY, POSITIONS = 64, 4, 100, 64
EACH = WIDTH // HEADS


def embedding(count: int = VOCABULARY, width: int = WIDTH) -> nn.Embedding:
    return nn.Embedding(count, width)


class GptBlock(nn.Module):
    """Scores, mask and softmax written out."""

    def __init__(self) -> None:
        super().__init__()
        self.ln_1, self.ln_2 = nn.LayerNorm(WIDTH), nn.LayerNorm(WIDTH)
        self.qkv, self.out = nn.Linear(WIDTH, 3 * WIDTH), nn.Linear(WIDTH, WIDTH)
        self.up, self.down = nn.Linear(WIDTH, 4 * WIDTH), nn.Linear(4 * WIDTH, WIDTH)

    def forward(self, x: Tensor, mask: Tensor) -> Tensor:
        n, length, _ = x.shape
        query, key, value = (
            part.view(n, length, HEADS, EACH).transpose(1, 2) for part in self.qkv(self.ln_1(x)).split(WIDTH, 2)
        )
        scores = (query @ key.transpose(-2, -1)) * (1 / math.sqrt(EACH))
        scores = scores.masked_fill(mask[:, :, :length, :length] == 0, float("-inf")).softmax(-1)
        x = x + self.out((scores @ value).transpose(1, 2).contiguous().view(n, length, WIDTH))
        return x + self.down(F.gelu(self.up(self.ln_2(x))))


class Gpt(nn.Module):
    """As GPT-2: learned positions, the embedding as the head."""

    def __init__(self) -> None:
        super().__init__()
        self.tokens, self.positions = embedding(), embedding(POSITIONS)
        self.blocks = nn.ModuleList(GptBlock() for _ in range(2))
        self.mask: Tensor
        self.register_buffer("mask", torch.tril(torch.ones(POSITIONS, POSITIONS)).view(1, 1, POSITIONS, POSITIONS))

    def forward(self, ids: Tensor) -> Tensor:
        x = self.tokens(ids) + self.positions(torch.arange(ids.shape[1]))
        for block in self.blocks:
            x = block(x, self.mask)
        return x @ self.tokens.weight.T


class LlamaBlock(nn.Module):
    """Two heads of keys and values for four of queries, turned by their positions; a gated feed-forward part."""

    def __init__(self) -> None:
        super().__init__()
        self.norm_1, self.norm_2 = nn.RMSNorm(WIDTH), nn.RMSNorm(WIDTH)
        self.query, self.out = nn.Linear(WIDTH, WIDTH, bias=False), nn.Linear(WIDTH, WIDTH, bias=False)
        self.key, self.value = nn.Linear(WIDTH, 2 * EACH, bias=False), nn.Linear(WIDTH, 2 * EACH, bias=False)
        self.gate, self.up = nn.Linear(WIDTH, 160, bias=False), nn.Linear(WIDTH, 160, bias=False)
        self.down = nn.Linear(160, WIDTH, bias=False)

    def forward(self, x: Tensor, cos: Tensor, sin: Tensor) -> Tensor:
        n, length, _ = x.shape
        y = self.norm_1(x)
        query, key, value = (
            layer(y).view(n, length, -1, EACH).transpose(1, 2) for layer in (self.query, self.key, self.value)
        )
        query, key = turned(query, cos, sin), turned(key, cos, sin)
        key, value = key.repeat_interleave(2, 1), value.repeat_interleave(2, 1)
        y = F.scaled_dot_product_attention(query, key, value, is_causal=True)
        x = x + self.out(y.transpose(1, 2).reshape(n, length, WIDTH))
        y = self.norm_2(x)
        return x + self.down(F.silu(self.gate(y)) * self.up(y))


def turned(x: Tensor, cos: Tensor, sin: Tensor) -> Tensor:
    """Rotary positions."""
    first, second = x.chunk(2, -1)
    return x * cos + torch.cat((-second, first), -1) * sin


class Llama(nn.Module):
    """As Llama: root mean squares, rotary positions computed in the forward, grouped queries."""

    def __init__(self) -> None:
        super().__init__()
        self.tokens, self.norm = embedding(), nn.RMSNorm(WIDTH)
        self.blocks = nn.ModuleList(LlamaBlock() for _ in range(2))
        self.head = nn.Linear(WIDTH, VOCABULARY, bias=False)

    def forward(self, ids: Tensor) -> Tensor:
        x = self.tokens(ids)
        angles = torch.outer(torch.arange(ids.shape[1]), 1 / 10000 ** (torch.arange(0, EACH, 2) / EACH))
        angles = torch.cat((angles, angles), -1)
        cos, sin = angles.cos(), angles.sin()
        for block in self.blocks:
            x = block(x, cos, sin)
        return self.head(self.norm(x))


class T5(nn.Module):
    """Encoder and decoder, the decoder with a bias of relative positions."""

    def __init__(self) -> None:
        super().__init__()
        self.tokens, self.relative = embedding(), embedding(32, HEADS)
        self.body = nn.Transformer(WIDTH, HEADS, 2, 2, 128, batch_first=True, norm_first=True, dropout=0.0)

    def forward(self, ids: Tensor, decoded: Tensor) -> Tensor:
        at = torch.arange(decoded.shape[1])
        bias = self.relative((at[:, None] - at).clamp(-15, 16) + 15).permute(2, 0, 1).repeat(len(ids), 1, 1)
        return self.body(self.tokens(ids), self.tokens(decoded), tgt_mask=bias)


def encoder() -> nn.Module:
    """PyTorch's own encoder, as BERT has it."""
    return nn.TransformerEncoder(nn.TransformerEncoderLayer(WIDTH, HEADS, 128, batch_first=True), 2)


def ids(length: int) -> Any:
    return torch.arange(2 * length).view(2, length) % VOCABULARY
