"""The built-in networks once more, in plain PyTorch: what their authors would type, with the same layer names."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import torch
import torch.nn.functional as F  # noqa: N812
from torch import Tensor, nn

from netweight.zoo.digit_codes import HEIGHT, WIDTH, digit_codes
from netweight.zoo.lenet import C3_INPUTS


def named(**layers: nn.Module) -> nn.Sequential:
    """Layers one after the other under these names; those called ``flatten`` are functions to everyone else."""
    sequence = nn.Sequential()
    for name, layer in layers.items():
        sequence.add_module(name, layer)
    return sequence


def relu() -> nn.Module:
    return nn.ReLU(inplace=True)


def perceptron(*widths: int) -> nn.Module:
    layers: dict[str, nn.Module] = {}
    for number, (before, after) in enumerate(pairwise(widths), start=1):
        layers |= {f"fc{number}": nn.Linear(before, after), f"relu{number}": relu()}
    layers.popitem()
    return named(**layers)


def shallow_cnn() -> nn.Module:
    layers: dict[str, nn.Module] = {}
    for number, (before, after) in enumerate(((1, 16), (16, 32)), start=1):
        layers |= {f"conv{number}": nn.Conv2d(before, after, 3, padding="same"), f"relu{number}": relu()}
        layers[f"pool{number}"] = nn.MaxPool2d(2)
    return named(**layers, flatten=nn.Flatten(), fc=nn.Linear(32 * 7 * 7, 10))


class InPlaceTanh(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        return x.tanh_()


def lenet5() -> nn.Module:
    return named(
        C1=nn.Conv2d(1, 6, 5), tanh1=InPlaceTanh(), S2=nn.AvgPool2d(2), C3=nn.Conv2d(6, 16, 5), tanh3=InPlaceTanh(),
        S4=nn.AvgPool2d(2), C5=nn.Conv2d(16, 120, 5), tanh5=InPlaceTanh(), flatten=nn.Flatten(),
        F6=nn.Linear(120, 84), tanh6=InPlaceTanh(), OUTPUT=nn.Linear(84, 10),
    )  # fmt: skip


class Squash(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        return x.mul_(2 / 3).tanh_().mul_(1.7159)


class Subsampling(nn.Module):
    def __init__(self, channels: int) -> None:
        super().__init__()
        self.weight, self.bias = (nn.Parameter(torch.rand(channels, 1, 1)) for _ in range(2))

    def forward(self, x: Tensor) -> Tensor:
        x = F.avg_pool2d(x, 2, divisor_override=1) * self.weight
        return Squash()(x.add_(self.bias))


class ConnectionTable(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.groups = [[row for row in C3_INPUTS if len(row) == size] for size in (3, 4, 6)]
        for size, rows in zip((3, 4, 6), self.groups, strict=True):
            self.add_module(f"conv{size}", nn.Conv2d(size * len(rows), len(rows), 5, groups=len(rows)))

    def forward(self, x: Tensor) -> Tensor:
        maps = x.split(1, 1)
        made = []
        for rows, conv in zip(self.groups, self.children(), strict=True):
            read = torch.cat([maps[i] for row in rows for i in row], 1) if len(rows) > 1 else x
            made.append(conv(read))
        return Squash()(torch.cat(made, 1))


class Distances(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        codes = torch.tensor(digit_codes()).reshape(10, WIDTH * HEIGHT)
        self.register_buffer("codes", codes.float())

    def forward(self, x: Tensor) -> Tensor:
        gap = x.unsqueeze(1) - self.codes
        return (gap * gap).sum(-1)


def lenet5_1998() -> nn.Module:
    return named(
        C1=named(conv=nn.Conv2d(1, 6, 5), squash=Squash()), S2=Subsampling(6),
        C3=ConnectionTable(), S4=Subsampling(16),
        C5=named(conv=nn.Conv2d(16, 120, 5), squash=Squash()), flatten=nn.Flatten(),
        F6=named(linear=nn.Linear(120, WIDTH * HEIGHT), squash=Squash()), OUTPUT=Distances(),
    )  # fmt: skip


def alexnet() -> nn.Module:
    layers: dict[str, nn.Module] = {}
    plan = ((3, 96, 11, 4, 2, 1), (96, 256, 5, 1, 2, 2), (256, 384, 3, 1, 1, 1), (384, 384, 3, 1, 1, 2),
            (384, 256, 3, 1, 1, 2))  # fmt: skip
    for number, (before, after, kernel, stride, padding, groups) in enumerate(plan, start=1):
        layers[f"conv{number}"] = nn.Conv2d(before, after, kernel, stride, padding, groups=groups)
        layers[f"relu{number}"] = relu()
        if number <= 2:
            layers[f"norm{number}"] = nn.LocalResponseNorm(5, k=2.0)
        if number in (1, 2, 5):
            layers[f"pool{number}"] = nn.MaxPool2d(3, 2)
    layers["flatten"] = nn.Flatten()
    for number, before in ((6, 256 * 6 * 6), (7, 4096)):
        layers |= {f"fc{number}": nn.Linear(before, 4096), f"relu{number}": relu(), f"drop{number}": nn.Dropout()}
    return named(**layers, fc8=nn.Linear(4096, 1000))


class Classifier(nn.Module):
    """Features, pooled, flattened and classified, as torchvision's older networks are."""

    def __init__(self, features: nn.Module, size: int, classifier: nn.Module) -> None:
        super().__init__()
        self.features, self.avgpool, self.classifier = features, nn.AdaptiveAvgPool2d(size), classifier

    def forward(self, x: Tensor) -> Tensor:
        return self.classifier(torch.flatten(self.avgpool(self.features(x)), 1))


def alexnet_one_tower() -> nn.Module:
    features: list[nn.Module] = []
    for before, after, kernel, stride, padding, pooled in (
        (3, 64, 11, 4, 2, True), (64, 192, 5, 1, 2, True), (192, 384, 3, 1, 1, False), (384, 256, 3, 1, 1, False),
        (256, 256, 3, 1, 1, True),
    ):  # fmt: skip
        features += [nn.Conv2d(before, after, kernel, stride, padding), relu()]
        features += [nn.MaxPool2d(3, 2)] if pooled else []
    classifier = [
        nn.Dropout(), nn.Linear(256 * 6 * 6, 4096), relu(), nn.Dropout(), nn.Linear(4096, 4096), relu(),
        nn.Linear(4096, 1000),
    ]  # fmt: skip
    return Classifier(nn.Sequential(*features), 6, nn.Sequential(*classifier))


def vgg(stages: Sequence[int], normalisation: str = "none") -> nn.Module:
    features: list[nn.Module] = []
    before = 3
    for width, count in zip((64, 128, 256, 512, 512), stages, strict=True):
        for _ in range(count):
            features.append(nn.Conv2d(before, width, 3, padding=1))
            features += [nn.BatchNorm2d(width)] if normalisation == "batch" else []
            features.append(relu())
            features += [nn.LocalResponseNorm(5, k=2.0)] if normalisation == "lrn" and width == 64 else []
            before = width
        features.append(nn.MaxPool2d(2))
    classifier = [
        nn.Linear(512 * 7 * 7, 4096), relu(), nn.Dropout(), nn.Linear(4096, 4096), relu(), nn.Dropout(),
        nn.Linear(4096, 1000),
    ]  # fmt: skip
    return Classifier(nn.Sequential(*features), 7, nn.Sequential(*classifier))


def nin() -> nn.Module:
    layers: dict[str, nn.Module] = {}
    before = 3
    for number, (names, widths, kernel) in enumerate((
        (("conv1", "cccp1", "cccp2"), (192, 160, 96), 5), (("conv2", "cccp3", "cccp4"), (192, 192, 192), 5),
        (("conv3", "cccp5", "cccp6"), (192, 192, 10), 3),
    ), start=1):  # fmt: skip
        for name, width, size in zip(names, widths, (kernel, 1, 1), strict=True):
            layers |= {name: nn.Conv2d(before, width, size, padding=size // 2), f"relu_{name}": relu()}
            before = width
        if number < 3:
            pool = nn.MaxPool2d if number == 1 else nn.AvgPool2d
            layers |= {f"pool{number}": pool(3, 2, ceil_mode=True), f"drop{number}": nn.Dropout()}
    return named(**layers, pool3=nn.AdaptiveAvgPool2d(1), flatten=nn.Flatten())


class BasicConv2d(nn.Module):
    """Convolution, perhaps normalisation, ReLU."""

    def __init__(self, before: int, after: int, normalised: bool = True, **options: Any) -> None:
        super().__init__()
        self.conv = nn.Conv2d(before, after, bias=not normalised, **options)
        self.bn = nn.BatchNorm2d(after, eps=0.001) if normalised else None

    def forward(self, x: Tensor) -> Tensor:
        x = self.conv(x)
        return F.relu(x if self.bn is None else self.bn(x), inplace=True)


class PooledConv2d(BasicConv2d):
    """The average around every position, and its projection."""

    def forward(self, x: Tensor) -> Tensor:
        return super().forward(F.avg_pool2d(x, 3, 1, padding=1))


class Branches(nn.Module):
    """Ways side by side, their channels one after the other; each is a chain of the named layers."""

    def __init__(self, ways: Sequence[Sequence[str]], **layers: nn.Module) -> None:
        super().__init__()
        self.ways = ways
        for name, layer in layers.items():
            self.add_module(name, layer)

    def forward(self, x: Tensor) -> Tensor:
        made = []
        for way in self.ways:
            y = x
            for name in way:
                y = getattr(self, name)(y)
            made.append(y)
        return torch.cat(made, 1)


def googlenet(normalised: bool) -> nn.Module:
    def conv(before: int, after: int, kernel: int, **options: int) -> nn.Module:
        return BasicConv2d(before, after, normalised, kernel_size=kernel, padding=kernel // 2, **options)

    def pool(window: int) -> nn.Module:
        return nn.MaxPool2d(window, 2, ceil_mode=True)

    def norm(name: str) -> dict[str, nn.Module]:
        return {} if normalised else {name: nn.LocalResponseNorm(5)}

    layers = {"conv1": conv(3, 64, 7, stride=2), "maxpool1": pool(3), **norm("norm1"), "conv2": conv(64, 64, 1)}
    layers |= {"conv3": conv(64, 192, 3), **norm("norm2"), "maxpool2": pool(3)}
    before = 192
    for name, sizes in {
        "3a": (64, 96, 128, 16, 32, 32), "3b": (128, 128, 192, 32, 96, 64), "4a": (192, 96, 208, 16, 48, 64),
        "4b": (160, 112, 224, 24, 64, 64), "4c": (128, 128, 256, 24, 64, 64), "4d": (112, 144, 288, 32, 64, 64),
        "4e": (256, 160, 320, 32, 128, 128), "5a": (256, 160, 320, 32, 128, 128), "5b": (384, 192, 384, 48, 128, 128),
    }.items():  # fmt: skip
        one, reduce3, three, reduce5, five, projection = sizes
        layers |= {"maxpool3": pool(3)} if name == "4a" else {}
        layers |= {"maxpool4": pool(2 if normalised else 3)} if name == "5a" else {}
        layers[f"inception{name}"] = Branches(
            (("branch1",), ("branch2",), ("branch3",), ("branch4",)),
            branch1=conv(before, one, 1),
            branch2=nn.Sequential(conv(before, reduce3, 1), conv(reduce3, three, 3)),
            branch3=nn.Sequential(conv(before, reduce5, 1), conv(reduce5, five, 3 if normalised else 5)),
            branch4=nn.Sequential(nn.MaxPool2d(3, 1, padding=1), conv(before, projection, 1)),
        )
        before = one + three + five + projection
    return named(
        **layers, avgpool=nn.AdaptiveAvgPool2d(1), flatten=nn.Flatten(), dropout=nn.Dropout(), fc=nn.Linear(1024, 1000)
    )
