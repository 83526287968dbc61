"""Small networks of what PyTorch programs are made of: views, writes in place, recurrence, attention."""

from __future__ import annotations

import math
from typing import Any

import torch
import torch.nn.functional as F  # noqa: N812
from torch import Tensor, nn


class UNet(nn.Module):
    """Down by convolutions with stride, up by transposed convolutions, joined level by level."""

    def __init__(self) -> None:
        super().__init__()
        self.down = nn.ModuleList([nn.Conv2d(3, 8, 3, 1, 1), nn.Conv2d(8, 16, 3, 2, 1), nn.Conv2d(16, 32, 4, 2, 1)])
        self.norms = nn.ModuleList([nn.GroupNorm(2, 8), nn.InstanceNorm2d(16, affine=True), nn.BatchNorm2d(32)])
        self.up = nn.ModuleList([
            nn.ConvTranspose2d(32, 16, 2, 2), nn.ConvTranspose2d(32, 8, 3, 2, 1, output_padding=1, groups=2),
        ])  # fmt: skip
        self.last = nn.Conv2d(16, 2, 1)

    def forward(self, x: Tensor) -> Tensor:
        skips = []
        for conv, norm in zip(self.down, self.norms, strict=True):
            x = F.leaky_relu(norm(conv(x)), 0.2, inplace=True)
            skips.append(x)
        skips.pop()
        for conv in self.up:
            x = torch.cat((F.silu(conv(x)), skips.pop()), dim=1)
        return F.interpolate(self.last(x), scale_factor=2, mode="nearest")


class SqueezeExcite(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv2d(4, 12, 3, padding=2, dilation=2, groups=2, padding_mode="reflect")
        self.reduce, self.expand = nn.Conv2d(12, 3, 1), nn.Conv2d(3, 12, 1)

    def forward(self, x: Tensor) -> Tensor:
        x = F.hardswish(self.conv(x))
        gate = self.expand(F.relu(self.reduce(x.mean((2, 3), keepdim=True))))
        x *= F.hardsigmoid(gate)
        return F.lp_pool2d(x, 2, 2) + F.adaptive_max_pool2d(x, x.shape[-1] // 2)


class OtherDimensions(nn.Module):
    """Convolution and pooling along one and three dimensions."""

    def __init__(self) -> None:
        super().__init__()
        self.line, self.back = nn.Conv1d(4, 6, 3, stride=2, dilation=2), nn.ConvTranspose1d(6, 4, 4, stride=2)
        self.space = nn.Conv3d(1, 4, (1, 2, 3), padding=(0, 1, 1))

    def forward(self, x: Tensor) -> Tensor:
        y = F.max_pool1d(F.softplus(self.back(torch.tanh(self.line(x)))), 3, 1, ceil_mode=True)
        z = F.avg_pool3d(self.space(x.unsqueeze(1).unsqueeze(-1)), (2, 2, 1), count_include_pad=False)
        return torch.cat((y.flatten(1), z.flatten(1)), dim=1)


class InPlace(nn.Module):
    """Writes through views of many kinds, read again through the tensor they look at."""

    def forward(self, x: Tensor) -> Tensor:
        y = x.clone()
        y[:, 0] = 1.5
        y[:, 1:3, ::2] += x[:, :2, 1::2]
        y.transpose(1, 2)[:, 0].mul_(2)
        rows = y.view(-1, x.shape[-1])
        rows[1].sub_(rows[0])
        first, second = y.chunk(2, dim=1)
        first.add_(second, alpha=0.5)
        y.unsqueeze(0).squeeze(0).narrow(2, 0, 2).clamp_(-1, 1)
        z = torch.empty_like(y)
        torch.mul(y, 3, out=z)
        z.copy_(z.flip(-1))
        y.select(1, 2).zero_()
        y.permute(2, 0, 1)[1].fill_(0.25)
        return y + z.addcmul_(x, x, value=0.1).masked_fill_(x > 1, 0.0) + rows.view_as(y)


class Views(nn.Module):
    """Shapes changed, parts cut out, repeated and put together."""

    def forward(self, x: Tensor) -> Tensor:
        a, b, c = x.split([1, 2, x.shape[1] - 3], dim=1)
        y = torch.stack([a.expand(-1, 2, -1), b], dim=-1).flatten(-2).movedim(1, 2)
        parts = torch.stack(c.unbind(1), 0).mT.reshape(len(c), -1)
        rolled = torch.roll(x, (1, -2), (1, 2)).contiguous()[..., None].repeat(1, 1, 1, 2)
        cut = x[:, :, 1:-1:2].swapaxes(0, 1).permute(2, 1, 0).sum(0).mT
        return torch.cat([y.reshape(len(x), -1), parts, rolled.flatten(1), cut.mT.reshape(len(x), -1)], dim=1)


class Recurrent(nn.Module):
    """LSTM and GRU, two layers, both directions; a cell in a loop."""

    def __init__(self) -> None:
        super().__init__()
        self.embedding = nn.Embedding(11, 6)
        self.lstm = nn.LSTM(6, 5, num_layers=2, bidirectional=True, batch_first=True)
        self.gru, self.cell = nn.GRU(10, 4), nn.LSTMCell(4, 3)

    def forward(self, tokens: Tensor) -> Tensor:
        y, _ = self.lstm(self.embedding(tokens))
        y, last = self.gru(y.transpose(0, 1))
        state = None
        for step in y:
            state = self.cell(step, state)
        assert state is not None
        return torch.cat((state[0], last[0]), dim=-1)


class EinsumAttention(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.qkv, self.out = nn.Linear(12, 36, bias=False), nn.Linear(12, 12)

    def forward(self, x: Tensor) -> Tensor:
        q, k, v = self.qkv(x).reshape(*x.shape[:2], 3, 3, 4).permute(2, 0, 3, 1, 4)
        scores = torch.einsum("bhid,bhjd->bhij", q * 4**-0.5, k)
        scores = scores - scores.amax(dim=-1, keepdim=True)
        shares = scores.exp() / scores.exp().sum(-1, keepdim=True)
        return self.out(torch.einsum("...ij,...jd->...id", shares, v).transpose(1, 2).flatten(2))


class MultiHead(nn.Module):
    """PyTorch's own layer: of itself with a mask, of something else, with weights."""

    def __init__(self) -> None:
        super().__init__()
        self.own, self.cross = (nn.MultiheadAttention(16, 4, batch_first=first) for first in (True, False))

    def forward(self, x: Tensor, memory: Tensor) -> tuple[Tensor, Tensor]:
        hidden = torch.triu(torch.full((x.shape[1], x.shape[1]), -math.inf, dtype=x.dtype), diagonal=1)
        x = x + self.own(x, x, x, attn_mask=hidden, need_weights=False, is_causal=True)[0]
        y, weights = self.cross(x.transpose(0, 1), memory.transpose(0, 1), memory.transpose(0, 1))
        return y.transpose(0, 1), weights


class Rotary(nn.Module):
    """Grouped queries, rotated by position, causal; root mean square normalisation and a gated network after it."""

    def __init__(self) -> None:
        super().__init__()
        self.norm, self.q, self.kv = nn.RMSNorm(16, eps=1e-6), nn.Linear(16, 16), nn.Linear(16, 8)
        self.up, self.gate, self.down = nn.Linear(16, 24), nn.Linear(16, 24), nn.Linear(24, 16)

    def rotate(self, x: Tensor) -> Tensor:
        frequency = 1.0 / 100 ** (torch.arange(0, 4, 2, dtype=x.dtype) / 4)
        angles = torch.outer(torch.arange(x.shape[-2], dtype=x.dtype), frequency).repeat(1, 2)
        low, high = x.chunk(2, dim=-1)
        return x * angles.cos() + torch.cat((-high, low), dim=-1) * angles.sin()

    def forward(self, x: Tensor) -> Tensor:
        y = self.norm(x)
        q = self.q(y).unflatten(-1, (4, 4)).transpose(1, 2)
        k, v = self.kv(y).view(*y.shape[:2], 2, 1, 4).expand(-1, -1, -1, 4, -1).permute(2, 0, 3, 1, 4)
        y = F.scaled_dot_product_attention(self.rotate(q), self.rotate(k), v, is_causal=True)
        x = x + y.transpose(1, 2).reshape(x.shape)
        return x + self.down(F.silu(self.gate(x)) * self.up(x))


class ConvNextBlock(nn.Module):
    def __init__(self, channels: int = 8) -> None:
        super().__init__()
        self.depthwise = nn.Conv2d(channels, channels, 7, padding=3, groups=channels)
        self.norm, self.gamma = nn.LayerNorm(channels, eps=1e-6), nn.Parameter(torch.randn(channels))
        self.wide, self.narrow = nn.Linear(channels, 4 * channels), nn.Linear(4 * channels, channels)

    def forward(self, x: Tensor) -> Tensor:
        y = self.norm(self.depthwise(x).permute(0, 2, 3, 1))
        y = self.narrow(F.gelu(self.wide(y), approximate="tanh")) * self.gamma
        return x + y.permute(0, 3, 1, 2)


class SwinBlock(nn.Module):
    """Attention within shifted windows, with a bias per relative position and a mask at the seams."""

    def __init__(self, window: int = 4, channels: int = 8, heads: int = 2) -> None:
        super().__init__()
        self.window, self.heads = window, heads
        self.norm, self.qkv, self.out = (
            nn.LayerNorm(channels),
            nn.Linear(channels, 3 * channels),
            nn.Linear(channels, channels),
        )
        self.table = nn.Parameter(torch.randn((2 * window - 1) ** 2, heads))
        at = torch.stack(torch.meshgrid(torch.arange(window), torch.arange(window), indexing="ij")).flatten(1)
        apart = (at[:, :, None] - at[:, None, :]).permute(1, 2, 0) + window - 1
        self.register_buffer("index", apart[..., 0] * (2 * window - 1) + apart[..., 1])

    def windows(self, x: Tensor) -> Tensor:
        n, h, w, c = x.shape
        x = x.view(n, h // self.window, self.window, w // self.window, self.window, c)
        return x.permute(0, 1, 3, 2, 4, 5).reshape(-1, self.window**2, c)

    def mask(self, h: int, w: int) -> Tensor:
        regions, shift = torch.zeros(1, h, w, 1), self.window // 2
        cuts = (slice(0, -self.window), slice(-self.window, -shift), slice(-shift, None))
        for number, (rows, columns) in enumerate((r, c) for r in cuts for c in cuts):
            regions[:, rows, columns] = number
        regions = self.windows(regions).squeeze(-1)
        return (regions[:, None] != regions[:, :, None]).float() * -100

    def forward(self, x: Tensor) -> Tensor:
        n, h, w, c = x.shape
        shift = self.window // 2
        parts = self.windows(torch.roll(self.norm(x), shifts=(-shift, -shift), dims=(1, 2)))
        q, k, v = self.qkv(parts).reshape(len(parts), -1, 3, self.heads, c // self.heads).permute(2, 0, 3, 1, 4)
        scores = (q * (c // self.heads) ** -0.5) @ k.transpose(-2, -1)
        bias = self.table[self.index.view(-1)].view(self.window**2, self.window**2, -1).permute(2, 0, 1)
        scores = scores + bias.contiguous().unsqueeze(0)
        mask = self.mask(h, w).to(x.dtype)
        scores = scores.view(n, -1, self.heads, *scores.shape[-2:]) + mask[None, :, None]
        y = (
            (scores.view(len(parts), self.heads, *scores.shape[-2:]).softmax(-1) @ v)
            .transpose(1, 2)
            .reshape(parts.shape)
        )
        y = self.out(y).view(n, h // self.window, w // self.window, self.window, self.window, c)
        return x + torch.roll(y.permute(0, 1, 3, 2, 4, 5).reshape(x.shape), (shift, shift), (1, 2))


class Shuffled(nn.Module):
    """Channels in another order, pixels from channels, resized, gated."""

    def __init__(self) -> None:
        super().__init__()
        self.first, self.second = nn.Conv2d(4, 8, 1, groups=2), nn.Conv2d(8, 16, 3, padding=1)
        self.prelu = nn.PReLU(8)

    def forward(self, x: Tensor) -> Tensor:
        y = F.channel_shuffle(self.prelu(self.first(x)), 2)
        y = F.pixel_shuffle(F.pad(self.second(y), (1, 0, 2, 1), mode="replicate"), 2)
        y = F.interpolate(y, size=(10, 14), mode="bilinear", align_corners=False)
        return F.normalize(F.glu(y, dim=1), dim=1) * y.std(dim=1, keepdim=True)


class Logic(nn.Module):
    """Comparisons, choices, sorting and picking."""

    def forward(self, x: Tensor) -> tuple[Tensor, ...]:
        largest, where = x.max(dim=-1)
        top, _ = x.topk(3, dim=-1)
        mask = (x > 0) & ~(x > 1) | (x == largest[..., None])
        y = torch.where(mask, x.exp().log1p(), x.sigmoid().clamp(min=0.2))
        picked = x.gather(-1, where[..., None])
        sums = x.cumsum(-1).sort(dim=-1, descending=True).values
        return y.logsumexp(-1), top, picked, sums, mask.any(-1), x.argmin(1), y.norm(dim=1)


def transformer() -> nn.Module:
    """PyTorch's own encoder and decoder."""
    return nn.Transformer(16, 4, 2, 2, 32, dropout=0.0, batch_first=True)


BLOCKS: dict[str, tuple[Any, tuple[tuple[int, ...], ...]]] = {
    "unet": (UNet, ((2, 3, 16, 24),)),
    "squeeze_excite": (SqueezeExcite, ((2, 4, 8, 8),)),
    "other_dimensions": (OtherDimensions, ((2, 4, 12),)),
    "in_place": (InPlace, ((2, 4, 6),)),
    "views": (Views, ((2, 6, 5),)),
    "einsum_attention": (EinsumAttention, ((2, 5, 12),)),
    "multi_head": (MultiHead, ((2, 5, 16), (2, 7, 16))),
    "rotary": (Rotary, ((2, 6, 16),)),
    "convnext": (ConvNextBlock, ((2, 8, 9, 9),)),
    "swin": (SwinBlock, ((2, 8, 12, 8),)),
    "shuffled": (Shuffled, ((2, 4, 6, 6),)),
    "logic": (Logic, ((2, 4, 7),)),
    "transformer": (transformer, ((2, 5, 16), (2, 6, 16))),
}
"""What makes the network, and the shapes of its inputs."""
