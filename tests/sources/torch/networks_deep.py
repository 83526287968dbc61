"""The built-in residual, dense, separable and attention networks once more, written in plain PyTorch."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import torch
import torch.nn.functional as F  # noqa: N812
from torch import Tensor, nn

from sources.torch.networks import Classifier, named, relu


class Residual(nn.Module):
    """A bottleneck or a pair of 3 x 3 convolutions, added to its input."""

    def __init__(self, before: int, width: int, stride: int, bottleneck: bool) -> None:
        super().__init__()
        after = 4 * width if bottleneck else width
        kernels = ((1, 1), (3, stride), (1, 1)) if bottleneck else ((3, stride), (3, 1))
        channels = [before, *(width,) * (len(kernels) - 1), after]
        for index, (kernel, step) in enumerate(kernels, start=1):
            conv = nn.Conv2d(channels[index - 1], channels[index], kernel, step, kernel // 2, bias=False)
            self.add_module(f"conv{index}", conv)
            self.add_module(f"bn{index}", nn.BatchNorm2d(channels[index]))
        self.steps = len(kernels)
        self.downsample = None
        if stride > 1 or before != after:
            self.downsample = nn.Sequential(nn.Conv2d(before, after, 1, stride, bias=False), nn.BatchNorm2d(after))

    def forward(self, x: Tensor) -> Tensor:
        y = x
        for index in range(1, self.steps + 1):
            y = getattr(self, f"bn{index}")(getattr(self, f"conv{index}")(y))
            y = y.relu_() if index < self.steps else y
        y += x if self.downsample is None else self.downsample(x)
        return y.relu_()


def resnet(counts: Sequence[int], bottleneck: bool) -> nn.Module:
    stages, before = {}, 64
    for stage, (width, count) in enumerate(zip((64, 128, 256, 512), counts, strict=True), start=1):
        blocks = []
        for index in range(count):
            blocks.append(Residual(before, width, 2 if stage > 1 and index == 0 else 1, bottleneck))
            before = 4 * width if bottleneck else width
        stages[f"layer{stage}"] = nn.Sequential(*blocks)
    return named(
        conv1=nn.Conv2d(3, 64, 7, 2, 3, bias=False), bn1=nn.BatchNorm2d(64), relu=relu(),
        maxpool=nn.MaxPool2d(3, 2, 1), **stages,
        avgpool=nn.AdaptiveAvgPool2d(1), flatten=nn.Flatten(), fc=nn.Linear(before, 1000),
    )  # fmt: skip


class DenseLayer(nn.Module):
    def __init__(self, before: int, growth: int) -> None:
        super().__init__()
        self.norm1, self.conv1 = nn.BatchNorm2d(before), nn.Conv2d(before, 4 * growth, 1, bias=False)
        self.norm2, self.conv2 = nn.BatchNorm2d(4 * growth), nn.Conv2d(4 * growth, growth, 3, padding=1, bias=False)

    def forward(self, features: list[Tensor]) -> Tensor:
        x = self.conv1(F.relu(self.norm1(torch.cat(features, 1)), inplace=True))
        return self.conv2(F.relu(self.norm2(x), inplace=True))


class DenseBlock(nn.Module):
    def __init__(self, before: int, count: int, growth: int) -> None:
        super().__init__()
        for index in range(count):
            self.add_module(f"denselayer{index + 1}", DenseLayer(before + index * growth, growth))

    def forward(self, x: Tensor) -> Tensor:
        features = [x]
        for layer in self.children():
            features.append(layer(features))
        return torch.cat(features, 1)


def densenet(counts: Sequence[int], growth: int = 32) -> nn.Module:
    layers: dict[str, nn.Module] = {
        "conv0": nn.Conv2d(3, 64, 7, 2, 3, bias=False), "norm0": nn.BatchNorm2d(64), "relu0": relu(),
        "pool0": nn.MaxPool2d(3, 2, 1),
    }  # fmt: skip
    channels = 64
    for index, count in enumerate(counts, start=1):
        if index > 1:
            layers[f"transition{index - 1}"] = named(
                norm=nn.BatchNorm2d(channels), relu=relu(), conv=nn.Conv2d(channels, channels // 2, 1, bias=False),
                pool=nn.AvgPool2d(2),
            )  # fmt: skip
            channels //= 2
        layers[f"denseblock{index}"] = DenseBlock(channels, count, growth)
        channels += count * growth
    features = named(**layers, **{f"norm{len(counts) + 1}": nn.BatchNorm2d(channels), "relu": relu()})
    return Classifier(features, 1, nn.Linear(channels, 1000))


def _filtered(before: int, after: int, kernel: int = 3, stride: int = 1, groups: int = 1) -> nn.Sequential:
    conv = nn.Conv2d(before, after, kernel, stride, kernel // 2, groups=groups, bias=False)
    return nn.Sequential(conv, nn.BatchNorm2d(after), nn.ReLU6(inplace=True))


def mobilenet_v1() -> nn.Module:
    layers: dict[str, nn.Module] = {}

    def add(prefix: str, before: int, after: int, **options: int) -> dict[str, nn.Module]:
        return dict(zip((prefix, f"{prefix}_bn", f"{prefix}_relu"), _filtered(before, after, **options), strict=True))

    layers |= add("conv", 3, 32, stride=2)
    before = 32
    plan = ((64, 1), (128, 2), (128, 1), (256, 2), (256, 1), (512, 2), *((512, 1),) * 5, (1024, 2), (1024, 1))
    for index, (after, stride) in enumerate(plan, start=1):
        depthwise = add("dw", before, before, stride=stride, groups=before)
        layers[f"block{index}"] = named(**depthwise, **add("pw", before, after, kernel=1))
        before = after
    return named(
        **layers, avgpool=nn.AdaptiveAvgPool2d(1), flatten=nn.Flatten(), dropout=nn.Dropout(), fc=nn.Linear(1024, 1000)
    )


class InvertedResidual(nn.Module):
    def __init__(self, before: int, after: int, expansion: int, stride: int) -> None:
        super().__init__()
        wide = before * expansion
        expand = [_filtered(before, wide, 1)] if expansion > 1 else []
        project = (nn.Conv2d(wide, after, 1, bias=False), nn.BatchNorm2d(after))
        self.conv = nn.Sequential(*expand, _filtered(wide, wide, 3, stride, wide), *project)
        self.adds = stride == 1 and before == after

    def forward(self, x: Tensor) -> Tensor:
        return x + self.conv(x) if self.adds else self.conv(x)


def mobilenet_v2() -> nn.Module:
    features: list[nn.Module] = [_filtered(3, 32, stride=2)]
    before = 32
    for expansion, after, count, first in (
        (1, 16, 1, 1), (6, 24, 2, 2), (6, 32, 3, 2), (6, 64, 4, 2), (6, 96, 3, 1), (6, 160, 3, 2), (6, 320, 1, 1),
    ):  # fmt: skip
        for index in range(count):
            features.append(InvertedResidual(before, after, expansion, first if index == 0 else 1))
            before = after
    features.append(_filtered(320, 1280, 1))
    return Classifier(nn.Sequential(*features), 1, nn.Sequential(nn.Dropout(), nn.Linear(1280, 1000)))


def separable(before: int, after: int) -> nn.Module:
    depthwise = nn.Conv2d(before, before, 3, padding=1, groups=before, bias=False)
    return named(depthwise=depthwise, pointwise=nn.Conv2d(before, after, 1, bias=False))


class Added(nn.Module):
    """A chain of layers, and a projection of its input or the input itself, added."""

    def __init__(self, chain: nn.Module, shortcut: nn.Module | None = None) -> None:
        super().__init__()
        self.chain, self.shortcut = chain, shortcut

    def forward(self, x: Tensor) -> Tensor:
        shortcut = x if self.shortcut is None else self.shortcut(x)
        return self.chain(x) + shortcut


def xception() -> nn.Module:
    """Pools pad both sides, which is what "same" means where the sizes are odd."""

    def chain(block: int, *channels: int, active: bool = True) -> dict[str, nn.Module]:
        layers: dict[str, nn.Module] = {}
        for index, (before, after) in enumerate(pairwise(channels), start=1):
            name = f"block{block}_sepconv{index}"
            layers |= {f"{name}_act": nn.ReLU()} if active or index > 1 else {}
            layers |= {name: separable(before, after), f"{name}_bn": nn.BatchNorm2d(after)}
        return layers

    def shrinking(block: int, *channels: int, active: bool = True) -> nn.Module:
        layers = chain(block, *channels, active=active)
        shortcut = (nn.Conv2d(channels[0], channels[-1], 1, 2, bias=False), nn.BatchNorm2d(channels[-1]))
        return Added(named(**layers, pool=nn.MaxPool2d(3, 2, 1)), nn.Sequential(*shortcut))

    layers: dict[str, nn.Module] = {}
    for index, (before, after, stride) in enumerate(((3, 32, 2), (32, 64, 1)), start=1):
        name = f"block1_conv{index}"
        layers |= {name: nn.Conv2d(before, after, 3, stride, bias=False), f"{name}_bn": nn.BatchNorm2d(after)}
        layers[f"{name}_act"] = nn.ReLU()
    layers["block2"] = shrinking(2, 64, 128, 128, active=False)
    layers |= {"block3": shrinking(3, 128, 256, 256), "block4": shrinking(4, 256, 728, 728)}
    layers |= {f"block{block}": Added(named(**chain(block, 728, 728, 728, 728))) for block in range(5, 13)}
    layers["block13"] = shrinking(13, 728, 728, 1024)
    for index, (before, after) in enumerate(((1024, 1536), (1536, 2048)), start=1):
        name = f"block14_sepconv{index}"
        layers |= {name: separable(before, after), f"{name}_bn": nn.BatchNorm2d(after), f"{name}_act": nn.ReLU()}
    return named(**layers, avg_pool=nn.AdaptiveAvgPool2d(1), flatten=nn.Flatten(), predictions=nn.Linear(2048, 1000))


class SelfAttention(nn.Module):
    def __init__(self, embed_dim: int, num_heads: int) -> None:
        super().__init__()
        self.in_proj, self.out_proj = nn.Linear(embed_dim, 3 * embed_dim), nn.Linear(embed_dim, embed_dim)
        self.num_heads = num_heads

    def forward(self, x: Tensor) -> Tensor:
        n, length, embed_dim = x.shape
        heads = [
            part.view(n, length, self.num_heads, -1).transpose(1, 2) for part in self.in_proj(x).split(embed_dim, -1)
        ]
        mixed = F.scaled_dot_product_attention(*heads)
        return self.out_proj(mixed.transpose(1, 2).reshape(n, length, embed_dim))


class EncoderLayer(nn.Module):
    def __init__(
        self, embed_dim: int, num_heads: int, mlp_dim: int, norm_first: bool, activation: type[nn.Module], eps: float
    ) -> None:
        super().__init__()
        self.ln_1, self.ln_2 = nn.LayerNorm(embed_dim, eps=eps), nn.LayerNorm(embed_dim, eps=eps)
        self.self_attention = SelfAttention(embed_dim, num_heads)
        self.mlp = named(**{
            "0": nn.Linear(embed_dim, mlp_dim), "1": activation(), "2": nn.Dropout(),
            "3": nn.Linear(mlp_dim, embed_dim), "4": nn.Dropout(),
        })  # fmt: skip
        self.norm_first = norm_first

    def forward(self, x: Tensor) -> Tensor:
        if self.norm_first:
            x = x + self.self_attention(self.ln_1(x))
            return x + self.mlp(self.ln_2(x))
        x = self.ln_1(x + self.self_attention(x))
        return self.ln_2(x + self.mlp(x))


def encoder(
    embed_dim: int = 512, depth: int = 6, num_heads: int = 8, mlp_dim: int = 2048, *, norm_first: bool = False,
    activation: type[nn.Module] = nn.ReLU, eps: float = 1e-5,
) -> nn.Module:  # fmt: skip
    """An encoder over embeddings."""
    layers = nn.Sequential()
    for index in range(depth):
        layer = EncoderLayer(embed_dim, num_heads, mlp_dim, norm_first, activation, eps)
        layers.add_module(f"encoder_layer_{index}", layer)
    return named(layers=layers, **({"ln": nn.LayerNorm(embed_dim, eps=eps)} if norm_first else {}))


class VisionTransformer(nn.Module):
    def __init__(self, size: int = 224, patch: int = 16, embed_dim: int = 768, depth: int = 12) -> None:
        super().__init__()
        self.conv_proj = nn.Conv2d(3, embed_dim, patch, patch)
        self.class_token = nn.Parameter(torch.zeros(1, 1, embed_dim))
        self.pos_embedding = nn.Parameter(torch.randn(1, (size // patch) ** 2 + 1, embed_dim))
        heads, options = embed_dim // 64, {"norm_first": True, "activation": nn.GELU, "eps": 1e-6}
        self.encoder = encoder(embed_dim, depth, heads, 4 * embed_dim, **options)
        self.heads = named(head=nn.Linear(embed_dim, 1000))

    def forward(self, x: Tensor) -> Tensor:
        x = self.conv_proj(x).flatten(2).permute(0, 2, 1)
        x = torch.cat((self.class_token.expand(len(x), -1, -1), x), 1) + self.pos_embedding
        return self.heads(self.encoder(x)[:, 0])


class Bert(nn.Module):
    def __init__(self, embed_dim: int = 768, depth: int = 12, vocab_size: int = 30522) -> None:
        super().__init__()
        self.word_embeddings = nn.Embedding(vocab_size, embed_dim)
        self.position_embeddings = nn.Parameter(torch.randn(512, embed_dim))
        self.token_type_embeddings = nn.Parameter(torch.randn(2, embed_dim))
        self.ln, self.drop = nn.LayerNorm(embed_dim, eps=1e-12), nn.Dropout(0.1)
        self.encoder = encoder(embed_dim, depth, embed_dim // 64, 4 * embed_dim, activation=nn.GELU, eps=1e-12)
        self.pooler = named(dense=nn.Linear(embed_dim, embed_dim), tanh=nn.Tanh())

    def forward(self, tokens: Tensor) -> Tensor:
        y = self.word_embeddings(tokens) + self.position_embeddings[: tokens.shape[1]]
        y = self.drop(self.ln(y + self.token_type_embeddings[:1]))
        return self.pooler(self.encoder(y)[:, 0])
