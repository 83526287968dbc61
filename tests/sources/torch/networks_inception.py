"""Inception v3 once more, written in plain PyTorch."""

from __future__ import annotations

from typing import Any

from torch import nn

from sources.torch.networks import BasicConv2d, Branches, PooledConv2d, named


def inception_v3() -> nn.Module:
    row, column = {"kernel_size": (1, 7), "padding": (0, 3)}, {"kernel_size": (7, 1), "padding": (3, 0)}
    small_row, small_column = {"kernel_size": (1, 3), "padding": (0, 1)}, {"kernel_size": (3, 1), "padding": (1, 0)}
    same3, half = {"kernel_size": 3, "padding": 1}, {"kernel_size": 3, "stride": 2}

    def conv(before: int, after: int, **options: Any) -> nn.Module:
        return BasicConv2d(before, after, **{"kernel_size": 1, **options})

    def pooled(before: int, after: int) -> nn.Module:
        return PooledConv2d(before, after, kernel_size=1)

    def chain(stem: str, before: int, *steps: tuple[int, Any]) -> dict[str, nn.Module]:
        made = {}
        for number, (after, options) in enumerate(steps, start=1):
            made[f"{stem}_{number}"] = conv(before, after, **options)
            before = after
        return made

    def branches(**ways: Any) -> nn.Module:
        chains = {name: way if isinstance(way, dict) else {name: way} for name, way in ways.items()}
        layers = {name: layer for chain in chains.values() for name, layer in chain.items()}
        return Branches([list(chain) for chain in chains.values()], **layers)

    def a(before: int, pool: int) -> nn.Module:
        return branches(
            branch1x1=conv(before, 64),
            five=chain("branch5x5", before, (48, {}), (64, {"kernel_size": 5, "padding": 2})),
            double=chain("branch3x3dbl", before, (64, {}), (96, same3), (96, same3)),
            branch_pool=pooled(before, pool),
        )

    def c(width: int) -> nn.Module:
        return branches(
            branch1x1=conv(768, 192),
            seven=chain("branch7x7", 768, (width, {}), (width, row), (192, column)),
            double=chain("branch7x7dbl", 768, (width, {}), (width, column), (width, row), (width, column), (192, row)),
            branch_pool=pooled(768, 192),
        )

    def sides(before: int) -> nn.Module:
        return branches(a=conv(before, 384, **small_row), b=conv(before, 384, **small_column))

    def e(before: int) -> nn.Module:
        return branches(
            branch1x1=conv(before, 320),
            three={"branch3x3_1": conv(before, 384), "branch3x3_2": sides(384)},
            double={**chain("branch3x3dbl", before, (448, {}), (384, same3)), "branch3x3dbl_3": sides(384)},
            branch_pool=pooled(before, 192),
        )

    return named(
        Conv2d_1a_3x3=conv(3, 32, **half), Conv2d_2a_3x3=conv(32, 32, kernel_size=3),
        Conv2d_2b_3x3=conv(32, 64, **same3), maxpool1=nn.MaxPool2d(3, 2), Conv2d_3b_1x1=conv(64, 80),
        Conv2d_4a_3x3=conv(80, 192, kernel_size=3), maxpool2=nn.MaxPool2d(3, 2),
        Mixed_5b=a(192, 32), Mixed_5c=a(256, 64), Mixed_5d=a(288, 64),
        Mixed_6a=branches(
            branch3x3=conv(288, 384, **half),
            double=chain("branch3x3dbl", 288, (64, {}), (96, same3), (96, half)),
            branch_pool=nn.MaxPool2d(3, 2),
        ),
        Mixed_6b=c(128), Mixed_6c=c(160), Mixed_6d=c(160), Mixed_6e=c(192),
        Mixed_7a=branches(
            three=chain("branch3x3", 768, (192, {}), (320, half)),
            seven=chain("branch7x7x3", 768, (192, {}), (192, row), (192, column), (192, half)),
            branch_pool=nn.MaxPool2d(3, 2),
        ),
        Mixed_7b=e(1280), Mixed_7c=e(2048),
        avgpool=nn.AdaptiveAvgPool2d(1), dropout=nn.Dropout(), flatten=nn.Flatten(), fc=nn.Linear(2048, 1000),
    )  # fmt: skip
